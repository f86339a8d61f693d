package parameters

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/artifact/store"
	"crosssum/internal/crawl"
	"crosssum/internal/crawl/screen"
	"crosssum/internal/engine"
	"crosssum/internal/evaluation/generate"
	"crosssum/internal/evaluation/report"
	"crosssum/internal/mining/link"
	"crosssum/internal/mining/neardup"
	"crosssum/internal/mining/search"
	"crosssum/internal/mining/split"
	"crosssum/internal/model/encode"
	"crosssum/internal/training/sampling"
	"crosssum/internal/training/train"
	"crosssum/schemas"
)

// stages are the doors of what computes, by name: each is asked with the parameters of a run and files that are not there. So none computes
// anything, and what it says of the parameters is said before the files are looked at.
func stages(t *testing.T) map[string]func(p schemas.Params) error {
	dir, quiet := t.TempDir(), func(schemas.Progress) {}
	none := filepath.Join(dir, "none")
	s, err := store.Open(filepath.Join(dir, "store"))
	if err != nil {
		t.Fatal(err)
	}
	training := func(p schemas.Params) engine.TrainRequest {
		return engine.TrainRequest{Model: none, Batches: none, Params: p.Train, Work: none, Output: none}
	}
	linking := func(p schemas.Params) link.Input {
		in := link.Input{Rule: p.Align.Rule, K: p.Align.Neighbours, Languages: []string{"english"}, Articles: []string{none}}
		if p.Align.Threshold != nil {
			in.Threshold = *p.Align.Threshold
		}
		if p.Align.Duplicate != nil {
			in.DuplicateThreshold = *p.Align.Duplicate
		}
		return in
	}
	return map[string]func(p schemas.Params) error{
		"ingest": func(p schemas.Params) error {
			_, err := crawl.Ingest(context.Background(), nil, nil, p.Ingest, false, none, none, func(int64) {})
			return err
		},
		"screen": func(p schemas.Params) error {
			_, err := screen.Run(context.Background(), screen.Input{Params: p.Screen}, none, func(int64) {})
			return err
		},
		"embed": func(p schemas.Params) error {
			_, err := encode.Run(context.Background(), engine.EncodeRequest{Model: none, Prefix: p.Encoder.Prefix, MaxTokens: p.Encoder.MaxTokens,
				BatchTokens: p.Encoder.BatchTokens, Input: none, Column: "summary", Output: none}, quiet)
			return err
		},
		"neighbours": func(p schemas.Params) error {
			_, err := search.Run(context.Background(), engine.SearchRequest{Source: none, Target: none, Keep: p.Align.Keep, BlockRows: p.Align.BlockRows}, quiet)
			return err
		},
		"link": func(p schemas.Params) error {
			_, err := link.Run(linking(p), none, func(int, int) {})
			return err
		},
		"calibrate": func(p schemas.Params) error {
			_, err := link.NewSweep(linking(p), nil, func(int, int) {})
			return err
		},
		"near_duplicates": func(p schemas.Params) error {
			_, err := neardup.Run(none, p.Split.NearText, none, func(int, int) {})
			return err
		},
		"split_dedup": func(p schemas.Params) error {
			_, err := split.Run(split.Input{Languages: []string{"english"}, Articles: []string{none}, Params: p.Split}, none, func(int64, int64) {})
			return err
		},
		"tokenize": func(p schemas.Params) error {
			_, err := train.Tokenize(context.Background(), engine.TokenizeRequest{Model: none, SourceTokens: p.Train.SourceTokens, TargetTokens: p.Train.TargetTokens},
				quiet)
			return err
		},
		"sampling": func(p schemas.Params) error {
			_, err := sampling.New(nil, p.Train, 1)
			return err
		},
		"train": func(p schemas.Params) error {
			_, err := train.Run(context.Background(), training(p), quiet)
			return err
		},
		"rank": func(p schemas.Params) error {
			_, err := train.Rank(context.Background(), engine.RankRequest{TrainRequest: training(p), Rank: 1, Ranks: 2, Meeting: none}, quiet)
			return err
		},
		"train.json": func(p schemas.Params) error { // of ./crosssum train --params
			raw, err := json.Marshal(p.Train)
			if err == nil {
				_, err = schemas.DecodeTrain(raw, schemas.Paper().Train)
			}
			if err != nil {
				err = errors.New(strings.Replace(err.Error(), "$.", "train.", 1))
			}
			return err
		},
		"generate": func(p schemas.Params) error {
			_, err := generate.Run(context.Background(), engine.GenerateRequest{Model: none, SourceTokens: p.Train.SourceTokens, Params: p.Generate}, quiet)
			return err
		},
		"report": func(p schemas.Params) error {
			_, err := report.Gather(context.Background(), s, schemas.ReportInput{Params: p}, quiet)
			return err
		},
		"engine": func(p schemas.Params) error {
			return engine.New(engine.Options{Program: none}).Call(context.Background(), p.Numerics, engine.OpProfile, nil, nil, quiet)
		},
	}
}
