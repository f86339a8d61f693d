package activities

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"crosssum/internal/artifact/store"
	"crosssum/internal/evaluation/report"
	"crosssum/schemas"
)

// badGolds make gold/c.tsv.gz in a crawl root; by what a person is told about it.
func badGolds(t *testing.T) map[string]func(path string) error {
	defer func(n int64) { t.Cleanup(func() { maxGold = n }) }(maxGold)
	maxGold = 100
	return map[string]func(string) error{
		"has over 100 bytes":    func(path string) error { return os.WriteFile(path, make([]byte, 101), 0o644) },
		"is not a regular file": func(path string) error { return os.Mkdir(path, 0o755) },
		"not a regular file":    func(path string) error { return syscall.Mkfifo(path, 0o644) },
		"escapes":               func(path string) error { return os.Symlink(filepath.Join(t.TempDir(), "secret"), path) },
		"too many":              func(path string) error { return os.Symlink(filepath.Base(path), path) },
	}
}

func TestABadGoldIsToldAndTheCrawlIsScannedAllTheSame(t *testing.T) {
	for want, make := range badGolds(t) {
		env, a, root := ingestHost(t, map[string]string{"c/english.jsonl": article})
		noError(t, errors.Join(os.Mkdir(filepath.Join(root, "gold"), 0o755), make(filepath.Join(root, "gold/c.tsv.gz"))))
		scanned := scanCrawl(t, env)
		if scanned.Count != 1 || scanned.Gold != "" || !strings.Contains(scanned.GoldFault, want) || !strings.Contains(scanned.GoldFault, "gold of crawl c") {
			t.Errorf("%s: %+v", want, scanned)
		}
		_, err := define(schemas.Calibrate, openCalibrate).list(t.Context(), a, schemas.CalibrateInput{Scanned: scanned})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "give other known pairs with --gold") {
			t.Errorf("%s: calibrated by %v", want, err)
		}
	}
}

func TestKnownPairsThatAreAskedForByNameAreStoredByTheScan(t *testing.T) {
	env, a, root := ingestHost(t, map[string]string{"c/english.jsonl": article})
	noError(t, os.MkdirAll(filepath.Join(root, "gold"), 0o755))
	for name, text := range map[string]string{"c": "the crawl's own", "mine": "a person's"} {
		noError(t, os.WriteFile(filepath.Join(root, "gold", name+".tsv.gz"), []byte(text), 0o644))
	}
	for name, want := range map[string]string{"": "the crawl's own", "mine": "a person's"} {
		value, err := env.ExecuteActivity("scan", schemas.ScanInput{Crawl: "c", Gold: name})
		noError(t, err)
		var scanned schemas.Scanned
		noError(t, value.Get(&scanned))
		path, err := a.Store.Path(scanned.Gold)
		noError(t, err)
		if b, err := os.ReadFile(path); string(b) != want {
			t.Errorf("%q: %q, %v", name, b, err)
		}
	}
	if _, err := env.ExecuteActivity("scan", schemas.ScanInput{Crawl: "c", Gold: "nobody's"}); err == nil || !strings.Contains(err.Error(), "retryable: false") {
		t.Errorf("known pairs that are not there: %v", err)
	}
}

func TestALedgerLooksAtNoGold(t *testing.T) {
	for want, make := range badGolds(t) {
		h, p := newLedgerHost(t), ledgerParams()
		h.crawl("c", "english.jsonl", row("a"))
		noError(t, errors.Join(os.Mkdir(filepath.Join(h.root, "gold"), 0o755), make(filepath.Join(h.root, "gold/c.tsv.gz"))))
		w, err := h.waiting(p)
		if err != nil || len(w.Crawls) != 1 || len(w.Refused) != 0 || w.Crawls[0].GoldFault != "" {
			t.Errorf("%s: %+v, %v", want, w, err)
		}
	}
}

func TestTheReportWarnsOfAGoldThatCannotBeReadAndShowsTheRest(t *testing.T) {
	d := newDataset(t)
	articles, neighbours := d.inputs()
	a := &Activities{Config{Store: d.store}}
	links, err := tryFinish(a, define(schemas.Link, openLink), schemas.LinkInput{Articles: articles, Neighbours: neighbours, Rule: "margin", Threshold: 1.05,
		DuplicateThreshold: 0.95, Neighbour: 3})
	noError(t, err)
	gold := func(text string) string {
		digest, err := a.storeGold(strings.NewReader(text), "c")
		noError(t, err)
		return digest
	}
	in := schemas.ReportInput{Params: schemas.Demo(), Made: schemas.Refs{"ingest": articles, "screen": articles, "link": links}, Scanned: schemas.Scanned{Crawl: "c"}}
	for text, want := range map[string]string{
		"\x1f\x8b no gzip": "gold: not a readable gzip file", "who\tknows\n": "gold: line 1 is", "": "gold: the file is empty",
		"language\tid\tkey\nenglish\t1\t\n": "gold: line 2 has", "language\tid\tkey\nenglish\t1\tk\nhindi\t1\tk\n": "",
	} {
		in.Warnings, in.Scanned.Gold = []string{"one"}, gold(text)
		data, err := report.Gather(t.Context(), a.Store, in, func(schemas.Progress) {})
		noError(t, err)
		got := strings.Join(data.Warnings[1:], "\n")
		if scored := data.Alignment != nil; scored != (want == "") || !strings.Contains(got, want) ||
			!scored && !strings.HasPrefix(got, "the alignment was not scored: crawl c: gold") {
			t.Errorf("%q: scored %v, warned %q", text, scored, got)
		}
	}
	in.Scanned.Gold = gold("language\tid\tkey\nenglish\t1\tk\nhindi\t1\tk\n")
	path, err := a.Store.FileOf(articles, "hindi", "articles.arrow")
	noError(t, err)
	noError(t, errors.Join(os.Remove(path), os.WriteFile(path, []byte("no Arrow file, though long enough for one"), 0o644)))
	if _, err := report.Gather(t.Context(), a.Store, in, func(schemas.Progress) {}); err == nil || errors.Is(err, store.ErrAbsent) {
		t.Error("broken articles are no fault of the gold:", err)
	}
}
