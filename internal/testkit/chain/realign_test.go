package chain_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"crosssum/internal/artifact/store"
	"crosssum/internal/crawl/catalogue"
	"crosssum/internal/testkit/chain"
	"crosssum/schemas"

	"go.temporal.io/sdk/client"
)

// realign runs Realign to its end.
func realign(t *testing.T, c *chain.Chain, w *chain.Worker, name, params string) schemas.RealignResult {
	t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()
	var result schemas.RealignResult
	if err := c.Start(schemas.RealignWorkflow, name, params).Get(ctx, &result); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, w.Log())
	}
	t.Logf("%s took %s", name, time.Since(began).Round(time.Second/10))
	return result
}

// ledger reads a catalogue.
func ledger(t *testing.T, w *chain.Worker, name string) []schemas.Entry {
	t.Helper()
	s, err := store.Open(w.Store)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := catalogue.History(s, name)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// states are the entries of a ledger without its name and what follows from it.
func states(t *testing.T, w *chain.Worker, name string) string {
	t.Helper()
	var b bytes.Buffer
	for _, e := range ledger(t, w, name) {
		e.Name, e.Previous, e.Object, e.Params.Catalogue = "", "", "", ""
		json.NewEncoder(&b).Encode(e)
	}
	return b.String()
}

func figures(e schemas.Entry) string {
	var parts []string
	for _, name := range []string{"read", "accepted", "rejected", "deleted", "failed_files", "new", "edited", "unchanged", "withdrawn", "articles"} {
		parts = append(parts, fmt.Sprint(e.Counts[name]))
	}
	return strings.Join(parts, " ")
}

// digests of the files of a sealed stage, by unit: what the bytes are, without what they cost.
func digests(t *testing.T, w *chain.Worker, ref schemas.Ref) string {
	t.Helper()
	s, err := store.Open(w.Store)
	if err != nil {
		t.Fatal(err)
	}
	var index schemas.Index
	if err := s.GetJSON(ref.Index, &index); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, u := range index.Units {
		for _, name := range slices.Sorted(maps.Keys(u.Files)) {
			fmt.Fprintf(&b, "%s %s/%s %s\n", ref.Stage, u.Name, name, u.Files[name].Digest)
		}
	}
	return b.String()
}

// fromNews names its rule, so that the saved history does not depend on a preset's.
const fromNews = `{"crawls": "news", "catalogue": %q, "align": {"rule": "margin"}}`

func TestCrawlsTakenOneByOneTogetherOrByRivalsThatDieEndInTheSameLedger(t *testing.T) {
	t.Parallel()
	c := chain.New(t)
	n := newNews(c)
	calm := c.StartWorker("calm")

	// Given a catalogue that took three crawls, a run each,
	for k := 1; k <= 3; k++ {
		n.week(k)
		r := realign(t, c, calm, fmt.Sprint("week", k), fmt.Sprintf(fromNews, "weekly"))
		if r.Number != k || len(r.Taken) != 1 || r.Taken[0].Crawl != fmt.Sprint("news/w", k) {
			t.Fatalf("week %d: %+v", k, r)
		}
	}
	replays(t, c, "week3", "realign.json")
	entries := ledger(t, calm, "weekly")
	for i, want := range []string{ // read accepted rejected deleted failed_files new edited unchanged withdrawn articles
		"72 72 0 0 0 72 0 0 0 72",
		"72 70 1 1 0 63 1 6 1 134",
		"42 42 0 0 1 6 0 36 4 136",
	} {
		if got := figures(entries[i]); got != want {
			t.Errorf("entry %d counts %s, wanted %s", i+1, got, want)
		}
	}
	if f := entries[2].Files; len(f) != 2 || f[1].Language != "russian" || f[1].State != schemas.FileFailed {
		t.Errorf("files of the third crawl: %+v", f)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(calm.Store), "runs/week3/dataset/README.md")); err != nil {
		t.Errorf("the data set: %v", err)
	}

	// when another catalogue takes them in one run, then its entries are the same, and its crawls are taken once;
	if r := realign(t, c, calm, "together", fmt.Sprintf(fromNews, "together")); len(r.Taken) != 3 {
		t.Errorf("together: %+v", r)
	}
	if got, want := states(t, calm, "together"), states(t, calm, "weekly"); got != want {
		t.Errorf("taken together:\n%s\nwanted\n%s", got, want)
	}
	if r := realign(t, c, calm, "idle", fmt.Sprintf(fromNews, "weekly")); len(r.Taken) != 0 || r.Number != 3 {
		t.Errorf("nothing waits: %+v", r)
	}

	// when a schedule runs it, then it takes what waits, once, whatever was missed;
	scheduled(t, c, calm, n)
	calm.Stop()

	// when the same articles are mined from scratch over the same embedded texts, then neighbours, pairs and components are the same;
	fromScratch(t, c, calm, ledger(t, calm, "weekly")[4])

	// when two runs take the crawls at the same time and their worker is killed again and again, then the ledger is the same.
	rivals := []client.WorkflowRun{c.Start(schemas.RealignWorkflow, "rival1", fmt.Sprintf(fromNews, "weekly")),
		c.Start(schemas.RealignWorkflow, "rival2", fmt.Sprintf(fromNews, "weekly"))}
	storm := chain.Storm{Points: []string{"before-ref:3", "after-ref:4"}}
	damage, stormy := storm.Blow(c, "rivals", rivals[0])
	times := map[string]int{}
	for _, run := range rivals {
		var r schemas.RealignResult
		if err := run.Get(context.Background(), &r); err != nil {
			t.Fatalf("%s: %v\n%s", run.GetID(), err, stormy.Log())
		}
		for _, crawl := range r.Taken {
			times[crawl.Crawl]++
		}
	}
	t.Logf("killed at %v; crawls taken: %v", damage.Points, times)
	if len(damage.Points) != len(storm.Points) || len(times) != 5 {
		t.Errorf("killed at %v; crawls %v", damage.Points, times)
	}
	got, want := ledger(t, stormy, "weekly"), ledger(t, calm, "weekly")
	if len(got) != len(want) {
		t.Fatalf("%d entries, wanted %d", len(got), len(want))
	}
	for i := range want {
		if got[i].Object != want[i].Object {
			t.Errorf("entry %d of the rivals is\n%+v\nwanted\n%+v", i+1, got[i], want[i])
		}
	}
}

