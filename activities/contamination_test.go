package activities

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/store"
	"crosssum/internal/fault"
	"crosssum/internal/training/trained"
	"crosssum/schemas"
)

// contaminated is a model with a record, and articles e0..e3 of English of which e1 and e2 are tested on. e2 and e3 have the same text.
func contaminated(t *testing.T, record []trained.Row) (a *Activities, in schemas.GenerateInput) {
	t.Helper()
	s, err := store.Open(t.TempDir())
	noError(t, err)
	d := &dataset{t: t, store: s}
	publish := func(stage, unit, file string, write func(path string) error) schemas.Ref {
		return d.publish(stage, []string{unit}, func(_, dir string) { noError(t, write(filepath.Join(dir, file))) })
	}
	in.Articles = publish("ingest", "english", "articles.arrow", func(path string) error {
		return arrowfile.WriteRows(path, 4, func(i int) schemas.ArticleRow {
			id := "e" + string(rune('0'+i))
			text := map[bool]string{false: "text of " + id, true: "text of e3"}[id == "e2"]
			return schemas.ArticleRow{Language: "english", ID: id, Summary: "summary of " + id, Text: text, Digest: "says " + id}
		})
	})
	rows := []schemas.SampleRow{{SourceLanguage: "english", SourceID: "e0", TargetLanguage: "english", TargetID: "e3", Split: "train"},
		{SourceLanguage: "english", SourceID: "e1", TargetLanguage: "english", TargetID: "e2", Split: "test"}}
	in.Splits = publish("split_dedup", "all", "samples.arrow", func(path string) error {
		return arrowfile.WriteRows(path, len(rows), func(i int) schemas.SampleRow { return rows[i] })
	})
	in.Model = publish("train", "all", schemas.TrainedOnFile, func(path string) error { return trained.Write(path, record) })
	return &Activities{Config{Store: s}}, in
}

func named(language, id, content string) trained.Row {
	return trained.Row{Language: language, ID: id, Content: content}
}

func TestAModelIsNotTestedOnWhatItWasTrainedOnUnlessToldTo(t *testing.T) {
	for name, c := range map[string]struct {
		record trained.Row
		want   string
	}{
		"nothing it has seen":                            {named("english", "e0", "says e0"), ""},
		"an article it has seen":                         {named("english", "e1", "says e1, edited since"), "1 of the 2 articles that it is to be tested on, english e1"},
		"another article with the same words":            {named("english", "other", "says e2"), "english e2"},
		"a text alone":                                   {named("english", "", trained.Text("text of e1")), "english e1"},
		"a summary alone":                                {named("english", "", trained.Text("summary of e1")), "english e1"},
		"a text of a language that nobody told":          {named("", "", trained.Text("text of e1")), "english e1"},
		"the same name and words in other languages":     {named("thai", "e2", "says e2"), ""},
		"the same text in other languages":               {named("thai", "", trained.Text("text of e1")), ""},
		"the text of an article that is not tested on":   {named("english", "", trained.Text("text of e0")), ""},
		"a text that a training article has too":         {named("english", "", trained.Text("text of e3")), ""},
		"an article that nobody named, of other content": {named("english", "", ""), ""},
	} {
		a, in := contaminated(t, []trained.Row{c.record})
		err := a.refuseTrained(in)
		var typed *fault.Error
		if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &typed) || typed.Type != schemas.InvalidInput || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: wanted %q, got %v", name, c.want, err)
		}
		warnings, err := a.flattered(schemas.ReportInput{Made: schemas.Refs{"train": in.Model, "split_dedup": in.Splits, "screen": in.Articles}}, nil)
		noError(t, err)
		if warned := strings.Contains(strings.Join(warnings, ""), "trained on 1 of the 2 articles of split test"); warned != (c.want != "") {
			t.Errorf("%s: the report warns of %q", name, warnings)
		}
	}
}

// TestASummarizerThatHasSeenTheTestArticlesIsRefusedBeforeItIsTrained: plan is what begins the stage.
func TestASummarizerThatHasSeenTheTestArticlesIsRefusedBeforeItIsTrained(t *testing.T) {
	a, in := contaminated(t, nil)
	a.ModelRoots = []string{t.TempDir()}
	dir := filepath.Join(a.ModelRoots[0], "base")
	noError(t, errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, "config.json"), []byte("{}"), 0o644),
		trained.Write(filepath.Join(dir, schemas.TrainedOnFile), []trained.Row{named("english", "", trained.Text("text of e1"))})))
	look := func() error {
		summarizer, err := a.model("base")
		noError(t, err)
		of := schemas.TrainInput{Articles: in.Articles, Splits: in.Splits, RefuseTrained: true, Params: schemas.Demo().Train}
		_, err = training{Activities: a, in: of, summarizer: summarizer}.units()
		_, sooner := tokenizing{Activities: a, in: schemas.TokenizeInput{Training: &of}, summarizer: summarizer}.units()
		if fmt.Sprint(sooner) != fmt.Sprint(err) {
			t.Errorf("tokenize says %v, and train %v", sooner, err)
		}
		return err
	}
	err := look()
	var typed *fault.Error
	if !errors.As(err, &typed) || typed.Type != schemas.InvalidInput || !strings.Contains(err.Error(), "train: the model was trained on 1 of the 2 articles") {
		t.Error(err)
	}
	noError(t, os.Truncate(filepath.Join(dir, schemas.TrainedOnFile), 50))
	err = look()
	if !errors.As(err, &typed) || typed.Type != schemas.InvalidInput || !strings.Contains(err.Error(), "cannot be read") || !strings.Contains(err.Error(), "copy the model once more") {
		t.Error(err)
	}
}
