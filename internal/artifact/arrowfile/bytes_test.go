package arrowfile_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"

	"github.com/apache/arrow/go/v17/arrow"
)

// TestFilesHaveTheBytesTheyAlwaysHad: digests of files are in keys, and in results that were published.
func TestFilesHaveTheBytesTheyAlwaysHad(t *testing.T) {
	metadata := arrow.NewMetadata([]string{"articles", "tokens"}, []string{"a", "12"})
	name := func(i int) string { return fmt.Sprint("name ", i*i) }
	wanted := map[string]string{
		"articles":   "196003942d31602c7a583da2337e8aa574335684a9163007ec4c63c56c691ee4",
		"neighbours": "3e898445073a2d188f05d2cdb8db1163b03ea4529d2bc41bbcdb99771aa0673f",
		"tokens":     "b0e948bccfe594fb6cf1992858cba9283f365a9b89a1fd708b982f60642d9422",
		"vectors":    "7685c8a12840bf27915bef008eef1c96d01f7792a0c370054ab313373d64abd4",
		"identified": "501870f894bb08bc82b1af0c34433f8c4fd1918909b162547935d543ef96e8e0",
		"classified": "285c877c8f5c295e5f78e8e81923d7500a503d0f6934f2db55fa9e0bbb4ca26c",
		"scored":     "137188ad5375845278a8e9f1a1c36879e576424c320ef320c9bd1e9a808f190b",
		"none":       "16eae7743d63871889da572492a655f5b843bb3bfd62f71f2932e77785fb0bee",
	}
	for what, write := range map[string]func(path string) error{
		"articles": func(path string) error { // three batches
			return rowsOf(arrowfile.Create[schemas.ArticleRow](path))(40000, func(i int) schemas.ArticleRow {
				images := [][]string{nil, {"i"}, {"j", name(i)}}[i%3]
				return schemas.ArticleRow{Language: "english", ID: name(i), URL: "u", Title: name(i % 9), Summary: "s", Text: fmt.Sprintf("%500d", i),
					Images: images, Label: "val", Digest: name(-i)}
			})
		},
		"neighbours": func(path string) error { // two batches
			return rowsOf(arrowfile.Create[schemas.NeighbourRow](path))(300000, func(i int) schemas.NeighbourRow {
				return schemas.NeighbourRow{SourceID: name(i / 5), Rank: int32(i % 5), TargetID: name(i), Score: 1 / float32(1+i%5)}
			})
		},
		"tokens": func(path string) error {
			return rowsOf(arrowfile.Create[schemas.TokensRow](path))(50, func(i int) schemas.TokensRow {
				return schemas.TokensRow{Language: "english", ID: name(i), Source: list(i), Label: list(i % 7), Dropped: int32(i)}
			})
		},
		"vectors": func(path string) error {
			return rowsOf(arrowfile.CreateVectors[schemas.VectorRow](path, 3, &metadata))(50, func(i int) schemas.VectorRow {
				return schemas.VectorRow{TextDigest: name(i), Embedding: []float32{float32(i), 0, -1}}
			})
		},
		"identified": func(path string) error {
			return arrowfile.WriteRows(path, 50, func(i int) schemas.IdentifiedRow {
				ok := i%3 == 0
				row := schemas.IdentifiedRow{Language: "english", ID: name(i), Identified: "hindi", Probability: float32(i) / 7, OK: &ok}
				if i%5 == 0 {
					row.OK = nil
				}
				return row
			})
		},
		"classified": func(path string) error {
			return arrowfile.WriteRows(path, 50, func(i int) schemas.ClassifiedRow {
				return schemas.ClassifiedRow{Language: "english", ID: name(i), Label: "en", Probability: float32(i) / 7, Wanted: -1, Letters: int32(i), Hash: -int64(i), Script: "Latn", OtherLetters: int32(i % 3), SmallWords: int32(i % 2)}
			})
		},
		"scored": func(path string) error {
			return arrowfile.WriteRows(path, 50, func(i int) schemas.ScoredRow {
				return schemas.ScoredRow{SourceLanguage: "a", SourceID: "b", TargetLanguage: "c", TargetID: "d", Generated: name(i), Reference: "f", Lead: "g",
					Figures: schemas.Figures{Rouge1: 1, Rouge2: 2, RougeL: 3, LaSE: 4, MS: 5, LC: 6, LP: 7, LaSEShuffled: 8, LeadRouge1: 9, LeadRouge2: 10, LeadRougeL: 11, LeadLaSE: float64(i) / 7}}
			})
		},
		"none": func(path string) error { return arrowfile.WriteRows[schemas.PairRow](path, 0, nil) },
	} {
		path := filepath.Join(t.TempDir(), what)
		if err := write(path); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(raw)); got != wanted[what] {
			t.Errorf("%q: %q, // %d bytes", what, got, len(raw))
		}
	}
}

// rowsOf writes n rows with a new writer and closes it.
func rowsOf[T any](w *arrowfile.Writer[T], err error) func(n int, row func(i int) T) error {
	return func(n int, row func(i int) T) error {
		for i := 0; i < n && err == nil; i++ {
			err = w.Append(row(i))
		}
		if err == nil {
			err = w.Close()
		}
		return err
	}
}
