package train

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"crosssum/internal/engine"
	"crosssum/internal/model/t5"
	"crosssum/internal/native/torch"
	"crosssum/schemas"
)

// Files of a checkpoint and of the work folder.
const (
	modelFile     = "model.safetensors"
	optimizerFile = "optimizer.safetensors"
	configFile    = "config.json"
	metricsFile   = "metrics.jsonl"
)

// run is a training under way.
type run struct {
	request engine.TrainRequest
	report  engine.Report
	id      string // digest of model, data and parameters
	lessons engine.Lessons
	since   int // the first step that was not taken as the parameters say; 0: none

	model     *t5.Model
	feed      feed
	optimizer optimizer
	ranks     *ranks
	metrics   *metrics

	step, resumed, saved int // taken; where this run began; last checkpoint
	samples              int64
	last                 metric
	notes                []string
}

// open loads everything and goes back to the newest good checkpoint.
func open(request engine.TrainRequest, report engine.Report) (r *run, err error) {
	r = &run{request: request, report: report}
	if report == nil {
		r.report = func(schemas.Progress) {}
	}
	if err := check(request.Params); err != nil {
		return nil, err
	}
	if r.id, err = identity(request); err != nil {
		return nil, err
	}
	if r.lessons, err = engine.ReadLessons(request.Work); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	if err := r.load(); err != nil {
		return nil, err
	}
	return r, r.resume()
}

// load reads model and data, and begins the optimizer.
func (r *run) load() (err error) {
	request := r.request
	r.report(schemas.Progress{Total: int64(request.Params.Steps), Of: "steps"})
	var tokenizer *t5.Tokenizer
	alive := func(what string, n int64) {
		r.report(schemas.Progress{Total: int64(request.Params.Steps), Of: "steps", Metrics: map[string]float64{what: float64(n)}})
	}
	if r.model, tokenizer, err = t5.Load(request.Model, func(done, _ int64) { alive("model_bytes_read", done) }); err != nil {
		return err
	}
	if r.feed, err = r.open(tokenizer, func(articles int64) { alive("articles_read", articles) }); err != nil {
		return err
	}
	if err := r.startTokens(tokenizer); err != nil {
		return err
	}
	if r.optimizer, err = newOptimizer(r.model.Weights, request.Params); err != nil {
		return err
	}
	return r.recordGradients()
}

// open reads what the request trains on: the samples of a run, a data set's folder, or a file of batches.
func (r *run) open(tokenizer *t5.Tokenizer, alive func(articles int64)) (feed, error) {
	request, params := r.request, r.request.Params
	if request.Batches != "" {
		return readBatches(request.Batches, tokenizer, r.model.Config.VocabSize, params)
	}
	var data *dataset
	var err error
	if request.Dataset != "" {
		data, err = loadFolder(request.Dataset, tokenizer, params, alive)
	} else {
		data, err = load(request.Samples, request.Articles, tokenizer, params, alive)
	}
	if err != nil {
		return nil, err
	}
	if data.dropped > 0 {
		r.note("%d sentinels spelled out in summaries were left out of labels", data.dropped)
	}
	return newSampled(data, params, request.Seed)
}

