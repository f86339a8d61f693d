package catalogue

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"crosssum/internal/artifact/store"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

func open(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.TempDir())
	must(t, err)
	return s
}

// next is an entry for a crawl behind the newest.
func next(t *testing.T, s *store.Store, crawl string) schemas.Catalogue {
	t.Helper()
	newest, err := Newest(s, "news")
	must(t, err)
	e := schemas.Catalogue{Name: "news", Number: 1, Crawl: crawl, Digest: "digest of " + crawl, Mode: schemas.ModeDelta}
	if newest != nil {
		e.Number, e.Previous = newest.Number+1, newest.Object
	}
	return e
}

// TestRivalsTakeEveryCrawlOnceAndAgreeOnTheLedger: each rival goes over all crawls, takes what the ledger does not have, and
// after losing a race reads the ledger again.
func TestRivalsTakeEveryCrawlOnceAndAgreeOnTheLedger(t *testing.T) {
	s := open(t)
	crawls := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	won := make([]int, 4)
	var group sync.WaitGroup
	for rival := range won {
		group.Go(func() {
			for {
				entries, err := History(s, "news")
				if err != nil {
					t.Error(err)
					return
				}
				crawl := ""
				for _, c := range crawls {
					if Contains(entries, "digest of "+c) == 0 {
						crawl = c
						break
					}
				}
				if crawl == "" {
					return
				}
				e := schemas.Catalogue{Name: "news", Number: len(entries) + 1, Crawl: crawl, Digest: "digest of " + crawl,
					Counts: map[string]int64{"rival": int64(rival)}}
				if len(entries) > 0 {
					e.Previous = entries[len(entries)-1].Object
				}
				there, mine, err := Take(s, e)
				if err != nil || there.Number != e.Number || mine != (there.Counts["rival"] == int64(rival)) {
					t.Errorf("rival %d: %+v, mine %v, %v", rival, there, mine, err)
					return
				}
				if mine {
					won[rival]++
				}
			}
		})
	}
	group.Wait()
	entries, err := History(s, "news")
	must(t, err)
	got, total := "", 0
	for i, e := range entries {
		got += e.Crawl
		if e.Number != i+1 {
			t.Errorf("entry %d is number %d", i+1, e.Number)
		}
	}
	for _, n := range won {
		total += n
	}
	if got != strings.Join(crawls, "") || total != len(crawls) {
		t.Errorf("the ledger holds %s; the rivals %v say that they took %d", got, won, total)
	}
}

func TestARetryOfAWriterThatWonIsToldSoAgain(t *testing.T) {
	s := open(t)
	e := next(t, s, "a")
	for range 2 {
		if there, mine, err := Take(s, e); err != nil || !mine || there.Crawl != "a" {
			t.Errorf("%+v, %v, %v", there, mine, err)
		}
	}
	second := next(t, s, "b")
	if _, mine, err := Take(s, second); err != nil || !mine {
		t.Errorf("%v, %v", mine, err)
	}
	if there, mine, err := Take(s, e); err != nil || !mine || there.Number != 1 { // a late attempt, when the ledger has gone on
		t.Errorf("%+v, %v, %v", there, mine, err)
	}
	newest, err := Newest(s, "news")
	if err != nil || newest.Crawl != "b" || newest.Previous != first(t, s).Object {
		t.Errorf("%+v, %v", newest, err)
	}
}

func first(t *testing.T, s *store.Store) schemas.Entry {
	t.Helper()
	entries, err := History(s, "news")
	must(t, err)
	return entries[0]
}

func TestAnEntryFromBeforeAParameterWasThereHasItsPresetsValue(t *testing.T) {
	s := open(t)
	e := next(t, s, "a")
	e.Params = schemas.RealignParams{Params: schemas.Demo(), Catalogue: "news"}
	e.Params.Train.Steps = 7
	raw, err := json.Marshal(e)
	must(t, err)
	var old map[string]any
	must(t, json.Unmarshal(raw, &old))
	train := old["params"].(map[string]any)["train"].(map[string]any)
	if _, ok := train["precision"]; !ok {
		t.Fatal("the parameter has another name now: change this test")
	}
	delete(train, "precision")
	object, err := s.PutJSON(old)
	must(t, err)
	_, err = s.AddRef(ref("news"), 1, object.Digest)
	must(t, err)
	newest, err := Newest(s, "news")
	must(t, err)
	if p := newest.Params.Train; p.Precision != schemas.Demo().Train.Precision || p.Steps != 7 || newest.Object != object.Digest {
		t.Errorf("%+v", newest)
	}
	must(t, newest.Params.Check()) // a takedown goes on from these parameters
}

