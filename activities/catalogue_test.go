package activities

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"crosssum/internal/arrowfile"
	"crosssum/internal/catalogue"
	"crosssum/internal/corpus"
	"crosssum/internal/link"
	"crosssum/internal/store"
	"crosssum/schemas"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"
)

// crawlRow is a row of a crawl: an article, or the deletion of one.
type crawlRow struct {
	ID      string   `json:"id"`
	URL     string   `json:"url,omitempty"`
	Summary string   `json:"summary,omitempty"`
	Text    string   `json:"text,omitempty"`
	Images  []string `json:"images,omitempty"`
	Deleted bool     `json:"deleted,omitempty"`
}

// testCrawl is a crawl: its mode, and its rows by file.
type testCrawl struct {
	name, mode string
	files      map[string][]crawlRow // "hindi_test" -> rows
}

func (c testCrawl) write(t *testing.T, root string) {
	t.Helper()
	dir := filepath.Join(root, "weekly", c.name)
	noError(t, os.MkdirAll(dir, 0o755))
	for name, rows := range c.files {
		var b strings.Builder
		for _, r := range rows {
			line, _ := json.Marshal(r)
			b.Write(append(line, '\n'))
		}
		put(t, filepath.Join(dir, name+".jsonl"), b.String())
	}
	put(t, filepath.Join(dir, "crawl.json"), fmt.Sprintf(`{"mode":%q}`, c.mode))
}

// plainWorld is what a crawl must come to: a replay on plain maps. Language -> id -> the row and its file's split.
type plainWorld map[string]map[string]labelled

type labelled struct {
	row   crawlRow
	label string
}

func (w plainWorld) take(c testCrawl) {
	said := map[string]map[string]bool{}
	for _, file := range slices.Sorted(maps.Keys(c.files)) {
		language, label, _ := strings.Cut(file, "_")
		if said[language] == nil {
			said[language] = map[string]bool{}
		}
		if w[language] == nil {
			w[language] = map[string]labelled{}
		}
		for _, r := range c.files[file] {
			switch {
			case said[language][r.ID]: // a second row of one identity
				continue
			case r.Deleted:
				delete(w[language], r.ID)
			default:
				w[language][r.ID] = labelled{r, label}
			}
			said[language][r.ID] = true
		}
	}
	for language, ids := range said {
		for id := range w[language] {
			if c.mode == schemas.ModeSnapshot && !ids[id] {
				delete(w[language], id)
			}
		}
	}
}

// crawl is the world as one crawl from scratch.
func (w plainWorld) crawl() testCrawl {
	c := testCrawl{"scratch", schemas.ModeDelta, map[string][]crawlRow{}}
	for language, articles := range w {
		for _, id := range slices.Sorted(maps.Keys(articles)) {
			file := language
			if label := articles[id].label; label != "" {
				file += "_" + label
			}
			c.files[file] = append(c.files[file], articles[id].row)
		}
	}
	return c
}

var crawlLanguages = []string{"english", "german", "hindi", "swahili"}

// randomCrawls are a history of a catalogue: deltas and snapshots, edits, withdrawals, duplicates across crawls, a language
// that comes late, a crawl without rows and one without files.
func randomCrawls(random *rand.Rand) []testCrawl {
	var crawls []testCrawl
	for n := range 6 {
		c := testCrawl{fmt.Sprintf("2026-%02d", n), schemas.ModeDelta, map[string][]crawlRow{}}
		if random.Intn(4) == 0 {
			c.mode = schemas.ModeSnapshot
		}
		languages := crawlLanguages[:3]
		if n > 2 {
			languages = crawlLanguages
		}
		for _, language := range languages {
			split := []string{"", "", "", "_train", "_val", "_test"}[random.Intn(6)]
			switch random.Intn(6) {
			case 0:
				continue
			case 1:
				c.files[language+split] = []crawlRow{}
				continue
			}
			for range 4 + random.Intn(14) {
				id := fmt.Sprint(random.Intn(22))
				r := crawlRow{ID: id, Deleted: true}
				if random.Intn(7) > 0 {
					topic := random.Intn(16)
					r = crawlRow{ID: id, URL: "u" + id, Text: fmt.Sprint("text ", random.Intn(3)),
						Summary: fmt.Sprintf("topic %d in %s, %d", topic, language, random.Intn(3))}
					if random.Intn(3) == 0 {
						r.Images = []string{fmt.Sprint("image ", topic)}
					}
				}
				c.files[language+split] = append(c.files[language+split], r)
			}
		}
		if n == 1+random.Intn(4) {
			c.files = map[string][]crawlRow{}
		}
		crawls = append(crawls, c)
	}
	return crawls
}

