package activities

import (
	"maps"
	"math/rand"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

// TestACatalogueIsItsCrawlsReplayedHoweverTheyWereTaken: after every crawl the articles are those of a replay on maps, and
// articles and links have the bytes of mining the same articles from scratch; no article is tested on that was ever trained
// on, or is linked to one that was; and runs that take a crawl at a time, crash and begin again, or overlap, write
// byte for byte the ledger of one run that takes all.
func TestACatalogueIsItsCrawlsReplayedHoweverTheyWereTaken(t *testing.T) {
	for seed, rule := range []string{"margin", "induced", "evidence"} { // another rule is another function of the same articles and lists
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
	articles := finish(t, scratch.a, define(schemas.Ingest, openIngest), schemas.IngestInput{Scanned: scratch.scan("weekly/scratch"), Params: lenient})
	digests := func(m *miner, ref schemas.Ref, name string) map[string]string {
		index, err := m.a.Store.Index(ref)
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
	path, err := m.a.Store.FileOf(e.Splits, "all", "splits.arrow")
	noError(t, err)
	split, component := map[string]string{}, map[string]string{}
	trained, tested := map[string]string{}, map[string]string{} // component -> an article of it that was ever in train, or is held out now
	noError(t, arrowfile.Each(path, func(r *schemas.SplitRow) error {
		name := arrowfile.Clone(r.Language + "/" + r.ID)
		split[name], component[name] = arrowfile.Clone(r.Split), arrowfile.Clone(r.Component)
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
	testCrawl{"0", schemas.ModeDelta, nil}.write(t, m.root) // a catalogue may begin with nothing, or with a deletion of nothing
	testCrawl{"00", schemas.ModeSnapshot, map[string][]crawlRow{"swahili": {{ID: "a", Deleted: true}}}}.write(t, m.root)
	testCrawl{"1", schemas.ModeDelta, map[string][]crawlRow{"english": {a}, "hindi": {a}}}.write(t, m.root)
	testCrawl{"2", schemas.ModeDelta, map[string][]crawlRow{"hindi": {{ID: "a", Deleted: true}}}}.write(t, m.root)
	testCrawl{"3", schemas.ModeDelta, map[string][]crawlRow{"swahili": {a}}}.write(t, m.root)
	m.run(10)
	var english, languages []string
	for _, e := range m.history() {
		index, err := m.a.Store.Index(e.Articles)
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
	if strings.Join(languages, "/") != "/swahili /english hindi /english hindi /english swahili " {
		t.Errorf("units %q", languages)
	}
	if english[1] != english[2] || english[0][64:] != english[1][64:] {
		t.Errorf("english, which only the first crawl has, is %v", english)
	}
}
