package arrowfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

func TestRowsComeBackAsTheyWereWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "articles.arrow")
	w, err := arrowfile.Create(path, schemas.Article, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a", "b"} {
		if err := w.Append("english", id, "u", "t", "s", strings.Repeat("x", 6<<20), []string{"i1", id}, "", "d"); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var ids []string
	err = arrowfile.Each(path, schemas.Article, func(r arrowfile.Row) error {
		ids = append(ids, arrowfile.Clone(r.Str(1))+arrowfile.Clone(r.Strs(6)[1]))
		return nil
	})
	if err != nil || strings.Join(ids, " ") != "aa bb" {
		t.Fatalf("got %v, %v", ids, err)
	}
}

func TestVectorsKeepTheirWidth(t *testing.T) {
	path := filepath.Join(t.TempDir(), "e.arrow")
	w, _ := arrowfile.Create(path, schemas.Embedding(3), false)
	if err := w.Append("english", "a", "d", []float32{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	err := arrowfile.Each(path, schemas.Embedding(3), func(r arrowfile.Row) error {
		if v := r.Vector(3); len(v) != 3 || v[2] != 3 {
			t.Errorf("got %v", v)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := arrowfile.Each(path, schemas.Embedding(4), nil); err == nil {
		t.Fatal("a file of another width was read")
	}
}

func TestForeignAndTruncatedFilesAreNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.arrow")
	for _, content := range []string{"", "ARROW1", "not arrow at all, but long enough to be looked at by a reader"} {
		os.WriteFile(path, []byte(content), 0o644)
		err := arrowfile.Each(path, schemas.Article, func(arrowfile.Row) error { return nil })
		if err == nil || !strings.Contains(err.Error(), "x.arrow") {
			t.Fatalf("%q: %v", content, err)
		}
	}
}

func TestARowThatDoesNotFitMakesTheFileFailAndNotPanic(t *testing.T) {
	w, err := arrowfile.Create(filepath.Join(t.TempDir(), "e.arrow"), schemas.Embedding(2), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, vector := range [][]float32{{1, 2}, {1, 2, 3}, {1, 2}} {
		err = w.Append("english", "a", "d", vector)
	}
	const want = "vector of 3 values for a field of 2"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a row behind one that did not fit: %v", err)
	}
	if err := w.Close(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("closed with %v", err)
	}
}
