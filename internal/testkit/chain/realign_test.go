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

	"crosssum/internal/arrowfile"
	"crosssum/internal/catalogue"
	"crosssum/internal/schedules"
	"crosssum/internal/store"
	"crosssum/internal/testkit/chain"
	"crosssum/schemas"

	"go.temporal.io/sdk/client"
)

// news lays out the crawls of three weeks, cut from the toy corpus, each when it is called for.
type news struct {
	c    *chain.Chain
	rows map[string][]string // lines by language
}

func newNews(c *chain.Chain) *news {
	n := &news{c, map[string][]string{}}
	for _, language := range []string{"english", "french", "russian"} {
		b, err := os.ReadFile("../toy/" + language + ".jsonl")
		if err != nil {
			c.T.Fatal(err)
		}
		for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
			if json.Valid([]byte(line)) { // one is broken on purpose
				n.rows[language] = append(n.rows[language], line)
			}
		}
	}
	return n
}

// week writes crawl number k of the folder "news".
func (n *news) week(k int) {
	english, french, russian := n.rows["english"], n.rows["french"], n.rows["russian"]
	switch k {
	case 1: // two languages
		n.crawl("w1", "delta", map[string][]string{"english": english[:32], "french": french[:40]})
	case 2: // a whole language comes late; an article is edited, one is withdrawn, some come again unchanged; a broken row
		edited := strings.Replace(english[3], `"summary": "`, `"summary": "Once more: `, 1)
		n.crawl("w2", "delta", map[string][]string{"russian": russian, "french": append([]string{"{broken"}, french[:6]...),
			"english": append([]string{edited, `{"id": ` + id(english[5]) + `, "deleted": true}`}, english[32:]...)})
	case 3: // a snapshot of one language, and a file of another that is broken
		n.crawl("w3", "snapshot", map[string][]string{"french": french[4:], "russian": {"{", "[", russian[0]}})
	case 4: // nothing at all
		n.crawl("w4", "delta", nil)
	case 5: // what was withdrawn comes back
		n.crawl("w5", "delta", map[string][]string{"french": french[:2]})
	}
}

func (n *news) crawl(name, mode string, files map[string][]string) {
	folder := filepath.Join(n.c.Dir, "crawls/news", name)
	write := func(file, text string) {
		if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o644); err != nil {
			n.c.T.Fatal(err)
		}
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		n.c.T.Fatal(err)
	}
	for file, lines := range files {
		write(file+".jsonl", strings.Join(lines, "\n")+"\n")
	}
	write("crawl.json", fmt.Sprintf(`{"mode": %q}`, mode))
}

// id is the JSON of a row's id.
func id(line string) string {
	var row struct{ ID json.RawMessage }
	json.Unmarshal([]byte(line), &row)
	return string(row.ID)
}

