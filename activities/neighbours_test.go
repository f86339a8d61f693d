package activities

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/schemas"
)

// searches stands in for the engine: it remembers what was asked, by output file, and finds nothing.
type searches struct {
	standIn
	asked *[]engine.SearchRequest
}

func (e searches) Call(_ context.Context, _, _ string, args, _ any, _ engine.Report) error {
	request := args.(engine.SearchRequest)
	*e.asked = append(*e.asked, request)
	for _, path := range []string{request.Forward, request.Backward} {
		if path != "" {
			w, err := arrowfile.Create[schemas.NeighbourRow](path)
			if err := errors.Join(err, w.Close()); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeVectors writes the embeddings of n articles.
func writeVectors(t *testing.T, dir, language string, n int) {
	t.Helper()
	w, err := arrowfile.CreateVectors[schemas.EmbeddingRow](filepath.Join(dir, "embeddings.arrow"), 2, nil)
	noError(t, err)
	for i := range n {
		noError(t, w.Append(schemas.EmbeddingRow{Language: language, ID: fmt.Sprint(i), Embedding: []float32{1, float32(i)}}))
	}
	noError(t, w.Close())
}

func TestNeighboursTakeAnEarlierRunsListsOnlyIfTheyAreOfThisSearch(t *testing.T) {
	d := newDataset(t)
	var asked []engine.SearchRequest
	define(schemas.Neighbours, openNeighbours).register(d.env, &Activities{Config{Store: d.store, CPU: searches{asked: &asked}}})
	embeddings := func(name string, rows map[string]int, languages ...string) schemas.Ref {
		return d.publish(name, languages, func(language, dir string) {
			writeVectors(t, dir, language, rows[language])
		})
	}
	before := embeddings("embed1", map[string]int{"english": 2, "hindi": 3}, "english", "hindi")
	in := schemas.NeighboursInput{Embeddings: before, Keep: 4, BlockRows: 16, Numerics: "portable"}
	lists, computed := stage(d, schemas.Neighbours, in)
	if computed != 3 || len(asked) != 3 {
		t.Fatalf("%d pairs computed, %d searched", computed, len(asked))
	}

	after := embeddings("embed2", map[string]int{"bengali": 5, "english": 2, "hindi": 4}, "bengali", "english", "hindi")
	next := schemas.NeighboursInput{Embeddings: after, Keep: 4, BlockRows: 16, Numerics: "portable", Earlier: &lists, EarlierEmbeddings: &before}
	asked = nil
	stage(d, schemas.Neighbours, next)
	hinted := map[string]bool{} // by pair
	for _, r := range asked {
		hinted[languageOf(t, r.Source)+"-"+languageOf(t, r.Target)] = r.Earlier != nil
		if r.Earlier != nil && ((r.Backward == "") != (r.Earlier.Backward == "") || languageOf(t, r.Earlier.Target) != languageOf(t, r.Target)) {
			t.Errorf("%+v has the hint %+v", r, r.Earlier)
		}
	}
	// english-english is published; what has a language of its own now is new.
	want := map[string]bool{"english-hindi": true, "hindi-hindi": true, "bengali-bengali": false, "bengali-english": false, "bengali-hindi": false}
	if !reflect.DeepEqual(hinted, want) {
		t.Errorf("hints %v, want %v", hinted, want)
	}

	a := &Activities{Config{Store: d.store, CPU: searches{asked: &asked}}}
	now := neighboursMaterial{Keep: 4, Profile: engine.Profile{Mode: "portable", Threads: 1}}
	for what, change := range map[string]func(*schemas.NeighboursInput, *neighboursMaterial){
		"lists of other embeddings": func(in *schemas.NeighboursInput, _ *neighboursMaterial) { in.EarlierEmbeddings = &after },
		"another number to keep":    func(_ *schemas.NeighboursInput, m *neighboursMaterial) { m.Keep = 5 },
		"another library":           func(_ *schemas.NeighboursInput, m *neighboursMaterial) { m.Profile.FAISS = "9" },
		"an index that is not there": func(in *schemas.NeighboursInput, _ *neighboursMaterial) {
			in.Earlier = &schemas.Ref{Stage: "neighbours", Index: strings.Repeat("0", 64)}
		},
	} {
		in, m := next, now
		change(&in, &m)
		if e, unusable := a.earlierSearch(in, "english", "hindi", m); e != nil || unusable == "" {
			t.Errorf("%s: %+v %q", what, e, unusable)
		}
	}
	if e, unusable := a.earlierSearch(next, "english", "hindi", now); e == nil || unusable != "" {
		t.Errorf("a hint in order: %+v %q", e, unusable)
	}
}

func TestALookUpNamesNoMoreUnitsThanAHistoryCanHold(t *testing.T) {
	d := newDataset(t)
	var asked []engine.SearchRequest
	a := &Activities{Config{Store: d.store, CPU: searches{asked: &asked}}}
	var languages []string
	for i := range 90 {
		languages = append(languages, fmt.Sprintf("l%02d", i))
	}
	embeddings := d.publish("embed", languages, func(language, dir string) {
		writeVectors(t, dir, language, 1)
	})
	define(schemas.Neighbours, openNeighbours).register(d.env, a)
	value, err := d.env.ExecuteActivity(schemas.Neighbours.PlanName(), schemas.NeighboursInput{Embeddings: embeddings, Keep: 4, Numerics: "portable"})
	noError(t, err)
	var planned schemas.Planned
	noError(t, value.Get(&planned))
	named := 0
	for _, units := range planned.Missing {
		named += len(units)
	}
	if planned.Total != 4095 || named != mostMissing {
		t.Errorf("%d of %d units named", named, planned.Total)
	}
}

// languageOf is the language of a file of embeddings.
func languageOf(t *testing.T, path string) (language string) {
	t.Helper()
	noError(t, arrowfile.Each(path, func(r *schemas.EmbeddingRow) error {
		language = arrowfile.Clone(r.Language)
		return nil
	}))
	return language
}
