package arrowfile_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

func TestRowsComeBackAsTheyWereWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "articles.arrow")
	w, err := arrowfile.Create[schemas.ArticleRow](path)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a", "b"} {
		if err := w.Append(schemas.ArticleRow{Language: "english", ID: id, Text: strings.Repeat("x", 6<<20), Images: []string{"i1", id}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var ids []string
	err = arrowfile.Each(path, func(r *schemas.ArticleRow) error {
		ids = append(ids, r.ID+r.Images[1])
		return nil
	})
	if err != nil || strings.Join(ids, " ") != "aa bb" {
		t.Fatalf("got %v, %v", ids, err)
	}
}

func TestVectorsKeepTheirWidth(t *testing.T) {
	path := filepath.Join(t.TempDir(), "e.arrow")
	w, err := arrowfile.CreateVectors[schemas.EmbeddingRow](path, 3, nil)
	if err == nil {
		err = errors.Join(w.Append(schemas.EmbeddingRow{ID: "a", Embedding: []float32{1, 2, 3}}), w.Append(schemas.EmbeddingRow{ID: "b", Embedding: []float32{4, 5, 6}}), w.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	err = arrowfile.Each(path, func(r *schemas.EmbeddingRow) error {
		got += fmt.Sprint(r.ID, r.Embedding)
		return nil
	})
	if err != nil || got != "a[1 2 3]b[4 5 6]" {
		t.Fatal(got, err)
	}
}

func TestForeignAndTruncatedFilesAreNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.arrow")
	for _, content := range []string{"", "ARROW1", "not arrow at all, but long enough to be looked at by a reader"} {
		os.WriteFile(path, []byte(content), 0o644)
		err := arrowfile.Each(path, func(*schemas.ArticleRow) error { return nil })
		if err == nil || !strings.Contains(err.Error(), "x.arrow") {
			t.Fatalf("%q: %v", content, err)
		}
	}
}

func TestARowThatDoesNotFitMakesTheFileFailAndNotPanic(t *testing.T) {
	w, err := arrowfile.CreateVectors[schemas.EmbeddingRow](filepath.Join(t.TempDir(), "e.arrow"), 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, vector := range [][]float32{{1, 2}, {1, 2, 3}, {1, 2}} {
		err = w.Append(schemas.EmbeddingRow{Language: "english", ID: "a", TextDigest: "d", Embedding: vector})
	}
	const want = "vector of 3 values for a field of 2"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a row behind one that did not fit: %v", err)
	}
	if err := w.Close(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("closed with %v", err)
	}
}
