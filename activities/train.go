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

// train makes one model of all pairs. Attempts share a work folder: each goes on from the newest whole checkpoint in it.
var trainDefinition = definition[schemas.TrainInput]{stage: schemas.Train, plan: planTrain, run: runTrain}

type trainMaterial struct {
	Articles   []string            `json:"articles"` // digests, in order of language; so too the tokens
	Tokens     []string            `json:"tokens"`
	Samples    string              `json:"samples"` // digest
	Summarizer string              `json:"summarizer"`
	Params     schemas.TrainParams `json:"params"`
	Seed       uint64              `json:"seed"`
	Profile    engine.Profile      `json:"profile"`
}

func planTrain(ctx context.Context, a *Activities, in schemas.TrainInput) ([]unit, error) {
	summarizer, err := a.model(in.Summarizer)
	if err != nil {
		return nil, err
	}
	if in.RefuseTrained {
		c, err := a.contaminationOf(filepath.Join(summarizer.Dir, schemas.TrainedOnFile), in.Splits, in.Articles)
		if errors.Is(err, errRecord) { // no object of the store, which could be made again
			return nil, fault.New(schemas.InvalidInput, "train: %v: copy the model once more from where it came from", err)
		}
		if err := errors.Join(err, c.refuse(schemas.Train.Name)); err != nil {
			return nil, err
		}
	}
	profile, err := a.GPU.Profile(ctx, in.Numerics)
	if err != nil {
		return nil, err
	}
	_, _, articles, err := a.Store.Files(in.Articles, "articles.arrow")
	if err != nil {
		return nil, err
	}
	_, _, tokens, err := a.Store.Files(in.Tokens, "tokens.arrow")
	if err != nil {
		return nil, err
	}
	_, _, samples, err := a.Store.Files(in.Splits, "samples.arrow")
	if err != nil {
		return nil, err
	}
	params := in.Params
	params.CheckpointEvery, params.KeepCheckpoints = 0, 0 // how often a training can resume does not change what it learns
	return []unit{{name: "all", seconds: workItemSeconds, material: trainMaterial{Articles: articles, Tokens: tokens, Samples: samples[0],
		Summarizer: summarizer.Digest, Params: params, Seed: in.Seed, Profile: profile}}}, nil
}

func runTrain(ctx context.Context, a *Activities, in schemas.TrainInput, u unit, draft *store.Draft,
	report engine.Report) (map[string]int64, error) {
	summarizer, err := a.model(in.Summarizer)
	if err != nil {
		return nil, err
	}
	_, articles, _, err := a.Store.Files(in.Articles, "articles.arrow")
	if err != nil {
		return nil, err
	}
	_, tokens, _, err := a.Store.Files(in.Tokens, "tokens.arrow")
	if err != nil {
		return nil, err
	}
	samples, err := a.Store.FileOf(in.Splits, "all", "samples.arrow")
	if err != nil {
		return nil, err
	}
	work, err := a.Store.WorkDir(schemas.Train.Name, u.key)
	if err != nil {
		return nil, err
	}
	var result engine.TrainResult
	step := int64(0) // the last that ended
	err = a.GPU.Call(ctx, in.Numerics, engine.OpTrain, engine.TrainRequest{
		Model: summarizer.Dir, Samples: &engine.TrainSamples{File: samples, Articles: articles, Tokens: tokens}, Params: in.Params, Seed: in.Seed, Work: work, Output: draft.Dir,
	}, &result, func(p schemas.Progress) {
		step = max(step, p.Done)
		report(p)
	})
	if err != nil {
		return nil, learn(work, in.Params, step+1, err)
	}
	// What does not repeat is not an artifact: it lies beside the objects, and the folder of a run shows it.
	if err := os.MkdirAll(filepath.Dir(a.timings(u.key)), 0o755); err != nil {
		return nil, err
	}
	if err := atomicfile.Move(filepath.Join(draft.Dir, timingsFile), a.timings(u.key)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	counts := map[string]int64{"steps": result.Steps, "samples": result.Samples, "pairs": result.Pairs}
	if result.NotReproducibleSince > 0 { // most trainings have no such count
		counts[schemas.NotReproducibleSince] = result.NotReproducibleSince
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
		return engine.Halve(work, params.MicroBatch, typed)
	case schemas.Hang:
		return engine.CountHang(work, step, typed)
	}
	return err
}
