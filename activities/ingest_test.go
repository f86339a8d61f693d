package activities

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/store"
	"crosssum/schemas"

	"go.temporal.io/sdk/testsuite"
)

// ingestHost runs scan and ingest as Temporal does, over a store of its own and the crawl "c" with these files.
func ingestHost(t *testing.T, files map[string]string) (*testsuite.TestActivityEnvironment, *Activities, string) {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		os.MkdirAll(filepath.Dir(path), 0o755)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	a := &Activities{Config{Store: s, CrawlRoots: []string{root}}}
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	registerOne(env, a, schemas.ScanActivity, a.scan)
	define(schemas.Ingest, openIngest).register(env, a)
	return env, a, root
}

func scanCrawl(t *testing.T, env *testsuite.TestActivityEnvironment) schemas.Scanned {
	t.Helper()
	value, err := env.ExecuteActivity("scan", schemas.ScanInput{Crawl: "c"})
	if err != nil {
		t.Fatal(err)
	}
	var scanned schemas.Scanned
	if err := value.Get(&scanned); err != nil {
		t.Fatal(err)
	}
	return scanned
}

func planned(t *testing.T, env *testsuite.TestActivityEnvironment, in schemas.IngestInput) schemas.Planned {
	t.Helper()
	value, err := env.ExecuteActivity("ingest.plan", in)
	if err != nil {
		t.Fatal(err)
	}
	var p schemas.Planned
	if err := value.Get(&p); err != nil {
		t.Fatal(err)
	}
	return p
}

const article = `{"id":"a","summary":"s","text":"x"}` + "\n"

var lenient = schemas.IngestParams{MaxLineBytes: 1 << 16, MaxFileBytes: 1 << 20, RejectFraction: 0.5}

func TestACrawlIsScannedIngestedAndNotIngestedTwice(t *testing.T) {
	env, a, root := ingestHost(t, map[string]string{"c/english.jsonl": article + "bad\n", "c/german_val.jsonl": article, "gold/c.tsv.gz": "gold"})
	in := schemas.IngestInput{Scanned: scanCrawl(t, env), Params: lenient}
	if path, err := a.Store.Path(in.Scanned.Gold); err != nil || in.Scanned.Count != 2 {
		t.Errorf("%+v: %v", in.Scanned, err)
	} else if b, _ := os.ReadFile(path); string(b) != "gold" {
		t.Errorf("gold is %q", b)
	}
	p := planned(t, env, in)
	if p.Total != 2 || p.Reused != 0 || len(p.Missing) != 1 {
		t.Fatalf("%+v", p)
	}
	if _, err := env.ExecuteActivity("ingest", schemas.Work[schemas.IngestInput]{Input: in, Units: p.Missing[0]}); err != nil {
		t.Fatal(err)
	}
	p = planned(t, env, in)
	if p.Ref == nil || p.Reused != 2 || p.Ref.Counts["read"] != 3 || p.Ref.Counts["accepted"] != 2 || p.Ref.Counts["rejected_not_json"] != 1 {
		t.Fatalf("%+v", p)
	}
	_, paths, _, err := a.Store.Files(*p.Ref, "articles.arrow")
	if err != nil {
		t.Fatal(err)
	}
	err = arrowfile.Each(paths[1], func(r *schemas.ArticleRow) error {
		if r.Language != "german" || r.Label != "val" || len(r.Digest) != 64 {
			t.Errorf("%s %s %s", r.Language, r.Label, r.Digest)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	// A changed file makes its own language missing, and no other.
	os.WriteFile(filepath.Join(root, "c/english.jsonl"), []byte(article), 0o644)
	in.Scanned = scanCrawl(t, env)
	if p = planned(t, env, in); p.Reused != 1 || len(p.Missing[0]) != 1 || p.Missing[0][0].Name != "english" {
		t.Errorf("%+v", p)
	}
}

func TestFaultsOfACrawlAreNotRetried(t *testing.T) {
	env, _, root := ingestHost(t, map[string]string{"c/english.jsonl": "bad\nbad\n"})
	in := schemas.IngestInput{Scanned: scanCrawl(t, env), Params: lenient}
	work := schemas.Work[schemas.IngestInput]{Input: in, Units: planned(t, env, in).Missing[0]}
	if _, err := env.ExecuteActivity("ingest", work); err == nil || !strings.Contains(err.Error(), "type: "+schemas.RejectBudget+", retryable: false") {
		t.Errorf("%v", err)
	}
	os.Remove(filepath.Join(root, "c/english.jsonl"))
	if _, err := env.ExecuteActivity("ingest", work); err == nil || !strings.Contains(err.Error(), "type: "+schemas.InvalidInput+", retryable: false") {
		t.Errorf("%v", err)
	}
	for _, name := range []string{"../c", "nothing", ""} {
		if _, err := env.ExecuteActivity("scan", schemas.ScanInput{Crawl: name}); err == nil || !strings.Contains(err.Error(), "retryable: false") {
			t.Errorf("%q: %v", name, err)
		}
	}
}
