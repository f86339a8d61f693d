package embeddings

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

func TestAPartThatIsDamagedOrOfAnotherEncoderIsNamed(t *testing.T) {
	for what, damage := range map[string]func(path string) error{
		"truncated": func(path string) error {
			return errors.Join(os.Chmod(path, 0o644), os.Truncate(path, 100))
		},
		"missing": os.Remove,
		"unsorted": func(path string) error {
			return rewrite(path, [][2]any{{strings.Repeat("f", 64), float32(1)}, {strings.Repeat("0", 64), float32(1)}})
		},
		"foreign": func(path string) error {
			return errors.Join(os.Remove(path), os.WriteFile(path, []byte("of another program, and long enough to be looked at"), 0o644))
		},
		"no digest": func(path string) error { return rewrite(path, [][2]any{{"../../etc", float32(1)}}) },
	} {
		w := newWorld(t)
		w.must(w.embed(summaries(0, 10)))
		refs, err := w.store.Refs("embeddings/abc/english")
		if err != nil || len(refs) != 1 {
			t.Fatal(refs, err)
		}
		path, _ := w.store.Path(refs[0])
		if err := damage(path); err != nil {
			t.Fatal(err)
		}
		_, err = w.embed(summaries(0, 11))
		var e *fault.Error
		if !errors.As(err, &e) || e.Type != schemas.CorruptObject || !strings.Contains(e.Message, refs[0]) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func rewrite(path string, rows [][2]any) error {
	if err := os.Remove(path); err != nil {
		return err
	}
	w, err := arrowfile.CreateVectors[schemas.VectorRow](path, 3, nil)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := w.Append(schemas.VectorRow{TextDigest: r[0].(string), Embedding: []float32{r[1].(float32), 0, float32(math.Pi)}}); err != nil {
			return err
		}
	}
	return w.Close()
}

func TestPartsOfTwoWidthsAreTwoEncodersAndNamed(t *testing.T) {
	w := newWorld(t)
	w.must(w.embed(summaries(0, 10)))
	refs, err := w.store.Refs("embeddings/abc/english")
	if err != nil {
		t.Fatal(err)
	}
	path, _ := w.store.Path(refs[0])
	wide := filepath.Join(t.TempDir(), "wide.arrow")
	file, err := arrowfile.CreateVectors[schemas.VectorRow](wide, 5, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(file.Append(schemas.VectorRow{TextDigest: strings.Repeat("0", 64), Embedding: make([]float32, 5)}), file.Close(), os.Remove(path), os.Rename(wide, path)); err != nil {
		t.Fatal(err)
	}
	_, err = w.embed(summaries(0, 11))
	var e *fault.Error
	if !errors.As(err, &e) || e.Type != schemas.CorruptObject || !strings.Contains(e.Message, "embeddings/abc/english: the encoder gives vectors of 3 values, and the parts before have 5") {
		t.Errorf("%v", err)
	}
	if refs, err := w.store.Refs("embeddings/abc/english"); err != nil || len(refs) != 1 {
		t.Errorf("a part of another width was published: %v, %v", refs, err)
	}
}