// fromScratch mines the articles of an entry as one crawl, in a store that has nothing but the embedded texts.
func fromScratch(t *testing.T, c *chain.Chain, calm *chain.Worker, entry schemas.Entry) {
	t.Helper()
	w := c.StartWorker("scratch")
	defer w.Stop()
	for _, part := range []string{"objects", "refs/embeddings"} {
		if err := os.CopyFS(filepath.Join(w.Store, part), os.DirFS(filepath.Join(calm.Store, part))); err != nil {
			t.Fatal(err)
		}
	}
	crawl(t, calm, entry.Articles, filepath.Join(c.Dir, "crawls/merged"))
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()
	run := c.Start(schemas.RealignWorkflow, "scratch", `{"crawl": "merged", "catalogue": "scratch", "align": {"rule": "margin"}}`)
	var r schemas.RealignResult
	if err := run.Get(ctx, &r); err != nil {
		t.Fatalf("%v\n%s", err, w.Log())
	}
	scratch := ledger(t, w, "scratch")[0]
	for _, stage := range []struct{ got, want schemas.Ref }{{scratch.Neighbours, entry.Neighbours}, {scratch.Links, entry.Links}} {
		if got, want := digests(t, w, stage.got), digests(t, calm, stage.want); got != want || got == "" {
			t.Errorf("mined from scratch:\n%s\nafter five crawls:\n%s", got, want)
		}
	}
}
