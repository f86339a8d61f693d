package langid

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// modelPath is where the set-up unpacks the classifier.
func modelPath(t *testing.T) string {
	t.Helper()
	path := filepath.Join("..", "..", "..", "build", "models", "lid.176.ftz")
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v\nthe language classifier is missing: run ./crosssum setup", err)
	}
	return path
}

type answer struct {
	label               string
	probability, wanted float64
}

func classify(t *testing.T, rows [][2]string) ([]answer, error) {
	t.Helper()
	input, output := filepath.Join(t.TempDir(), "texts.arrow"), filepath.Join(t.TempDir(), "classified.arrow")
	w, err := arrowfile.Create[schemas.TextRow](input)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		if err := w.Append(schemas.TextRow{Language: row[0], ID: string(rune('a' + i)), Text: row[1]}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	request := engine.ClassifyRequest{Model: modelPath(t), Input: input, Column: "text", Output: output}
	if _, err := Run(context.Background(), request, func(schemas.Progress) {}); err != nil {
		return nil, err
	}
	var out []answer
	err = arrowfile.Each(output, func(r *schemas.ClassifiedRow) error {
		if i := len(out); r.Language != rows[i][0] || r.ID != string(rune('a'+i)) {
			t.Errorf("row %d is %s/%s", i, r.Language, r.ID)
		}
		out = append(out, answer{arrowfile.Clone(r.Label), float64(r.Probability), float64(r.Wanted)})
		return nil
	})
	return out, err
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
	if result[0].label != "en" || result[0].wanted < 0.5 || result[0].probability != result[0].wanted {
		t.Errorf("English: %s, %v", result[0].label, result[0].wanted)
	}
	if result[1].label != "en" || result[1].wanted > 0.2 || result[1].wanted < 0 || result[1].probability < 0.5 {
		t.Errorf("English in a German row: %s, %v", result[1].label, result[1].wanted)
	}
	if result[2].label != "ru" || result[2].wanted < 0.9 {
		t.Errorf("Russian: %s, %v", result[2].label, result[2].wanted)
	}
}

func TestALanguageUnknownToTheClassifierIsMarked(t *testing.T) {
	result, err := classify(t, [][2]string{{"hausa", "wani karamin shiri"}, {"english", ""}, {"english", "</s>"}})
	if err != nil {
		t.Fatal(err)
	}
	if result[0].wanted != -1 {
		t.Errorf("Hausa: %v, wanted -1", result[0].wanted)
	}
	if len(result) != 3 || result[1].wanted < 0 {
		t.Errorf("rows are missing: %v", result)
	}
}

func TestARowSaysWhatItsTextIsWrittenIn(t *testing.T) {
	input, output := filepath.Join(t.TempDir(), "texts.arrow"), filepath.Join(t.TempDir(), "classified.arrow")
	texts := []string{"Преводи између GNU", "Prevodi između jezika", "软件", "軟體", "文件", "ソフトを見る", "2024"}
	if err := arrowfile.WriteRows(input, len(texts), func(i int) schemas.TextRow {
		return schemas.TextRow{Language: "serbian_cyrillic", ID: "i", Text: texts[i]}
	}); err != nil {
		t.Fatal(err)
	}
	request := engine.ClassifyRequest{Model: modelPath(t), Input: input, Column: "text", Output: output}
	if _, err := Run(context.Background(), request, func(schemas.Progress) {}); err != nil {
		t.Fatal(err)
	}
	got := ""
	err := arrowfile.Each(output, func(r *schemas.ClassifiedRow) error {
		got += fmt.Sprintf("%s %d %d, ", r.Script, r.OtherLetters, r.SmallWords)
		return nil
	})
	if want := "Cyrl 3 1, Latn 0 2, Hans 0 0, Hant 0 0, Hani 0 0, Jpan 0 0,  0 0, "; err != nil || got != want {
		t.Errorf("%q, wanted %q; %v", got, want, err)
	}
}

func TestUnknownLanguagesAndModelsArePermanentFailures(t *testing.T) {
	var failure *fault.Error
	if _, err := classify(t, [][2]string{{"klingonisch", "text"}}); !errors.As(err, &failure) || failure.Type != schemas.InvalidInput {
		t.Errorf("unknown language: %v", err)
	}
	_, err := Run(context.Background(), engine.ClassifyRequest{Model: "absent.ftz"}, nil)
	if !errors.As(err, &failure) || failure.Type != schemas.MissingModel {
		t.Errorf("absent model: %v", err)
	}
}