// topicVector is a stand-in for an encoder, a pure function of the text: a unit vector near that of its topic.
func topicVector(summary string) []float64 {
	topic, _, _ := strings.Cut(summary, " in ")
	v := make([]float64, 6)
	sum := 0.0
	for i, b := range [2][32]byte{sha256.Sum256([]byte(topic)), sha256.Sum256([]byte(summary))} {
		for j := range v {
			v[j] += []float64{1, 0.1}[i] * (float64(binary.LittleEndian.Uint16(b[2*j:]))/32768 - 1)
		}
	}
	for _, x := range v {
		sum += x * x
	}
	for j := range v {
		v[j] /= math.Sqrt(sum)
	}
	return v
}

// miner takes crawls into a catalogue by the stages' own code; only vectors and search are stand-ins.
type miner struct {
	t     *testing.T
	a     *Activities
	root  string
	rule  string
	crash func(point string) bool // a run ends here when it says so
}

func newMiner(t *testing.T, rule string) *miner {
	s, err := store.Open(t.TempDir())
	noError(t, err)
	root := t.TempDir()
	noError(t, os.MkdirAll(filepath.Join(root, "weekly"), 0o755))
	return &miner{t, &Activities{Config{Store: s, CrawlRoots: []string{root}}}, root, rule, func(string) bool { return false }}
}

func (m *miner) scan(crawl string) schemas.Scanned {
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.RegisterActivityWithOptions(m.a.Scan, activity.RegisterOptions{Name: "scan"})
	value, err := env.ExecuteActivity("scan", schemas.ScanInput{Crawl: crawl, Ledger: true})
	noError(m.t, err)
	var scanned schemas.Scanned
	noError(m.t, value.Get(&scanned))
	return scanned
}

// nearest publishes the neighbour lists of all articles by comparing each with each: up to 4, by cosine.
func (m *miner) nearest(articles schemas.Ref) schemas.Ref {
	units, paths, digests, err := m.a.files(articles, "articles.arrow")
	noError(m.t, err)
	ids, vectors := make([][]string, len(units)), make([][][]float64, len(units))
	for i, path := range paths {
		noError(m.t, arrowfile.Each(path, schemas.Article, func(r arrowfile.Row) error {
			ids[i], vectors[i] = append(ids[i], arrowfile.Clone(r.Str(1))), append(vectors[i], topicVector(r.Str(4)))
			return nil
		}))
	}
	lists := func(path string, i, j int) {
		var rows [][]any
		for a, v := range vectors[i] {
			type found struct {
				id    string
				score float32
			}
			var all []found
			for b, w := range vectors[j] {
				dot := 0.0
				for k := range v {
					dot += v[k] * w[k]
				}
				if i != j || a != b {
					all = append(all, found{ids[j][b], float32(dot)})
				}
			}
			slices.SortFunc(all, func(x, y found) int { return cmp.Or(cmp.Compare(y.score, x.score), cmp.Compare(x.id, y.id)) })
			for rank, f := range all[:min(4, len(all))] {
				rows = append(rows, []any{ids[i][a], int32(rank), f.id, f.score})
			}
		}
		noError(m.t, link.WriteRows(path, schemas.Neighbour, len(rows), func(i int) []any { return rows[i] }))
	}
	index := schemas.Index{Stage: "neighbours"}
	for i, a := range units {
		for j, b := range units[i:] {
			draft, err := m.a.Store.Draft()
			noError(m.t, err)
			lists(filepath.Join(draft.Dir, "forward.arrow"), i, i+j)
			if j > 0 {
				lists(filepath.Join(draft.Dir, "backward.arrow"), i+j, i)
			}
			name := a.Name + "-" + b.Name
			u, other, err := draft.Publish("neighbours", store.Key("neighbours", 1, []string{name, digests[i], digests[i+j]}), name, nil)
			if noError(m.t, err); other {
				m.t.Errorf("neighbours %s: the same articles gave other lists", name)
			}
			index.Units = append(index.Units, u)
		}
	}
	file, err := m.a.Store.PutJSON(index)
	noError(m.t, err)
	return schemas.Ref{Stage: "neighbours", Index: file.Digest, Units: len(index.Units)}
}

