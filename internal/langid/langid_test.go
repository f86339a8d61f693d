package langid

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"crosssum/internal/arrowfile"
	"crosssum/internal/engine"
	"crosssum/schemas"
)

// modelPath is where the set-up unpacks the classifier.
func modelPath(t *testing.T) string {
	t.Helper()
	path := filepath.Join("..", "..", "build", "models", "lid.176.ftz")
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v\nthe language classifier is missing: run ./crosssum setup", err)
	}
	return path
}

func classify(t *testing.T, rows [][2]string) (engine.ClassifyResult, error) {
	t.Helper()
	input := filepath.Join(t.TempDir(), "texts.arrow")
	w, err := arrowfile.Create(input, schemas.Text, true)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		if err := w.Append(row[0], string(rune('a'+i)), row[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return Run(context.Background(), engine.ClassifyRequest{Model: modelPath(t), Input: input}, func(schemas.Progress) {})
}

func TestARowsOwnLanguageGetsItsProbability(t *testing.T) {
	result, err := classify(t, [][2]string{
		{"english", "a small program that\nreads and writes text files"},
		{"german", "a small program that reads and writes text files"},
		{"russian", "небольшая программа для чтения текстовых файлов"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if result.Labels[0] != "en" || result.Wanted[0] < 0.5 {
		t.Errorf("English: %s, %v", result.Labels[0], result.Wanted[0])
	}
	if result.Labels[1] != "en" || result.Wanted[1] > 0.2 || result.Wanted[1] < 0 {
		t.Errorf("English in a German row: %s, %v", result.Labels[1], result.Wanted[1])
	}
	if result.Labels[2] != "ru" || result.Wanted[2] < 0.9 {
		t.Errorf("Russian: %s, %v", result.Labels[2], result.Wanted[2])
	}
}

func TestALanguageUnknownToTheClassifierIsMarked(t *testing.T) {
	result, err := classify(t, [][2]string{{"hausa", "wani karamin shiri"}, {"english", ""}, {"english", "</s>"}})
	if err != nil {
		t.Fatal(err)
	}
	if result.Wanted[0] != -1 {
		t.Errorf("Hausa: %v, wanted -1", result.Wanted[0])
	}
	if len(result.Labels) != 3 || result.Wanted[1] < 0 {
		t.Errorf("rows are missing: %v", result)
	}
}

func TestUnknownLanguagesAndModelsArePermanentFailures(t *testing.T) {
	var failure *engine.Error
	if _, err := classify(t, [][2]string{{"klingonisch", "text"}}); !errors.As(err, &failure) || failure.Type != schemas.InvalidInput {
		t.Errorf("unknown language: %v", err)
	}
	_, err := Run(context.Background(), engine.ClassifyRequest{Model: "absent.ftz"}, nil)
	if !errors.As(err, &failure) || failure.Type != schemas.MissingModel {
		t.Errorf("absent model: %v", err)
	}
}
