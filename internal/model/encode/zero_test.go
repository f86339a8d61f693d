package encode

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/mining/link"
	"crosssum/internal/mining/search"
	"crosssum/schemas"
)

// paired encodes the texts of two languages with the static encoder of the fixture, aligns them, and gives the texts of pairs.
func paired(t *testing.T, model string, english, hindi []string) (pairs [][2]string) {
	t.Helper()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for language, texts := range map[string][]string{"english": english, "hindi": hindi} {
		if err := arrowfile.WriteRows(path(language+".articles"), len(texts), func(i int) schemas.ArticleRow {
			return schemas.ArticleRow{Language: language, ID: fmt.Sprintf("%05d", i), Summary: texts[i]}
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := Run(context.Background(), engine.EncodeRequest{Model: model, MaxTokens: 64, BatchTokens: 256, Input: path(language + ".articles"),
			Column: "summary", Output: path(language + ".vectors")}, func(schemas.Progress) {}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := search.Run(context.Background(), engine.SearchRequest{Source: path("english.vectors"), Target: path("hindi.vectors"), Keep: 4,
		BlockRows: 64, Forward: path("forward"), Backward: path("backward")}, func(schemas.Progress) {}); err != nil {
		t.Fatal(err)
	}
	if _, err := link.Run(link.Input{Languages: []string{"english", "hindi"}, Articles: []string{path("english.articles"), path("hindi.articles")},
		Lists: []link.Lists{{A: "english", B: "hindi", Forward: path("forward"), Backward: path("backward")}},
		Rule:  "agreement", Threshold: 1.05, DuplicateThreshold: 0.95, K: 4}, dir, func(int, int) {}); err != nil {
		t.Fatal(err)
	}
	if err := arrowfile.Each(path("pairs.arrow"), func(r *schemas.PairRow) error {
		a, err := strconv.Atoi(r.SourceID)
		b, wrong := strconv.Atoi(r.TargetID)
		pairs = append(pairs, [2]string{english[a], hindi[b]})
		return errors.Join(err, wrong)
	}); err != nil {
		t.Fatal(err)
	}
	return pairs
}

func TestTextsWithoutAKnownTokenPairWithNothingAndTakeNoPairFromOthers(t *testing.T) {
	want, _ := expected(t)
	model := filepath.Join(fixtures(t), "static")
	english, hindi := want.Texts[:60], slices.Clone(want.Texts[20:80])
	slices.Reverse(hindi)
	without := paired(t, model, english, hindi)
	if len(without) < 30 {
		t.Fatalf("only %d pairs of 40: this test sees little", len(without))
	}
	unknown := []string{"\u200d", "\u200d\u200d"} // the second stands twice
	with := paired(t, model, slices.Insert(slices.Clone(english), 7, append(unknown, unknown[1])...), slices.Insert(hindi, 0, unknown...))
	if !slices.Equal(with, without) {
		t.Errorf("%d pairs %q, without such texts %d", len(with), with, len(without))
	}
}
