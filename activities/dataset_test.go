package activities

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/store"
	"crosssum/internal/testkit"
	"crosssum/schemas"

	"go.temporal.io/sdk/testsuite"
)

// dataset runs link, split_dedup and export as Temporal activities over a store.
type dataset struct {
	t     *testing.T
	env   *testsuite.TestActivityEnvironment
	store *store.Store

	articles, neighbours schemas.Ref // where a test keeps its inputs
}

func newDataset(t *testing.T) *dataset {
	t.Helper()
	s, err := store.Open(t.TempDir())
	noError(t, err)
	models := t.TempDir()
	noError(t, os.Mkdir(filepath.Join(models, "encoder"), 0o755))
	noError(t, os.WriteFile(filepath.Join(models, "encoder", "config.json"), []byte("{}"), 0o644))
	a := &Activities{Config{Store: s, ModelRoots: []string{models}}}
	env := new(testsuite.WorkflowTestSuite).NewTestActivityEnvironment()
	define(schemas.Link, openLink).register(env, a)
	define(schemas.SplitDedup, openSplit).register(env, a)
	define(schemas.Export, openExport).register(env, a)
	return &dataset{t: t, env: env, store: s}
}

// publish puts units into the store as an earlier stage would; write fills a unit's folder.
func (d *dataset) publish(stage string, names []string, write func(name, dir string)) schemas.Ref {
	d.t.Helper()
	return testkit.Stage(d.t, d.store, stage, names, map[string]int64{"accepted": 1}, write)
}

// stage plans, computes what is missing and plans again. It returns what is sealed and how many units were computed.
func stage[In any](d *dataset, s schemas.Stage[In], in In) (schemas.Ref, int) {
	d.t.Helper()
	plan := func() (p schemas.Planned) {
		value, err := d.env.ExecuteActivity(s.PlanName(), in)
		noError(d.t, err)
		noError(d.t, value.Get(&p))
		return p
	}
	before := everyFile(&Activities{Config{Store: d.store}})
	first := plan()
	if after := everyFile(&Activities{Config{Store: d.store}}); first.Ref == nil && after != before {
		d.t.Errorf("%s: looking up left\n%s\nwhere there was\n%s", s.Name, after, before)
	}
	for _, units := range first.Missing {
		_, err := d.env.ExecuteActivity(s.Name, schemas.Work[In]{Input: in, Units: units})
		noError(d.t, err)
	}
	sealed := plan()
	if sealed.Ref == nil {
		d.t.Fatalf("%s: still missing %v", s.Name, sealed.Missing)
	}
	return *sealed.Ref, first.Total - first.Reused
}

// file reads one file of a unit.
func (d *dataset) file(ref schemas.Ref, unit, name string) []byte {
	d.t.Helper()
	a := &Activities{Config{Store: d.store}}
	path, err := a.Store.FileOf(ref, unit, name)
	noError(d.t, err)
	b, err := os.ReadFile(path)
	noError(d.t, err)
	return b
}

// inputs publishes three articles a language; article n of one is the nearest of article n of the other, at cosine 0.9.
func (d *dataset) inputs() (articles, neighbours schemas.Ref) {
	d.t.Helper()
	articles = d.publish("ingest", []string{"english", "hindi"}, func(language, dir string) {
		noError(d.t, arrowfile.WriteRows(filepath.Join(dir, "articles.arrow"), 3, func(i int) schemas.ArticleRow {
			return schemas.ArticleRow{Language: language, ID: fmt.Sprint(i), URL: fmt.Sprintf("http://%s/%d", language, i),
				Summary: fmt.Sprintf("summary %s %d", language, i), Text: fmt.Sprintf("text %s %d", language, i), Digest: "digest"}
		}))
	})
	lists := func(path string, own bool) {
		var rows []schemas.NeighbourRow
		for i := range 3 {
			rank := int32(0)
			for _, j := range [][]int{{0, 1, 2}, {1, 0, 2}, {2, 0, 1}}[i] {
				if own && i == j {
					continue
				}
				score := float32(0.5)
				if i == j {
					score = 0.9
				}
				rows = append(rows, schemas.NeighbourRow{SourceID: fmt.Sprint(i), Rank: rank, TargetID: fmt.Sprint(j), Score: score})
				rank++
			}
		}
		noError(d.t, arrowfile.WriteRows(path, len(rows), func(i int) schemas.NeighbourRow { return rows[i] }))
	}
	neighbours = d.publish("neighbours", []string{"english-english", "english-hindi", "hindi-hindi"}, func(name, dir string) {
		lists(filepath.Join(dir, "forward.arrow"), name != "english-hindi")
		if name == "english-hindi" {
			lists(filepath.Join(dir, "backward.arrow"), false)
		}
	})
	return articles, neighbours
}