func (m *miner) link(articles, neighbours schemas.Ref) schemas.Ref {
	return finish(m.t, m.a, linkDefinition, schemas.LinkInput{Articles: articles, Neighbours: neighbours, Rule: m.rule,
		Threshold: map[string]float64{"margin": 1.02, "mutual": 0.99, "seed": 0.99, "induced": 0.99}[m.rule], DuplicateThreshold: 0.9999, Neighbour: 4})
}

// run takes at most so many of the crawls that wait, as Realign does, and says how many. It may crash, or lose a race.
func (m *miner) run(most int) (taken int) {
	for taken < most {
		entries, err := catalogue.History(m.a.Store, "news")
		noError(m.t, err)
		names, err := corpus.Crawls(m.a.CrawlRoots, "weekly")
		noError(m.t, err)
		var next *schemas.Scanned
		for _, name := range names {
			if scanned := m.scan(name); catalogue.Contains(entries, scanned.Digest) == 0 {
				next = &scanned
				break
			}
		}
		if next == nil {
			return taken
		}
		entry := schemas.Catalogue{Name: "news", Number: 1, Crawl: next.Crawl, Digest: next.Digest, Mode: next.Mode, Counts: map[string]int64{}}
		ingested := finish(m.t, m.a, ingestDefinition, schemas.IngestInput{Scanned: *next, Params: lenient, Tolerant: true})
		merge := schemas.MergeInput{Ingested: ingested, Mode: next.Mode}
		split := schemas.SplitInput{Params: schemas.Demo().Split, Seed: 1}
		if n := len(entries); n > 0 {
			merge.Previous, split.Earlier = &entries[n-1].Articles, &entries[n-1].Splits
			entry.Number, entry.Previous = n+1, entries[n-1].Object
		}
		if m.crash("ingested") {
			return taken
		}
		entry.Articles = finish(m.t, m.a, mergeDefinition, merge)
		entry.Neighbours = m.nearest(entry.Articles)
		if m.crash("searched") {
			return taken
		}
		entry.Links = m.link(entry.Articles, entry.Neighbours)
		split.Articles, split.Links = entry.Articles, entry.Links
		entry.Splits = finish(m.t, m.a, splitDefinition, split)
		if m.crash("split") {
			return taken
		}
		for name, n := range ingested.Counts {
			entry.Counts[name] = n
		}
		if c, got := entry.Articles.Counts, ingested.Counts; got["read"] != got["accepted"]+got["rejected"]+got["deleted"] ||
			got["accepted"] != c["new"]+c["edited"]+c["unchanged"] {
			m.t.Errorf("crawl %s: read %v, merged %v", next.Crawl, got, c)
		}
		_, mine, err := catalogue.Take(m.a.Store, entry)
		if noError(m.t, err); mine {
			taken++
		}
		if m.crash("taken") {
			return taken
		}
	}
	return taken
}

func (m *miner) history() []schemas.Entry {
	entries, err := catalogue.History(m.a.Store, "news")
	noError(m.t, err)
	return entries
}

// TestACatalogueIsItsCrawlsReplayedHoweverTheyWereTaken: after every crawl the articles are those of a replay on maps, and
// articles and links have the bytes of mining the same articles from scratch; no article is tested on that was ever trained
// on, or is linked to one that was; and runs that take a crawl at a time, crash and begin again, or overlap, write
// byte for byte the ledger of one run that takes all.
func TestACatalogueIsItsCrawlsReplayedHoweverTheyWereTaken(t *testing.T) {
	for seed, rule := range []string{"margin", "induced"} { // another rule is another function of the same articles and lists
		t.Run(rule, func(t *testing.T) {
			t.Parallel() // most of the time is spent in waiting for the disk
			random := rand.New(rand.NewSource(int64(seed)))
			crawls := randomCrawls(random)
			whole := newMiner(t, rule)
			for _, c := range crawls {
				c.write(t, whole.root)
			}
			if taken := whole.run(100); taken != len(crawls) {
				t.Fatalf("one run took %d of %d crawls", taken, len(crawls))
			}
			entries, world, ever := whole.history(), plainWorld{}, map[string]bool{}
			linked, moved := int64(0), int64(0)
			for i, e := range entries {
				world.take(crawls[i])
				sameAsFromScratch(t, whole, e, world)
				leaksNothing(t, whole, e, ever)
				linked, moved = linked+e.Links.Counts["accepted"], moved+e.Splits.Counts["moved"]
			}
			if linked == 0 || moved == 0 {
				t.Errorf("the crawls show too little: %d pairs, %d moved", linked, moved)
			}
			sameLedger(t, "a crawl a run", entries, cutIntoRuns(t, rule, crawls, func(int) int { return 1 }, 0, random))
			sameLedger(t, "runs that crash", entries, cutIntoRuns(t, rule, crawls, func(waiting int) int { return 1 + random.Intn(waiting) }, 0.3, random))
			sameLedger(t, "runs that overlap", entries, overlap(t, rule, crawls))
		})
	}
}

