package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/store"
	"crosssum/schemas"
)

// finished lays out a run's manifest with its parameters, and a store with 100 training samples of one pair.
func finished(t *testing.T, run string, p schemas.Params) (flags []string) {
	t.Helper()
	dir := t.TempDir()
	objects, err := store.Open(filepath.Join(dir, "store"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "samples.arrow")
	err = arrowfile.WriteRows(path, 100, func(i int) schemas.SampleRow {
		return schemas.SampleRow{SourceLanguage: "english", TargetLanguage: "danish", Split: "train"}
	})
	file, putErr := objects.Put(path)
	manifest, jsonErr := json.Marshal(map[string]any{"params": p, "stages": map[string]schemas.Index{schemas.SplitDedup.Name: {Units: []schemas.Unit{
		{Name: "all", Files: map[string]schemas.File{"samples.arrow": file}}}}}})
	folder := filepath.Join(dir, "runs", run)
	if err := errors.Join(err, putErr, jsonErr, os.MkdirAll(folder, 0o755), os.WriteFile(filepath.Join(folder, "manifest.json"), manifest, 0o644)); err != nil {
		t.Fatal(err)
	}
	return []string{"--store", filepath.Join(dir, "store"), "--runs", filepath.Join(dir, "runs")}
}

func TestASamplingPlanOfARunIsByTheParametersOfThatRun(t *testing.T) {
	p := schemas.Demo()
	p.Crawl, p.Seed = "", 7 // as of a run of Realign
	p.Train.Steps, p.Train.Pairs, p.Train.MiniBatch, p.Train.Alpha = 123, 3, 16, 0.25
	flags := finished(t, "first-run", p)
	over := filepath.Join(t.TempDir(), "over.json")
	if err := os.WriteFile(over, []byte(`{"train": {"steps": 55}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"":                 "alpha 0.25, beta 0.75: 123 steps of 3 x 16 samples, seed 7;",
		"--steps 9":        "alpha 0.25, beta 0.75: 9 steps of 3 x 16 samples, seed 7;",
		"--params " + over: "alpha 0.25, beta 0.75: 55 steps of 3 x 16 samples, seed 7;",
		"--preset demo":    "alpha 0.5, beta 0.75: 80 steps of 2 x 32 samples, seed 42;",
		"--preset paper":   "alpha 0.5, beta 0.75: 25,000 steps of 8 x 32 samples, seed 1234;",
	} {
		all := append(append([]string{"sampling-plan", "--run", "first-run"}, strings.Fields(args)...), flags...)
		var code int
		if out := captured(t, func() { code = dispatch(t.Context(), all) }); code != 0 || !strings.Contains(out, want) {
			t.Errorf("%s ends with %d:\n%.300s", args, code, out)
		}
	}
	for run, want := range map[string]string{"frist-run": `no finished run "frist-run" in `, "other": "; there is first-run", "first": "; nearest is first-run"} {
		if out := complained(t, func() { dispatch(t.Context(), append([]string{"sampling-plan", "--run", run}, flags...)) }); !strings.Contains(out, want) {
			t.Errorf("%s: %s", run, out)
		}
	}
	if out := complained(t, func() {
		dispatch(t.Context(), append([]string{"sampling-plan", "--run", "first-run", "--params", over, "--preset", "huge"}, flags...))
	}); !strings.Contains(out, fmt.Sprint(over, `: $.preset: "huge"`)) {
		t.Errorf("a wrong preset: %s", out)
	}
}