func TestNeighboursBecomeADataSetAndOnlyWhatIsDownstreamOfAChangeIsComputedAgain(t *testing.T) {
	d := newDataset(t)
	articles, neighbours := d.inputs()
	linkIn := schemas.LinkInput{Articles: articles, Neighbours: neighbours, Rule: "margin", Threshold: 1.05, DuplicateThreshold: 0.95, Neighbour: 3}
	links, computed := stage(d, schemas.Link, linkIn)
	if computed != 1 || links.Counts["accepted"] != 3 || links.Counts["components"] != 3 {
		t.Fatalf("link: computed %d, counts %v", computed, links.Counts)
	}
	splitIn := schemas.SplitInput{Articles: articles, Links: links, Params: schemas.Demo().Split, Seed: 1}
	splits, _ := stage(d, schemas.SplitDedup, splitIn)
	if splits.Counts["samples"] != 12 || splits.Counts["samples_native"] != 6 {
		t.Fatalf("split_dedup: counts %v", splits.Counts)
	}
	exportIn := schemas.ExportInput{Articles: articles, Links: links, Splits: splits, Mined: schemas.Mined{Crawl: "crawl",
		Encoder: schemas.EncoderParams{Name: "encoder"}, Rule: "margin", Threshold: 1.05}}
	exported, computed := stage(d, schemas.Export, exportIn)
	if computed != 3 || exported.Counts["samples"] != 12 {
		t.Fatalf("export: computed %d, counts %v", computed, exported.Counts)
	}
	var rows []byte
	for _, split := range []string{"train", "val", "test"} {
		if path := fmt.Sprintf("english-hindi_%s.jsonl", split); hasFile(t, d, exported, "english", path) {
			rows = append(rows, d.file(exported, "english", path)...)
		}
	}
	want := `{"source_url": "http://english/0", "target_url": "http://hindi/0", "summary": "summary hindi 0", "text": "text english 0"}`
	if bytes.Count(rows, []byte("\n")) != 3 || !bytes.Contains(rows, []byte(want)) {
		t.Errorf("english-hindi:\n%s", rows)
	}

	if card := d.file(exported, "README.md", "README.md"); !bytes.Contains(card, []byte("config_name: english-hindi")) {
		t.Errorf("the data card:\n%s", card)
	}
	exportIn.Mined.Threshold = 1.06
	if _, computed := stage(d, schemas.Export, exportIn); computed != 1 {
		t.Errorf("another threshold that gives the same pairs: export computed %d units, wanted the data card", computed)
	}

	if again, computed := stage(d, schemas.Link, linkIn); computed != 0 || !reflect.DeepEqual(again, links) {
		t.Errorf("the same input: computed %d, %+v", computed, again)
	}
	linkIn.Threshold = 1.06 // accepts the same pairs: pairs.arrow keeps its bytes, and what reads it keeps its key
	other, computed := stage(d, schemas.Link, linkIn)
	if computed != 1 || !bytes.Equal(d.file(other, "all", "pairs.arrow"), d.file(links, "all", "pairs.arrow")) {
		t.Errorf("another threshold: computed %d", computed)
	}
	splitIn.Links = other
	if again, computed := stage(d, schemas.SplitDedup, splitIn); computed != 0 || again.Index != splits.Index {
		t.Errorf("the same pairs: split_dedup computed %d", computed)
	}
	splitIn.Seed = 2
	if _, computed := stage(d, schemas.SplitDedup, splitIn); computed != 1 {
		t.Errorf("another seed: split_dedup computed %d", computed)
	}
}

func hasFile(t *testing.T, d *dataset, ref schemas.Ref, unit, name string) bool {
	t.Helper()
	index, err := d.store.Index(ref)
	noError(t, err)
	for _, u := range index.Units {
		if _, ok := u.Files[name]; ok && u.Name == unit {
			return true
		}
	}
	return false
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