// sameLedger compares the ledger of another way to take the same crawls, entry by entry and byte for byte.
func sameLedger(t *testing.T, way string, want []schemas.Entry, other *miner) {
	t.Helper()
	got := other.history()
	if len(got) != len(want) {
		t.Fatalf("%s: %d entries, wanted %d", way, len(got), len(want))
	}
	for i := range want {
		if got[i].Object != want[i].Object {
			t.Fatalf("%s: entry %d is %+v, wanted %+v", way, i+1, got[i], want[i])
		}
	}
}

// cutIntoRuns writes the crawls bit by bit, and runs in between until nothing waits; a share of the points crashes a run.
func cutIntoRuns(t *testing.T, rule string, crawls []testCrawl, cut func(waiting int) int, crashes float64, random *rand.Rand) *miner {
	m := newMiner(t, rule)
	m.crash = func(string) bool { return random.Float64() < crashes }
	for len(crawls) > 0 {
		n := cut(len(crawls))
		for _, c := range crawls[:n] {
			c.write(t, m.root)
		}
		crawls = crawls[n:]
		for want := len(m.history()) + n; len(m.history()) < want; {
			m.run(1 + random.Intn(3))
		}
	}
	return m
}

// overlap lets two runs go over the same crawls at once.
func overlap(t *testing.T, rule string, crawls []testCrawl) *miner {
	m := newMiner(t, rule)
	for _, c := range crawls {
		c.write(t, m.root)
	}
	var runs sync.WaitGroup
	for range 2 {
		runs.Go(func() { m.run(100) })
	}
	runs.Wait()
	return m
}

// sameAsFromScratch ingests and links the world in a store of its own.
func sameAsFromScratch(t *testing.T, m *miner, e schemas.Entry, world plainWorld) {
	t.Helper()
	scratch := newMiner(t, m.rule)
	world.crawl().write(t, scratch.root)
	articles := finish(t, scratch.a, ingestDefinition, schemas.IngestInput{Scanned: scratch.scan("weekly/scratch"), Params: lenient})
	digests := func(m *miner, ref schemas.Ref, name string) map[string]string {
		index, err := m.a.index(ref)
		noError(t, err)
		out := map[string]string{}
		for _, u := range index.Units {
			if n, counted := u.Counts["articles"]; !counted || n > 0 { // a language that all articles left is none
				out[u.Name] = u.Files[name].Digest
			}
		}
		return out
	}
	if got, want := digests(m, e.Articles, "articles.arrow"), digests(scratch, articles, "articles.arrow"); !maps.Equal(got, want) {
		t.Fatalf("entry %d: articles %v, from scratch %v", e.Number, got, want)
	}
	if n := e.Articles.Counts["articles"]; n != articles.Counts["accepted"] {
		t.Fatalf("entry %d counts %d articles, there are %d", e.Number, n, articles.Counts["accepted"])
	}
	neighbours := scratch.nearest(articles)
	links := scratch.link(articles, neighbours)
	for _, name := range []string{"pairs.arrow", "duplicates.arrow", "components.arrow"} {
		if got, want := digests(m, e.Links, name), digests(scratch, links, name); !maps.Equal(got, want) {
			t.Fatalf("entry %d: %s is not that of mining from scratch", e.Number, name)
		}
	}
	got, want := digests(m, e.Neighbours, "forward.arrow"), digests(scratch, neighbours, "forward.arrow")
	for pair := range want {
		if got[pair] != want[pair] {
			t.Fatalf("entry %d: neighbours of %s are not those from scratch", e.Number, pair)
		}
	}
}

