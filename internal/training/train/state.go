package train

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/atomicfile"
	"crosssum/internal/engine"
	"crosssum/internal/model/starts"
	"crosssum/internal/model/t5"
	"crosssum/internal/native/device"
	"crosssum/internal/native/torch"
	"crosssum/internal/training/sampling"
	"crosssum/internal/training/trained"
	"crosssum/schemas"
)

// Files of a checkpoint and of the work folder.
const (
	modelFile      = "model.safetensors"
	optimizerFile  = "optimizer.safetensors"
	configFile     = "config.json"
	metricsFile    = "metrics.jsonl"
	validationFile = "validation.jsonl"
	timingsFile    = "timings.jsonl"

	vocabularyFile = "spiece.model" // of the model that is trained
)

// run is a training under way.
type run struct {
	request engine.TrainRequest
	report  engine.Report
	id      string // digest of model, data and parameters
	inputs  inputs // digests of the files of model and data
	lessons engine.Lessons
	since   int // the first step that was not taken as the parameters say; 0: none

	device    torch.Device // where the model computes
	computed  string       // device, threads and numerics
	model     *t5.Model
	tokenizer *t5.Tokenizer
	feed      feed
	held      []heldOut // what it is validated on
	optimizer optimizer
	ranks     *ranks
	writer    writer
	watch     watch

	metrics, validations, timings *journal // none of another rank than 0
	events                        *os.File

	step, resumed     int // taken; where this run began
	begun, saved      int // the last checkpoint: begun, and durable
	samples           int64
	last              metric
	validated, waited int // step of the last validation; validations since the best
	best              best
	notes             []string
}

// open loads everything and goes back to the newest good checkpoint. It gives up tokenizing when ctx ends.
func open(ctx context.Context, request engine.TrainRequest, report engine.Report) (r *run, err error) {
	r = &run{request: request, report: report}
	if report == nil {
		r.report = func(schemas.Progress) {}
	}
	if err := errors.Join(request.Check(), check(request.Params), checkValidation(request.Params)); err != nil {
		return nil, err
	}
	if info, err := os.Lstat(request.Work); err == nil && info.Mode().Type() == os.ModeSymlink {
		return nil, linked(request.Work)
	}
	if r.lessons, err = engine.ReadLessons(request.Work); err != nil {
		return nil, err
	}
	if r.device, err = device.Of(0, r.lessons.Processes(request.Params.Ranks)); err != nil {
		return nil, err
	}
	r.computed = fmt.Sprintf("%s, %d threads, numerics %s", r.device, torch.Threads(), device.Told().Numerics)
	if r.id, err = identity(request, r.device, &r.inputs); err != nil {
		return nil, err
	}
	opened := r // a return sets r
	defer func() {
		if err != nil {
			opened.close()
		}
	}()
	if err := r.load(ctx); err != nil {
		return nil, err
	}
	return r, r.resume()
}

// load reads model and data, and begins the optimizer.
func (r *run) load(ctx context.Context) (err error) {
	request := r.request
	r.report(schemas.Progress{Total: int64(request.Params.Steps), Of: "steps"})
	if err := eachRecorded(request.Model, func(trained.Row) {}); err != nil { // it is wanted at the end
		return err
	}
	alive := func(what string, n int64) {
		r.report(schemas.Progress{Total: int64(request.Params.Steps), Of: "steps", Metrics: map[string]float64{what: float64(n)}})
	}
	if r.model, r.tokenizer, err = t5.Load(request.Model, func(done, _ int64) { alive("model_bytes_read", done) }); err != nil {
		return err
	}
	if err := r.model.Weights.Move(r.device); err != nil {
		return err
	}
	if r.model.Half, err = half(request.Params, r.device); err != nil {
		return err
	}
	if rows, pieces := r.model.Config.VocabSize, r.tokenizer.Pieces(); rows > pieces+1024 { // tables are padded, but not by that much
		r.note("the model has %d rows and spiece.model %d pieces: is it the vocabulary that belongs to the weights?", rows, pieces)
	}
	r.model.Recompute = request.Params.ActivationCheckpointing
	if r.feed, err = r.open(ctx, r.tokenizer, func(articles int64) { alive("articles_read", articles) }); err != nil {
		return err
	}
	if err := r.startTokens(r.tokenizer); err != nil {
		return err
	}
	if err := r.holdOut(r.tokenizer); err != nil {
		return err
	}
	if r.optimizer, err = newOptimizer(r.model.Weights, request.Params); err != nil {
		return err
	}
	r.watch = newWatch()
	return r.recordGradients()
}