// identity is the digest of what the run's bytes depend on, so that a checkpoint of another run is not taken.
func identity(request engine.TrainRequest) (string, error) {
	h := sha256.New()
	params := request.Params
	params.KeepCheckpoints = 0
	if err := json.NewEncoder(h).Encode([]any{params, request.Seed}); err != nil {
		return "", err
	}
	files := []string{filepath.Join(request.Model, configFile), filepath.Join(request.Model, modelFile)}
	switch {
	case request.Batches != "":
		files = append(files, request.Batches)
	case request.Dataset != "":
		names, err := trainFiles(request.Dataset)
		if err != nil {
			return "", err
		}
		for _, name := range names {
			files = append(files, filepath.Join(request.Dataset, name))
			io.WriteString(h, name)
		}
	default:
		files = append(append(files, request.Samples), request.Articles...)
	}
	for _, path := range files {
		digest, err := digestFile(path, false)
		if os.IsNotExist(err) && path == files[1] { // a sharded model: its index stands for it
			digest, err = digestFile(path+".index.json", false)
		}
		if err != nil {
			return "", err
		}
		io.WriteString(h, digest)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// startTokens finds the start token of each target language. A language new to the model gets a free sentinel, whose row
// begins as a copy of the pad row.
func (r *run) startTokens(tokenizer *t5.Tokenizer) error {
	config := r.model.Config
	if config.Languages == nil {
		config.Languages = t5.LanguageTokens{}
	}
	added, err := config.Languages.Assign(r.feed.targets(), tokenizer.Lookup)
	if err != nil {
		return invalid("%v", err)
	}
	for _, name := range added {
		if r.request.Params.NewLanguages {
			if err := r.model.CopyRow(config.Languages[name].ID, config.PadTokenID); err != nil {
				return err
			}
		}
	}
	r.feed.begin(func(target string) int { return config.Languages[target].ID })
	return nil
}

// resume opens the log and, where there is a good checkpoint, takes its state.
func (r *run) resume() error {
	work := r.request.Work
	if err := os.MkdirAll(work, 0o755); err != nil {
		return err
	}
	if err := removeUnfinished(work); err != nil {
		return err
	}
	log := filepath.Join(work, metricsFile)
	dir, state, passed, err := newestCheckpoint(work, r.id, func(s checkpointState) error { return checkMetrics(log, s.Step) })
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
	}
	r.apply()
	r.metrics, err = openMetrics(log, r.step)
	return err
}

// take goes on from a verified checkpoint.
func (r *run) take(dir string, state checkpointState) (err error) {
	r.model.Free()
	if r.model.Weights, err = t5.LoadWeights(filepath.Join(dir, modelFile), r.model.Config); err != nil {
		return err
	}
	if err := loadOptimizer(r.optimizer, dir); err != nil {
		return err
	}
	r.step, r.resumed, r.saved, r.samples, r.last.Loss = state.Step, state.Step, state.Step, state.Samples, state.Loss
	r.since = state.NotReproducibleSince
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

func (r *run) log(line metric, samples int) error {
	r.step, r.last = line.Step, line
	r.samples += int64(samples)
	if r.metrics == nil { // of another rank than 0
		return nil
	}
	return r.metrics.add(line)
}

func (r *run) checkpoint() error {
	if err := r.ranks.same(r.model.Weights, r.step); err != nil || r.metrics == nil {
		return err
	}
	if err := r.metrics.sync(); err != nil {
		return err
	}
	state := checkpointState{Step: r.step, Run: r.id, Seed: r.request.Seed, Loss: r.last.Loss, Samples: r.samples,
		NotReproducibleSince: r.since}
	err := saveCheckpoint(r.request.Work, state, func(dir string) error {
		if err := r.model.Weights.SaveWeights(filepath.Join(dir, modelFile), false); err != nil {
			return err
		}
		if err := r.model.Config.Save(dir); err != nil {
			return err
		}
		return saveOptimizer(r.optimizer, dir)
	})
	if err != nil {
		return err
	}
	r.saved = r.step
	if err := r.showEvents(r.request.Work); err != nil {
		return err
	}
	return keepNewest(r.request.Work, r.request.Params.KeepCheckpoints)
}

// showEvents writes what TensorBoard shows of the steps so far to a folder.
func (r *run) showEvents(dir string) error {
	lines, err := readMetrics(filepath.Join(r.request.Work, metricsFile))
	if err != nil {
		return err
	}
	return writeEvents(filepath.Join(dir, eventsFile), lines)
}

// finish writes the output.
func (r *run) finish() error {
	raw, err := os.ReadFile(filepath.Join(r.request.Work, metricsFile))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(r.request.Output, metricsFile), raw, 0o644); err != nil {
		return err
	}
	if err := r.showEvents(r.request.Output); err != nil {
		return err
	}
	if r.since > 0 {
		r.lessons.Since = r.since
		if err := r.lessons.Write(r.request.Output); err != nil {
			return err
		}
	}
	return r.model.Save(r.request.Output, r.request.Model, false)
}

func (r *run) result() engine.TrainResult {
	return engine.TrainResult{Steps: int64(r.step), Samples: r.samples, ResumedFrom: int64(r.resumed),
		Pairs: int64(r.feed.pairs()), Loss: r.last.Loss, NotReproducibleSince: int64(r.since), Notes: r.notes}
}

func (r *run) close() {
	r.ranks.end()
	if r.metrics != nil {
		r.metrics.close()
	}
	if r.optimizer != nil {
		freeOptimizer(r.optimizer)
	}
	if r.model != nil {
		r.model.Free()
	}
}
