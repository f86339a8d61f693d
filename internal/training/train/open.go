package train

import (
	"context"
	"log"
	"os"

	"crosssum/internal/artifact/atomicfile"
	"crosssum/internal/engine"
	"crosssum/schemas"
)

// run is a training under way: what it is given, how far it is, where it tells of it, and the processes that share its steps.
type run struct {
	inputs
	progress
	outputs
	ranks *ranks
}

// open loads everything and goes back to the newest good checkpoint. It gives up tokenizing when ctx ends.
func open(ctx context.Context, request engine.TrainRequest, report engine.Report) (*run, error) {
	r := &run{inputs: inputs{request: request}, outputs: outputs{report: report}}
	if report == nil {
		r.report = func(schemas.Progress) {}
	}
	err := r.identify()
	if err == nil {
		err = r.load(ctx)
	}
	if err == nil {
		err = r.resume()
	}
	if err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// load reads model and data, and begins the optimizer.
func (r *run) load(ctx context.Context) error {
	alive := func(metrics map[string]float64) {
		r.report(schemas.Progress{Total: int64(r.request.Params.Steps), Of: "steps", Metrics: metrics})
	}
	alive(nil)
	if err := unrecorded(r.request.Model); err != nil {
		return err
	}
	bytes := func(done, _ int64) { alive(map[string]float64{"model_bytes_read": float64(done)}) }
	if err := r.begin(&r.inputs, bytes); err != nil {
		return err
	}
	for _, remark := range remarksOf(r.model.Config, r.tokenizer) {
		r.note("%s", remark)
	}
	articles := func(n int64) { alive(map[string]float64{"articles_read": float64(n)}) }
	if err := r.read(ctx, r.model, &r.outputs, articles); err != nil {
		return err
	}
	r.watch = newWatch()
	return r.optimize(r.request.Params)
}

// resume takes the state of the newest good checkpoint, if there is one, and opens the journals where that stands.
func (r *run) resume() error {
	work := r.request.Work
	if err := os.MkdirAll(work, 0o755); err != nil {
		return err
	}
	if err := atomicfile.Sweep(work); err != nil {
		return err
	}
	dir, state, passed, err := newestCheckpoint(work, r.id, func(s checkpointState) error {
		_, _, err := journalEnds(work, r.request.Params, s)
		return err
	})
	if err != nil {
		return err
	}
	for _, reason := range passed {
		r.note("%s", reason)
	}
	if dir != "" {
		if err := r.take(dir, state); err != nil {
			return err
		}
		r.note("resumed from %s", checkpointName(state.Step))
		if state.Computed != "" && state.Computed != r.computed && !r.ended(r.request.Params) {
			r.notReproducible("what it computes on", r.computed, state.Computed)
		}
	}
	r.apply()
	return r.openJournals(&r.inputs, state)
}

// take goes on from a verified checkpoint.
func (r *run) take(dir string, state checkpointState) error {
	r.resumed, r.begun, r.saved, r.last.Loss = state.Step, state.Step, state.Step, state.Loss
	return r.goBack(dir, state.reached, r.device)
}

func (r *run) result() engine.TrainResult {
	mini := int64(0)
	if r.fitted {
		mini = int64(r.request.Params.MiniBatch)
	}
	return engine.TrainResult{MiniBatch: mini, Steps: int64(r.Step), Samples: r.Samples, ResumedFrom: int64(r.resumed), Pairs: int64(len(r.feed.pairs())),
		Loss: r.Loss, NotReproducibleSince: int64(r.NotReproducibleSince), Notes: r.notes}
}

func (r *run) close() {
	r.ranks.end()
	if err := r.durable(true); err != nil {
		log.Printf("train: %v", err)
	}
	r.outputs.close()
	r.free()
	if r.feed != nil {
		r.feed.close()
	}
}