// leaksNothing reads splits and components; ever holds the articles that were in train so far.
func leaksNothing(t *testing.T, m *miner, e schemas.Entry, ever map[string]bool) {
	t.Helper()
	path, err := m.a.fileOf(e.Splits, "all", "splits.arrow")
	noError(t, err)
	split, component := map[string]string{}, map[string]string{}
	trained, tested := map[string]string{}, map[string]string{} // component -> an article of it that was ever in train, or is held out now
	noError(t, arrowfile.Each(path, schemas.Split, func(r arrowfile.Row) error {
		name := arrowfile.Clone(r.Str(0) + "/" + r.Str(1))
		split[name], component[name] = arrowfile.Clone(r.Str(3)), arrowfile.Clone(r.Str(2))
		if split[name] == "train" {
			ever[name] = true
		}
		return nil
	}))
	for name, c := range component {
		if ever[name] {
			trained[c] = name
		}
		if split[name] == "val" || split[name] == "test" {
			if other, ok := tested[c]; ok && split[other] != split[name] {
				t.Fatalf("entry %d: %s and %s are linked, in two splits", e.Number, name, other)
			}
			tested[c] = name
		}
	}
	for c, name := range tested {
		if other, ok := trained[c]; ok {
			t.Fatalf("entry %d: %s is held out, and %s, which it is linked to, was in train", e.Number, name, other)
		}
	}
}

func TestAFailedFileOfASnapshotFailsAloneAndNothingIsWithdrawnForItsSake(t *testing.T) {
	m := newMiner(t, "margin")
	a, b := crawlRow{ID: "a", Summary: "s", Text: "x"}, crawlRow{ID: "b", Summary: "s", Text: "x"}
	testCrawl{"1", schemas.ModeDelta, map[string][]crawlRow{"english": {a, b}, "hindi": {a, b}}}.write(t, m.root)
	testCrawl{"2", schemas.ModeSnapshot, map[string][]crawlRow{"english_test": {a}, "hindi": {b}}}.write(t, m.root)
	put(t, filepath.Join(m.root, "weekly", "2", "english_train.jsonl"), "broken\nbroken\n")
	if taken := m.run(10); taken != 2 {
		t.Fatalf("%d crawls of 2 were taken", taken)
	}
	e := m.history()[1]
	want := map[string]int64{"articles": 3, "edited": 0, "unchanged": 2, "new": 0, "withdrawn": 1, "withdrew_nothing": 0, "snapshots_as_deltas": 1}
	if !maps.Equal(e.Articles.Counts, want) || e.Counts["failed_files"] != 1 || e.Counts["read"] != 2 {
		t.Errorf("merged %v, read %v; wanted %v: hindi/a withdrawn, and both of english kept", e.Articles.Counts, e.Counts, want)
	}
}

func TestALanguageThatNoCrawlTouchesIsMergedOnceAndOneThatIsEmptiedLeaves(t *testing.T) {
	m := newMiner(t, "margin")
	a := crawlRow{ID: "a", Summary: "s", Text: "x"}
	testCrawl{"1", schemas.ModeDelta, map[string][]crawlRow{"english": {a}, "hindi": {a}}}.write(t, m.root)
	testCrawl{"2", schemas.ModeDelta, map[string][]crawlRow{"hindi": {{ID: "a", Deleted: true}}}}.write(t, m.root)
	testCrawl{"3", schemas.ModeDelta, map[string][]crawlRow{"swahili": {a}}}.write(t, m.root)
	m.run(10)
	var english, languages []string
	for _, e := range m.history() {
		index, err := m.a.index(e.Articles)
		noError(t, err)
		names := ""
		for _, u := range index.Units {
			names += u.Name + " "
			if u.Name == "english" {
				english = append(english, u.Key+u.Files["articles.arrow"].Digest)
			}
		}
		languages = append(languages, names)
	}
	if strings.Join(languages, "/") != "english hindi /english hindi /english swahili " {
		t.Errorf("units %q", languages)
	}
	if english[1] != english[2] || english[0][64:] != english[1][64:] {
		t.Errorf("english, which only the first crawl has, is %v", english)
	}
}
