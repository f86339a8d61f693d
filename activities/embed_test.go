package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/schemas"
)

// oneEncoder stands in for the engine: it counts texts, and its vectors tell which model and prefix made them.
type oneEncoder struct {
	standIn
	texts *int
}

func (e oneEncoder) Call(ctx context.Context, mode, op string, args, result any, report engine.Report) error {
	request, ok := args.(engine.EncodeRequest)
	if !ok {
		return e.standIn.Call(ctx, mode, op, args, result, report)
	}
	w, err := arrowfile.CreateVectors[schemas.EmbeddingRow](request.Output, 64, nil)
	if err != nil {
		return err
	}
	err = arrowfile.Each(request.Input, func(r *schemas.TextRow) error {
		*e.texts++
		result.(*engine.EncodeResult).Tokens += 5
		sum := sha256.Sum256([]byte(request.Prefix + r.Text))
		return w.Append(schemas.EmbeddingRow{TextDigest: hex.EncodeToString(sum[:]),
			Embedding: vectorOf(filepath.Base(request.Model) + mode + fmt.Sprint(request.MaxTokens, request.BatchTokens))})
	})
	return errors.Join(err, w.Close())
}

func TestEmbedEncodesWhatIsNewForItsEncoderAndNothingElse(t *testing.T) {
	d := newDataset(t)
	roots, texts := t.TempDir(), 0
	for _, name := range []string{"labse", "e5"} {
		noError(t, os.MkdirAll(filepath.Join(roots, name), 0o755))
		noError(t, os.WriteFile(filepath.Join(roots, name, "config.json"), []byte(name), 0o600))
	}
	a := &Activities{Config{Store: d.store, CPU: oneEncoder{texts: &texts}, ModelRoots: []string{roots}}}
	define(schemas.Embed, openEmbed).register(d.env, a)
	crawl := func(n int) schemas.Ref {
		return d.publish(fmt.Sprint("ingest", n), []string{"english", "hindi"}, func(language, dir string) {
			noError(t, arrowfile.WriteRows(filepath.Join(dir, "articles.arrow"), n, func(i int) schemas.ArticleRow {
				return schemas.ArticleRow{Language: language, ID: fmt.Sprintf("%04d", i), Summary: fmt.Sprintf("summary %d", i), Text: fmt.Sprint(n)}
			}))
		})
	}
	in := schemas.EmbedInput{Articles: crawl(100), Numerics: "portable",
		Encoder: schemas.EncoderParams{Name: "labse", Prefix: "query: ", MaxTokens: 32, BatchTokens: 64}}
	first, _ := stage(d, schemas.Embed, in)
	if want := map[string]int64{"rows": 200, "texts": 200, "encoded": 200, "tokens": 1000, "zero_vectors": 0}; texts != 200 || !reflect.DeepEqual(first.Counts, want) {
		t.Fatalf("%d texts encoded, counts %v", texts, first.Counts)
	}

	// Given 5 % more, the 5 % is encoded; with all the same, nothing.
	texts = 0
	in.Articles = crawl(105)
	second, computed := stage(d, schemas.Embed, in)
	if texts != 10 || computed != 2 || second.Counts["encoded"] != 10 || second.Counts["texts"] != 210 {
		t.Errorf("5 %% more: %d texts encoded, counts %v", texts, second.Counts)
	}
	if _, computed := stage(d, schemas.Embed, in); computed != 0 {
		t.Errorf("the same again: %d units computed", computed)
	}

	// Given another encoder, or another of its parameters, no vector of the first one is taken.
	for what, change := range map[string]func(*schemas.EmbedInput){
		"model":        func(in *schemas.EmbedInput) { in.Encoder.Name = "e5" },
		"prefix":       func(in *schemas.EmbedInput) { in.Encoder.Prefix = "passage: " },
		"max_tokens":   func(in *schemas.EmbedInput) { in.Encoder.MaxTokens = 33 },
		"batch_tokens": func(in *schemas.EmbedInput) { in.Encoder.BatchTokens = 65 },
	} {
		texts = 0
		other := in
		change(&other)
		ref, _ := stage(d, schemas.Embed, other)
		want := fmt.Sprint(vectorOf(other.Encoder.Name + "portable" + fmt.Sprint(other.Encoder.MaxTokens, other.Encoder.BatchTokens)))
		path, err := a.Store.FileOf(ref, "english", "embeddings.arrow")
		noError(t, err)
		noError(t, arrowfile.Each(path, func(r *schemas.EmbeddingRow) error {
			if fmt.Sprint(r.Embedding) != want {
				return fmt.Errorf("%s: row %s has a vector of another encoder", what, r.ID)
			}
			return nil
		}))
		if texts != 210 {
			t.Errorf("%s: %d texts encoded", what, texts)
		}
	}
}

func TestAWorkItemWhoseModelHasChangedSinceTheLookUpAsksForAnother(t *testing.T) {
	d := newDataset(t)
	roots, texts := t.TempDir(), 0
	put(t, filepath.Join(roots, "labse/config.json"), "{}")
	a := &Activities{Config{Store: d.store, CPU: oneEncoder{texts: &texts}, ModelRoots: []string{roots}}}
	define(schemas.Embed, openEmbed).register(d.env, a)
	articles, _ := d.inputs()
	in := schemas.EmbedInput{Articles: articles, Numerics: "portable", Encoder: schemas.EncoderParams{Name: "labse", MaxTokens: 32, BatchTokens: 64}}
	value, err := d.env.ExecuteActivity(schemas.Embed.PlanName(), in)
	noError(t, err)
	var planned schemas.Planned
	noError(t, value.Get(&planned))
	put(t, filepath.Join(roots, "labse/config.json"), "{ }")
	value, err = d.env.ExecuteActivity(schemas.Embed.Name, schemas.Work[schemas.EmbedInput]{Input: in, Units: planned.Missing[0]})
	noError(t, err)
	var done schemas.Done
	if noError(t, value.Get(&done)); done.Outdated != "english" || done.Units != 0 || texts > 0 {
		t.Errorf("%d texts encoded: %+v", texts, done)
	}
	put(t, filepath.Join(roots, "labse/config.json"), "{}")
	_, err = d.env.ExecuteActivity(schemas.Embed.Name, schemas.Work[schemas.EmbedInput]{Input: in, Units: planned.Missing[0]})
	if noError(t, err); texts != 6 {
		t.Errorf("as it was: %d texts encoded", texts)
	}
}

func TestTheProfileOfTheNumbersIsPartOfAnEncodersIdentity(t *testing.T) {
	m := embedMaterial{Articles: "a", Model: "m", Profile: engine.Profile{Mode: "portable", Threads: 1}}
	other := m
	other.Profile.Threads = 2
	if chainName(m, "hindi") == chainName(other, "hindi") {
		t.Error("vectors of one and of two threads stand in one list")
	}
	other = m
	other.Articles = "b"
	if name := chainName(m, "hindi"); name != chainName(other, "hindi") || !strings.HasSuffix(name, "/hindi") {
		t.Errorf("other articles are looked for in another list than %s", name)
	}
}
