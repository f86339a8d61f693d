// Package train is multistage training of a summarizer (CrossSum, section 5): batches by Algorithm 1, label-smoothed
// cross-entropy, Adafactor, checkpoints from which a killed run goes on to the same bytes.
package train

import (
	"context"
	"math"
	"sync"
	"time"

	"crosssum/internal/engine"
	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
	"crosssum/schemas"
)

// Run trains request.Model and writes a Hugging Face directory and metrics.jsonl to request.Output; beside it validation.jsonl
// where it is validated, and timings.jsonl. It goes on from the newest good checkpoint of request.Work. When ctx ends it gives up
// the step under way after its micro-batch, saves a checkpoint of the one before and returns ctx's error.
func Run(ctx context.Context, request engine.TrainRequest, report engine.Report) (engine.TrainResult, error) {
	if report == nil {
		report = func(schemas.Progress) {}
	}
	var r *run
	err := busy(func() { report(schemas.Progress{Total: int64(request.Params.Steps), Of: "steps"}) }, func() (err error) {
		r, err = open(ctx, request, report)
		return err
	})
	if err != nil {
		return engine.TrainResult{}, err
	}
	defer r.close()
	if err := r.start(ctx); err != nil {
		return r.result(), r.learn(err)
	}
	if err := r.loop(ctx); err != nil {
		return r.result(), r.learn(err)
	}
	r.ranks.end()
	err = busy(r.alive, r.finish)
	return r.result(), err
}

// busy calls beat every writeBeat, writeBeats times at most, while f reads or writes files: models of gigabytes are digested,
// verified and synced without a word, and a slow disk is no hang.
func busy(beat func(), f func() error) error {
	over := make(chan struct{})
	var beats sync.WaitGroup
	beats.Go(func() {
		tick := time.NewTicker(writeBeat)
		defer tick.Stop()
		for range writeBeats {
			select {
			case <-over:
				return
			case <-tick.C:
				beat()
			}
		}
	})
	defer beats.Wait()
	defer close(over)
	return f()
}

// loop is the training: rate, batch, forward, backward, clip, step, log, validate, checkpoint.
func (r *run) loop(ctx context.Context) error {
	p := r.request.Params
	if err := r.validate(ctx); err != nil { // one that the attempt before was stopped in
		return err
	}
	for !r.ended(p) {
		line := metric{Step: r.Step + 1, LearningRate: rate(r.Step+1, p.WarmupSteps, r.model.Config.DModel, p.LearningRate)}
		batch, pairs, err := r.feed.batch(line.Step)
		if err != nil {
			return err
		}
		line.Pairs = pairs
		r.watch.end(&r.watch.Data)
		stopped := false
		err = torch.DoGrad(func() {
			stopped = r.forwardBackward(ctx, batch, &line)
			r.watch.end(&r.watch.Passes)
			gradients := r.gradients()
			stopped = r.ranks.combine(&line, gradients, stopped)
			line.GradientNorm = math.Sqrt(kernels.SquareSums(gradients))
			if finite(line.Loss) && finite(line.GradientNorm) && !stopped {
				coefficient := math.Min(1, p.GradientNorm/(line.GradientNorm+1e-6))
				r.optimizer.step(r.model.Weights, line.Step, line.LearningRate, coefficient)
			}
			r.clearGradients()
			r.watch.end(&r.watch.Optimizer)
		})
		switch {
		case err != nil:
			return err
		case stopped:
			return r.stop(ctx)
		case !finite(line.Loss):
			return r.notFinite("loss", line.Step, line.Pairs, line.LearningRate)
		case !finite(line.GradientNorm):
			return r.notFinite("gradient", line.Step, line.Pairs, line.LearningRate)
		}
		r.Step, r.Loss, r.Samples = line.Step, line.Loss, r.Samples+int64(len(batch))
		if err := r.log(line); err != nil {
			return err
		}
		if err := r.validate(ctx); err != nil {
			return err
		}
		if err := r.checkpoint(); err != nil {
			return err
		}
		if err := r.timed(r.Step); err != nil {
			return err
		}
		r.tell(0, line.LearningRate)
	}
	return nil
}

// forwardBackward adds the loss of a batch to the line and its gradients to the weights, a micro-batch after the other. It
// gives up between two of them when ctx ends: stopped.
func (r *run) forwardBackward(ctx context.Context, batch []sequence, line *metric) (stopped bool) {
	p := r.request.Params
	rank, ranks := r.ranks.place()
	size := r.lessons.Effective(p.MicroBatch)
	batches, tokens := share(batch, size, rank, ranks)
	r.watch.others(batch, size, rank, ranks)
	for k, b := range batches {
		if ctx.Err() != nil {
			return true
		}
		r.ranks.look()
		r.watch.count(b)
		torch.Scope(func() {
			dropout := kernels.Dropout{Rate: p.Dropout, Seed: r.request.Seed, Step: line.Step, Examples: b.places}
			line.Loss += r.model.Gradients(b.Batch, p.LabelSmoothing, 1/float64(tokens), dropout)
		})
		r.tell(float64(k+1)/float64(len(batches)), line.LearningRate)
	}
	return false
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// tell reports the steps taken; part is how much of the next one is done. Who asked for several ranks hears how many there are.
func (r *run) tell(part, rate float64) {
	metrics := map[string]float64{"loss": r.last.Loss, "learning_rate": rate, "checkpoint": float64(r.saved), "part_of_step": part}
	if r.request.Params.Ranks > 1 {
		_, ranks := r.ranks.place()
		metrics["ranks"] = float64(ranks)
	}
	r.report(schemas.Progress{Done: int64(r.Step), Total: int64(r.request.Params.Steps), Of: "steps", Resumed: int64(r.resumed), Metrics: metrics})
}