func TestAnEntryFollowsTheOneItWasMadeFrom(t *testing.T) {
	s := open(t)
	if newest, err := Newest(s, "news"); newest != nil || err != nil {
		t.Errorf("an empty ledger: %+v, %v", newest, err)
	}
	e := next(t, s, "a")
	_, _, err := Take(s, e)
	must(t, err)
	for name, change := range map[string]func(*schemas.Catalogue){
		"gap": func(e *schemas.Catalogue) { e.Number = 3 }, "zero": func(e *schemas.Catalogue) { e.Number = 0 },
		"another past": func(e *schemas.Catalogue) { e.Previous = strings.Repeat("0", 64) }, "no past": func(e *schemas.Catalogue) { e.Previous = "" },
		"name": func(e *schemas.Catalogue) { e.Name = "../news" },
	} {
		e := next(t, s, "b")
		change(&e)
		if _, _, err := Take(s, e); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	path, err := s.Path(first(t, s).Object)
	must(t, err)
	must(t, os.Chmod(path, 0o644))
	must(t, os.WriteFile(path, []byte("{}"), 0o644))
	if _, err := Newest(s, "news"); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("an entry that a hand has changed: %v", err)
	}
}

func TestTwoEncodersAreNotMixedInOneCatalogue(t *testing.T) {
	newest := schemas.Entry{Catalogue: schemas.Catalogue{Name: "news", Encoder: "d1", Params: schemas.RealignParams{Params: schemas.Demo()}}}
	same := schemas.Catalogue{Encoder: "d1", Params: schemas.RealignParams{Params: schemas.Demo()}}
	if err := errors.Join(Check(&newest, same), Check(nil, same)); err != nil {
		t.Error(err)
	}
	other := same
	other.Params.Align.Rule, other.Params.Align.Keep, other.Params.Seed, other.Params.Split.Train = "mutual", 12, 9, 70
	other.Params.Encoder.BatchTokens = 99
	if err := Check(&newest, other); err != nil {
		t.Errorf("what may change from crawl to crawl: %v", err)
	}
	for want, change := range map[string]func(*schemas.Catalogue){
		`"LaBSE"`:        func(c *schemas.Catalogue) { c.Params.Encoder.Name = "LaBSE" },
		"digest":         func(c *schemas.Catalogue) { c.Encoder = "d2" },
		"encoder.prefix": func(c *schemas.Catalogue) { c.Params.Encoder.Prefix = "passage: " },
		"max_tokens":     func(c *schemas.Catalogue) { c.Params.Encoder.MaxTokens = 64 },
		"numerics":       func(c *schemas.Catalogue) { c.Params.Numerics = "native" },
	} {
		c := same
		change(&c)
		err := Check(&newest, c)
		var typed *fault.Error
		if !errors.As(err, &typed) || typed.Type != schemas.InvalidInput || !strings.Contains(err.Error(), want) ||
			!strings.Contains(err.Error(), `"multilingual-e5-small"`) && want != "digest" && !strings.Contains(err.Error(), "multilingual-e5-small") ||
			!strings.Contains(err.Error(), "--catalogue") {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestOfACrawlThatWasMendedWhatTheLedgerHasIsNotTakenAgain(t *testing.T) {
	file := func(language, split, digest string) schemas.CrawlFile {
		return schemas.CrawlFile{Language: language, Split: split, Digest: digest}
	}
	took := func(crawl, mode string, files ...string) schemas.Entry {
		e := schemas.Entry{Catalogue: schemas.Catalogue{Crawl: crawl, Mode: mode}}
		for _, f := range files {
			p := strings.Split(f, " ")
			e.Files = append(e.Files, schemas.CatalogueFile{Language: p[0], Split: p[1], Digest: p[2], State: p[3]})
		}
		return e
	}
	entries := []schemas.Entry{took("w1", "delta", "en test 1 taken", "en val 2 failed", "hi test 3 taken"), took("w2", "delta", "de test 4 taken")}
	mended := []schemas.CrawlFile{file("en", "test", "1"), file("en", "val", "2b"), file("hi", "test", "3")}
	as := func(files []schemas.CrawlFile) (out string) {
		for _, f := range files {
			out += fmt.Sprint(f.Language, f.Split, f.Digest, " ")
		}
		return out
	}
	for i, c := range []struct {
		crawl, mode string
		files       []schemas.CrawlFile
		retry       bool
		want        string
	}{
		{"w3", "delta", mended, false, "entest1 enval2b hitest3 "}, // another crawl may bring back an old file
		{"w1", "delta", mended, false, "enval2b "},
		{"w1", "snapshot", mended, false, "entest1 enval2b hitest3 "}, // it says another thing now
		{"w1", "delta", []schemas.CrawlFile{file("en", "test", "1"), file("en", "val", "2")}, false, ""},
		{"w1", "delta", []schemas.CrawlFile{file("en", "test", "1"), file("en", "val", "2")}, true, "enval2 "},
	} {
		if got := as(Untaken(entries, c.crawl, c.mode, c.files, c.retry)); got != c.want {
			t.Errorf("case %d: %s, wanted %s", i, got, c.want)
		}
	}
	entries = []schemas.Entry{took("w1", "snapshot", "en test 1 taken", "en val 2 failed", "hi test 3 taken"), took("w1", "snapshot", "en val 2b taken")}
	if got := as(Untaken(entries[:1], "w1", "snapshot", mended, false)); got != "entest1 enval2b " {
		t.Errorf("a language of a snapshot goes together: %s", got)
	}
	if got := as(Untaken(entries, "w1", "snapshot", mended, true)); got != "" {
		t.Errorf("all was taken: %s", got)
	}
}