// realign runs Realign to its end.
func realign(t *testing.T, c *chain.Chain, w *chain.Worker, name, params string) schemas.RealignResult {
	t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
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

const fromNews = `{"crawls": "news", "catalogue": %q}`

func TestCrawlsTakenOneByOneTogetherOrByRivalsThatDieEndInTheSameLedger(t *testing.T) {
	c := chain.New(t, "../../..")
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

// scheduled makes a schedule for the catalogue "weekly", which has three entries, and ends with five.
func scheduled(t *testing.T, c *chain.Chain, w *chain.Worker, n *news) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%v\n%s", err, w.Log())
		}
	}
	o := schedules.Options{ID: "news", Every: 168 * time.Hour, CatchUp: time.Hour, Timeout: time.Hour, Queue: string(schemas.QueueMain),
		Params: schemas.RawParams(fmt.Sprintf(fromNews, "weekly"))}
	check(schedules.Create(ctx, c.Client, o))
	if err := schedules.Create(ctx, c.Client, o); err == nil || !strings.Contains(err.Error(), "there is one already") {
		t.Errorf("a second schedule of one id: %v", err)
	}

	n.week(4) // nothing at all: an entry that changes nothing
	run, err := schedules.Trigger(ctx, c.Client, "news")
	check(err)
	var r schemas.RealignResult
	check(c.Client.GetWorkflow(ctx, run, "").Get(ctx, &r))
	if r.Number != 4 || len(r.Taken) != 1 || r.Taken[0].Counts["articles"] != 136 || r.Taken[0].Counts["moved"] != 0 {
		t.Errorf("the empty crawl: %+v", r)
	}

	// Two times come while nobody works; the next worker makes up for them.
	w.Stop()
	n.week(5)
	_, err = schedules.Trigger(ctx, c.Client, "news")
	check(err)
	check(c.Client.ScheduleClient().GetHandle(ctx, "news").Trigger(ctx, client.ScheduleTriggerOptions{}))
	missed := lastRun(t, c)
	*w = *c.StartWorker("calm")
	check(c.Client.GetWorkflow(ctx, missed.Last, missed.LastRun).Get(ctx, &r))
	if r.Number != 5 || len(r.Taken) != 1 || r.Taken[0].Counts["new"] != 2 {
		t.Errorf("the missed run: %+v", r)
	}
	for ; ; time.Sleep(200 * time.Millisecond) {
		check(ctx.Err())
		if last := lastRun(t, c); last.LastRun != missed.LastRun {
			check(c.Client.GetWorkflow(ctx, last.Last, last.LastRun).Get(ctx, &r))
			break
		}
	}
	if r.Number != 5 || len(r.Taken) != 0 {
		t.Errorf("the run that had waited behind it: %+v", r)
	}

	check(schedules.Pause(ctx, c.Client, "news", "holidays"))
	if all, err := schedules.List(ctx, c.Client); err != nil || !all[0].Paused || all[0].Note != "holidays" {
		t.Errorf("paused: %+v, %v", all, err)
	}
	check(schedules.Resume(ctx, c.Client, "news", ""))
	check(schedules.Delete(ctx, c.Client, "news"))
	o.ID, o.Every, o.Cron = "monday", 0, "CRON_TZ=Europe/Berlin 0 6 * * MON"
	check(schedules.Create(ctx, c.Client, o))
	if all, err := schedules.List(ctx, c.Client); err != nil || all[len(all)-1].When != o.Cron || all[len(all)-1].Next[0].UTC().Weekday() != time.Monday {
		t.Errorf("a cron expression: %+v, %v", all, err)
	}
	check(schedules.Delete(ctx, c.Client, "monday"))
	if _, err := schedules.Trigger(ctx, c.Client, "news"); err == nil || !strings.Contains(err.Error(), `no schedule "news"`) {
		t.Errorf("a deleted schedule: %v", err)
	}
}

// lastRun reads the only schedule that there is.
func lastRun(t *testing.T, c *chain.Chain) schedules.Schedule {
	t.Helper()
	all, err := schedules.List(context.Background(), c.Client)
	if err != nil || len(all) != 1 || all[0].When != "every 168h" || len(all[0].Next) == 0 {
		t.Fatalf("the list: %+v, %v", all, err)
	}
	return all[0]
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
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	run := c.Start(schemas.RealignWorkflow, "scratch", `{"crawl": "merged", "catalogue": "scratch"}`)
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

// crawl writes articles as a crawl folder.
func crawl(t *testing.T, w *chain.Worker, articles schemas.Ref, folder string) {
	t.Helper()
	s, err := store.Open(w.Store)
	if err == nil {
		err = os.MkdirAll(folder, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	var index schemas.Index
	if err := s.GetJSON(articles.Index, &index); err != nil {
		t.Fatal(err)
	}
	for _, u := range index.Units {
		path, err := s.File(u, "articles.arrow")
		if err != nil {
			t.Fatal(err)
		}
		files := map[string]*bytes.Buffer{}
		err = arrowfile.Each(path, schemas.Article, func(r arrowfile.Row) error {
			name := strings.TrimSuffix(u.Name+"_"+r.Str(7), "_") // by label
			if files[name] == nil {
				files[name] = &bytes.Buffer{}
			}
			return json.NewEncoder(files[name]).Encode(map[string]any{"id": r.Str(1), "url": r.Str(2), "title": r.Str(3), "summary": r.Str(4),
				"text": r.Str(5), "images": r.Strs(6)})
		})
		if err != nil {
			t.Fatal(err)
		}
		for name, b := range files {
			if err := os.WriteFile(filepath.Join(folder, name+".jsonl"), b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
