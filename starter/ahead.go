package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"crosssum/activities"
	"crosssum/internal/artifact/bounded"
	"crosssum/internal/crawl"
	"crosssum/internal/engine"
	"crosssum/internal/training/sampling"
	"crosssum/schemas"
)

// ahead asks what the first activity of a run asks of its models. Faults end a run; remarks do not.
func (h *house) ahead(ctx context.Context, folder string, p schemas.Params, found crawl.Checked) (says, remarks, faults []string, err error) {
	opened, err := crawl.OpenFolder(folder)
	if err != nil {
		return nil, nil, nil, err
	}
	defer opened.Close()
	opened.Archives = crawl.Archives{Limits: p.Ingest}
	files, err := opened.Files(p.Languages)
	if err != nil {
		return nil, nil, nil, err
	}
	if small, err := smallData(found, p.Train); err != nil {
		faults = append(faults, err.Error())
	} else if small != "" {
		remarks = append(remarks, small)
	}
	native := engine.New(engine.Options{Program: h.config.Engine, Threads: 1, Device: h.config.Device})
	defer native.Close()
	answer, err := activities.CheckAhead(ctx, activities.Config{Checker: native, ModelRoots: h.config.ModelRoots, LanguageID: h.config.LanguageID},
		schemas.Ahead{Workflow: schemas.PipelineWorkflow, Params: p}, files)
	if err != nil {
		faults = append(faults, err.Error())
	}
	return answer.Says, append(remarks, answer.Remarks...), faults, ctx.Err()
}

// smallData says what becomes of the mini-batch where no pair of the crawl's languages can have as many samples: a sample is of one article of either.
func smallData(found crawl.Checked, p schemas.TrainParams) (says string, err error) {
	var pairs []sampling.Pair
	for _, a := range found.Languages {
		for _, b := range found.Languages {
			pairs = append(pairs, sampling.Pair{Source: a.Language, Target: b.Language, Samples: int(min(a.Accepted, b.Accepted))})
		}
	}
	fitted := sampling.Fit(pairs, p)
	if _, err := sampling.New(pairs, fitted, 0); err != nil {
		return "", err
	}
	if fitted.MiniBatch == p.MiniBatch {
		return "", nil
	}
	return "at best, " + schemas.Fitted(p.MiniBatch, fitted.MiniBatch), nil
}

// model says whether a directory is an encoder or a summarizer that can be used.
func (h *house) model(ctx context.Context, dir string) (engine.CheckResult, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return engine.CheckResult{}, err
	}
	request := engine.CheckRequest{Encoder: dir}
	if _, err := os.Stat(filepath.Join(dir, "modules.json")); errors.Is(err, os.ErrNotExist) {
		var kind struct {
			ModelType string `json:"model_type"`
		}
		raw, err := bounded.Read(filepath.Join(dir, "config.json"), 1<<24)
		if err == nil {
			err = json.Unmarshal(raw, &kind)
		}
		if err != nil {
			return engine.CheckResult{}, fmt.Errorf("%s is no model that can be used: %w", dir, err)
		}
		if kind.ModelType == "mt5" || kind.ModelType == "t5" {
			request = engine.CheckRequest{Summarizer: dir}
		}
	}
	native := engine.New(engine.Options{Program: h.config.Engine, Threads: 1, Device: h.config.Device})
	defer native.Close()
	return native.Check(ctx, "portable", request, nil)
}
