package activities

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"crosssum/internal/artifact/atomicfile"
	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

type trainMaterial struct {
	Articles   []string            `json:"articles"` // digests, in order of language; so too the tokens
	Tokens     []string            `json:"tokens"`
	Samples    string              `json:"samples"` // digest
	Summarizer string              `json:"summarizer"`
	Params     schemas.TrainParams `json:"params"`
	Seed       uint64              `json:"seed"`
	Profile    engine.Profile      `json:"profile"`
}

// training makes one model of all pairs. Attempts share a work folder: each goes on from the newest whole checkpoint in it.
type training struct {
	*Activities
	whole
	in               schemas.TrainInput
	summarizer       model
	profile          engine.Profile
	articles, tokens inputs
	splits           inputs
}

func openTrain(o *opening, in schemas.TrainInput) work {
	return training{o.Activities, workItemSeconds, in, o.model(in.Summarizer), o.profile(o.GPU, in.Numerics),
		o.inputs(in.Articles, "articles.arrow"), o.inputs(in.Tokens, "tokens.arrow"), o.inputs(in.Splits, "samples.arrow")}
}

// units refuses a summarizer that has seen what it is to be tested on: before any step.
func (w training) units() ([]schemas.WorkUnit, error) {
	units, err := w.whole.units()
	return units, errors.Join(err, w.unseen(w.summarizer, w.in))
}

// material has no word of how often a training can resume, and of what becomes of a mini-batch that is too large: that does not change what it learns.
func (w training) material(string) any {
	params := w.in.Params
	params.CheckpointEvery, params.KeepCheckpoints = 0, 0
	params.FitMiniBatch = false // where it changes something, there is nothing without it
	return trainMaterial{Articles: w.articles.digests, Tokens: w.tokens.digests, Samples: w.splits.digests[0],
		Summarizer: w.summarizer.Digest, Params: params, Seed: w.in.Seed, Profile: w.profile}
}

func (w training) run(ctx context.Context, u schemas.WorkUnit, draft *store.Draft, report engine.Report) (map[string]int64, error) {
	work, err := w.Store.WorkDir(schemas.Train.Name, u.Key)
	if err != nil {
		return nil, err
	}
	var result engine.TrainResult
	step := int64(0) // the last that ended
	err = w.GPU.Call(ctx, w.in.Numerics, engine.OpTrain, engine.TrainRequest{
		Model: w.summarizer.Dir, Samples: &engine.TrainSamples{File: w.splits.paths[0], Articles: w.articles.paths, Tokens: w.tokens.paths}, Params: w.in.Params, Seed: w.in.Seed, Work: work, Output: draft.Dir,
	}, &result, func(p schemas.Progress) {
		step = max(step, p.Done)
		report(p)
	})
	if err != nil {
		return nil, learn(work, w.in.Params, step+1, err)
	}
	// What does not repeat is not an artifact: it lies beside the objects, and the folder of a run shows it.
	if err := os.MkdirAll(filepath.Dir(w.timings(u.Key)), 0o755); err != nil {
		return nil, err
	}
	if err := atomicfile.Move(filepath.Join(draft.Dir, timingsFile), w.timings(u.Key)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	counts := map[string]int64{"steps": result.Steps, "samples": result.Samples, "pairs": result.Pairs}
	if result.NotReproducibleSince > 0 { // most trainings have no such count
		counts[schemas.NotReproducibleSince] = result.NotReproducibleSince
	}
	if result.MiniBatch > 0 {
		counts[schemas.MiniBatch] = result.MiniBatch
	}
	return counts, nil
}

// timingsFile is what a training writes about its times.
const timingsFile = "timings.jsonl"

// timings is where that of a unit of train is kept.
func (a *Activities) timings(key string) string {
	return filepath.Join(a.Store.Root(), "timings", key+".jsonl")
}

// learn leaves in the work folder what the next attempt is to do otherwise, after a failure that the engine did not survive: one
// that it did survive it has learned from itself.
func learn(work string, params schemas.TrainParams, step int64, err error) error {
	var typed *fault.Error
	if !errors.As(err, &typed) {
		return err
	}
	switch typed.Type {
	case schemas.KilledForMemory:
		return engine.Halve(work, params, typed)
	case schemas.Hang:
		return engine.CountHang(work, step, typed)
	}
	return err
}
