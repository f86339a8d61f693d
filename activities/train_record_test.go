package activities

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/link"
	"crosssum/internal/store"
	"crosssum/schemas"
)

// recorded has articles e0..e3 of English and h0 of Hindi; e3 says what e0 says. e0 and h0 are trained on, e1 and what
// tested names are tested on. before is the record of the model that the training began with.
func recorded(t *testing.T, before [][3]string, tested ...string) (a *Activities, in schemas.GenerateInput, pairs map[string][]testSample, record string) {
	t.Helper()
	dir := t.TempDir()
	var articles []string
	write := func(name, language string, ids []string) {
		path := filepath.Join(dir, name)
		noError(t, link.WriteRows(path, schemas.Article, len(ids), func(i int) []any {
			return []any{language, ids[i], "", "", "s", "t", []string{}, "", "says " + strings.Replace(ids[i], "3", "0", 1)}
		}))
		articles = append(articles, path)
	}
	write("english", "english", []string{"e0", "e1", "e2", "e3"})
	write("hindi", "hindi", []string{"h0"})
	rows := [][]any{{"english", "e0", "hindi", "h0", "train"}, {"english", "e1", "english", "e1", "test"}, {"hindi", "h0", "english", "e0", "train"}}
	noError(t, link.WriteRows(filepath.Join(dir, "samples"), schemas.Sample, len(rows), func(i int) []any { return rows[i] }))
	earlier := filepath.Join(dir, "earlier")
	if before != nil {
		noError(t, link.WriteRows(earlier, schemas.TrainedOn, len(before), func(i int) []any { return []any{before[i][0], before[i][1], before[i][2]} }))
	}
	record = filepath.Join(dir, schemas.TrainedOnFile)
	noError(t, recordTrained(record, filepath.Join(dir, "samples"), articles, earlier))

	s, err := store.Open(t.TempDir())
	noError(t, err)
	d := &dataset{t: t, store: s}
	link := func(from, name string) func(string, string) {
		return func(_, dir string) { noError(t, os.Link(from, filepath.Join(dir, name))) }
	}
	in.Model = d.publish("train", []string{"all"}, link(record, schemas.TrainedOnFile))
	in.Articles = d.publish("ingest", []string{"english"}, link(articles[0], "articles.arrow"))
	pairs = map[string][]testSample{"english-english": {{sourceLanguage: "english", sourceID: "e1", targetLanguage: "english", targetID: "e1"}}}
	for _, id := range tested {
		pairs["english-english"] = append(pairs["english-english"], testSample{sourceLanguage: "english", sourceID: id, targetLanguage: "english", targetID: id})
	}
	return &Activities{Config{Store: s}}, in, pairs, record
}

func TestAModelRecordsWhatItWasTrainedOnAndWhatTheModelBeforeItWas(t *testing.T) {
	_, _, _, record := recorded(t, [][3]string{{"english", "e0", "said before"}, {"thai", "t7", "says t7"}})
	var got []string
	noError(t, arrowfile.Each(record, schemas.TrainedOn, func(row arrowfile.Row) error {
		got = append(got, row.Str(0)+" "+row.Str(1)+" "+row.Str(2))
		return nil
	}))
	if all := strings.Join(got, ", "); all != "english e0 said before, english e0 says e0, hindi h0 says h0, thai t7 says t7" {
		t.Error(all)
	}
}

func TestAModelIsNotTestedOnWhatItWasTrainedOnUnlessToldTo(t *testing.T) {
	for name, c := range map[string]struct {
		before [][3]string
		tested []string
		want   string
	}{
		"nothing it has seen":                        {nil, []string{"e2"}, ""},
		"an article it has seen":                     {nil, []string{"e0"}, "1 of the 2 articles"},
		"another article with the same words":        {nil, []string{"e3"}, "english e3"},
		"an article of the training before":          {[][3]string{{"english", "e2", "says e2, unedited"}}, []string{"e2"}, "english e2"},
		"the same name and words in other languages": {[][3]string{{"thai", "e2", "says e2"}}, []string{"e2"}, ""},
	} {
		a, in, pairs, _ := recorded(t, c.before, c.tested...)
		err := a.refuseTrained(in, pairs)
		var typed *engine.Error
		if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &typed) || typed.Type != schemas.InvalidInput || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: wanted %q, got %v", name, c.want, err)
		}
		if in.Params.AllowTrained = true; a.refuseTrained(in, pairs) != nil {
			t.Errorf("%s: refused although allowed", name)
		}
	}
}