// open reads what the request trains on: the samples of a run, a data set's folder, or a file of batches.
func (r *run) open(ctx context.Context, tokenizer *t5.Tokenizer, alive func(articles int64)) (feed, error) {
	request, params := r.request, r.request.Params
	if request.Batches != "" {
		list, err := readBatches(request.Batches, tokenizer, r.model.Config.VocabSize, params)
		if err != nil {
			return nil, err
		}
		if list.ids > 0 {
			r.note("%d examples were given as ids: %s does not list their texts", list.ids, schemas.TrainedOnFile)
		}
		if len(list.steps) < params.Steps {
			return nil, invalid("steps is %d, and %s holds %d batches, one a step: lower steps to %[3]d", params.Steps, request.Batches, len(list.steps))
		}
		return list, nil
	}
	samples, tokens, err := r.tokenized(ctx, alive)
	if err != nil {
		return nil, err
	}
	data, err := load(samples, tokens, r.model.Config.VocabSize, alive)
	if request.Dataset != "" && (errors.Is(err, arrowfile.ErrBroken) || errors.Is(err, fs.ErrNotExist)) {
		return nil, corrupt("%v: remove %s, and the data set is tokenized again", err, filepath.Dir(samples))
	}
	if err != nil {
		return nil, err
	}
	if data.dropped > 0 {
		r.note("%d sentinels spelled out in summaries were left out of labels", data.dropped)
	}
	s := &sampled{data: data, run: request.Samples, params: params}
	if s.sampler, err = sampling.New(data.pairs, params, request.Seed); err != nil {
		data.close()
		return nil, err
	}
	return s, nil
}

// startTokens finds the start token of each target language. A language new to the model gets a free sentinel, whose row
// begins as a copy of the pad row; one that the table of languages does not know either is remarked on: it may be misspelt.
func (r *run) startTokens(tokenizer *t5.Tokenizer) error {
	config := r.model.Config
	if config.Languages == nil {
		config.Languages = starts.Tokens{}
	}
	targets := map[string]bool{}
	for _, pair := range r.feed.pairs() {
		targets[pair.Target] = true
	}
	added, err := config.Languages.Assign(slices.Collect(maps.Keys(targets)), tokenizer.Lookup)
	if err != nil {
		return invalid("%v", err)
	}
	for _, name := range added {
		if _, err := schemas.LanguageByName(name); err != nil {
			r.note("target language %q is new to the model and becomes a language of its own, which starts with %s: %v. If it is misspelt, "+
				"stop this, correct the data and begin in another folder", name, config.Languages[name].Piece, err)
		}
		if r.request.Params.NewLanguages {
			if err := r.model.CopyRow(config.Languages[name].ID, config.PadTokenID); err != nil {
				return err
			}
		}
	}
	r.feed.begin(func(target string) int { return config.Languages[target].ID })
	return nil
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
		_, _, err := r.journalEnds(s)
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
		if state.Computed != "" && state.Computed != r.computed && !r.ended() {
			r.notReproducible("what it computes on", r.computed, state.Computed)
		}
	}
	r.apply()
	return r.openJournals(state)
}

// take goes on from a verified checkpoint.
func (r *run) take(dir string, state checkpointState) (err error) {
	r.model.Free()
	if r.model.Weights, err = t5.LoadWeights(filepath.Join(dir, modelFile), r.model.Config); err != nil {
		return err
	}
	if err := r.model.Weights.Move(r.device); err != nil {
		return err
	}
	if err := loadOptimizer(r.optimizer, dir); err != nil {
		return err
	}
	r.step, r.resumed, r.begun, r.saved, r.samples, r.last.Loss = state.Step, state.Step, state.Step, state.Step, state.Samples, state.Loss
	r.validated, r.best, r.waited, r.since = state.Validated, state.Best, state.Waited, state.NotReproducibleSince
	return r.recordGradients()
}

// recordGradients marks every weight as a parameter.
func (r *run) recordGradients() error {
	return torch.DoGrad(func() {
		for _, t := range r.model.Weights {
			t.RequiresGrad(true)
		}
	})
}

func (r *run) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
	log.Printf("train: "+format, args...)
}

// gradients lists those of all weights, of the whole batch, in byte order of names. line has its loss.
func (r *run) gradients(line *metric) []torch.Tensor {
	var list []torch.Tensor
	for _, name := range r.model.Weights.Names() {
		if g := r.model.Weights[name].Grad(); g.Defined() {
			list = append(list, g)
		}
	}
	return list
}

func (r *run) clearGradients() {
	for _, t := range r.model.Weights {
		t.ClearGrad()
	}
}

// ended says whether no step is left, or too many validations brought nothing better.
func (r *run) ended() bool {
	p := r.request.Params
	return r.step >= p.Steps || p.Patience > 0 && r.waited >= p.Patience
}

func (r *run) result() engine.TrainResult {
	return engine.TrainResult{Steps: int64(r.step), Samples: r.samples, ResumedFrom: int64(r.resumed),
		Pairs: int64(len(r.feed.pairs())), Loss: r.last.Loss, NotReproducibleSince: int64(r.since), Notes: r.notes}
}

func (r *run) close() {
	r.ranks.end()
	if err := r.durable(true); err != nil {
		log.Printf("train: %v", err)
	}
	r.metrics.close()
	r.validations.close()
	r.timings.close()
	if r.events != nil {
		r.events.Close()
	}
	if r.optimizer != nil {
		freeOptimizer(r.optimizer)
	}
	if r.model != nil {
		r.model.Free()
	}
	if r.feed != nil {
		r.feed.close()
	}
}
