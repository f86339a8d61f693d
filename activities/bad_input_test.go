package activities

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/store"
	"crosssum/internal/testkit"
	"crosssum/internal/testkit/smalldisk"
	"crosssum/schemas"

	"go.temporal.io/sdk/temporal"
)

// TestAFullDiskEndsAStageWithANamedErrorAndTheNextAttemptGivesTheSameBytes: at every amount of room, from none to enough.
func TestAFullDiskEndsAStageWithANamedErrorAndTheNextAttemptGivesTheSameBytes(t *testing.T) {
	models := t.TempDir()
	put(t, filepath.Join(models, "encoder", "config.json"), "{}")
	mine := func(d *dataset) (made []string, err error) {
		a := &Activities{Config{Store: d.store, ModelRoots: []string{models}}}
		articles, neighbours := d.articles, d.neighbours
		links, err := tryFinish(a, define(schemas.Link, openLink), schemas.LinkInput{Articles: articles, Neighbours: neighbours, Rule: "margin", Threshold: 1.05, DuplicateThreshold: 0.95, Neighbour: 3})
		if err != nil {
			return nil, err
		}
		splits, err := tryFinish(a, define(schemas.SplitDedup, openSplit), schemas.SplitInput{Articles: articles, Links: links, Params: schemas.Demo().Split, Seed: 1})
		if err != nil {
			return nil, err
		}
		exported, err := tryFinish(a, define(schemas.Export, openExport), schemas.ExportInput{Articles: articles, Links: links, Splits: splits,
			Mined: schemas.Mined{Crawl: "crawl", Encoder: schemas.EncoderParams{Name: "encoder"}, Rule: "margin", Threshold: 1.05}})
		return []string{links.Index, splits.Index, exported.Index}, err
	}
	roomy := newDataset(t)
	roomy.articles, roomy.neighbours = roomy.inputs()
	want, err := mine(roomy)
	noError(t, err)
	disk := smalldisk.New(t, "1m")
	full := 0
	for room := int64(0); room <= 320<<10; room += 16 << 10 {
		d := newDataset(t)
		d.store, err = store.Open(filepath.Join(disk.Dir, "store"))
		noError(t, err)
		d.articles, d.neighbours = d.inputs()
		disk.Fill(room)
		made, err := mine(d)
		if err != nil {
			full++
			var named *temporal.ApplicationError
			if !errors.As(err, &named) || named.Type() != schemas.DiskFull || named.NonRetryable() || !strings.Contains(err.Error(), d.store.Root()) ||
				!strings.Contains(err.Error(), "make room") {
				t.Errorf("room for %d: %v", room, err)
			}
			everythingPublishedIsWhole(t, d.store)
			disk.Free()
			made, err = mine(d) // by the process that ran into it
			noError(t, err)
		}
		everythingPublishedIsWhole(t, d.store)
		if fmt.Sprint(made) != fmt.Sprint(want) {
			t.Errorf("room for %d: made %v, wanted %v", room, made, want)
		}
		noError(t, os.RemoveAll(d.store.Root()))
	}
	if full < 5 || full > 19 {
		t.Errorf("the disk was full in %d of 21 cases", full)
	}
}

// everythingPublishedIsWhole reads every unit and every file that one names.
func everythingPublishedIsWhole(t *testing.T, s *store.Store) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(s.Root(), "stages/*/*.json"))
	noError(t, err)
	for _, path := range paths {
		unit, err := s.Lookup(filepath.Base(filepath.Dir(path)), strings.TrimSuffix(filepath.Base(path), ".json"))
		noError(t, err)
		for name, file := range unit.Files {
			if err := testkit.Verify(s, file); err != nil {
				t.Errorf("%s of %s: %v", name, path, err)
			}
		}
	}
}

func TestABrokenArrowFileInTheStoreIsNamedAndNotTriedAgain(t *testing.T) {
	for what, content := range map[string]string{"truncated": "", "foreign": "not Arrow at all, but long enough to be read as a file of it"} {
		d := newDataset(t)
		articles, neighbours := d.inputs()
		path, err := d.store.FileOf(articles, "hindi", "articles.arrow")
		noError(t, err)
		if content == "" {
			b, err := os.ReadFile(path)
			noError(t, err)
			content = string(b[:len(b)-100])
		}
		noError(t, os.Remove(path))
		put(t, path, content)
		_, err = tryFinish(&Activities{Config{Store: d.store}}, define(schemas.Link, openLink),
			schemas.LinkInput{Articles: articles, Neighbours: neighbours, Rule: "margin", Threshold: 1.05, DuplicateThreshold: 0.95, Neighbour: 3})
		var named *temporal.ApplicationError
		if !errors.As(err, &named) || named.Type() != schemas.CorruptObject || !named.NonRetryable() || !strings.Contains(err.Error(), path) ||
			!strings.Contains(err.Error(), "remove it and what names it") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestTenPercentOfBrokenRowsAreQuarantinedAndTheRestIsAsWithoutThem holds for the presets' own share of rejects.
func TestTenPercentOfBrokenRowsAreQuarantinedAndTheRestIsAsWithoutThem(t *testing.T) {
	faults := []string{"{", `{"id":1}`, "[]", `{"id":"x"}`, "\xff", `{"id":"x","summary":"","text":"x"}`, `null`, `{"id":"a","id":"b","summary":"s","text":"x"}`,
		`{"id":"y","summary":"s"`, `{"id":"0","summary":"s","text":"the second of its id"}`}
	var good, mixed strings.Builder
	for i := range 90 {
		row := fmt.Sprintf(`{"id":"%d","summary":"s %d","text":"x"}`+"\n", i, i)
		good.WriteString(row)
		mixed.WriteString(row)
		if i%9 == 8 {
			mixed.WriteString(faults[i/9] + "\n")
		}
	}
	ingested := func(english string) (schemas.Ref, *Activities, error) {
		env, a, _ := ingestHost(t, map[string]string{"c/english.jsonl": english, "c/german.jsonl": article, "c/french.jsonl": ""})
		ref, err := tryFinish(a, define(schemas.Ingest, openIngest), schemas.IngestInput{Scanned: scanCrawl(t, env), Params: schemas.Demo().Ingest})
		return ref, a, err
	}
	clean, b, err := ingested(good.String())
	noError(t, err)
	ref, a, err := ingested(mixed.String())
	noError(t, err)
	if c := ref.Counts; c["read"] != 101 || c["accepted"] != 91 || c["rejected"] != 10 || ref.Units != 3 {
		t.Errorf("counts %v of %d units", c, ref.Units)
	}
	_, _, got, err := a.Store.Files(ref, "articles.arrow")
	noError(t, err)
	if _, _, want, err := b.Store.Files(clean, "articles.arrow"); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("articles %v, without the broken rows %v: %v", got, want, err)
	}
	path, err := a.Store.FileOf(ref, "english", "rejects.arrow")
	noError(t, err)
	line := int64(0)
	noError(t, arrowfile.Each(path, func(r *schemas.RejectRow) error {
		if line += 10; r.Line != line || r.Reason == "" || r.Detail == "" {
			t.Errorf("line %d: %q, %q; wanted line %d", r.Line, r.Reason, r.Detail, line)
		}
		return nil
	}))
	if line != 100 {
		t.Errorf("%d rows in quarantine", line/10)
	}
	for i := range 20 {
		fmt.Fprintf(&mixed, "{%d\n", i)
	}
	if _, _, err := ingested(mixed.String()); err == nil || !strings.Contains(err.Error(), schemas.RejectBudget) ||
		!strings.Contains(err.Error(), "english.jsonl: 30 of 120 rows rejected") {
		t.Errorf("a quarter of broken rows: %v", err)
	}
}

func TestALanguageIsNoPath(t *testing.T) {
	env, _, root := ingestHost(t, map[string]string{"c/english.jsonl": article, "secret/german.jsonl": article, "c/deep/german.jsonl": article})
	for _, name := range []string{"..", "../secret/german", "deep/german", "english/", "/english", "english_train", "ENGLISH", "english\x00", ""} {
		_, err := env.ExecuteActivity("scan", schemas.ScanInput{Crawl: "c", Languages: []string{name}})
		if err == nil || !strings.Contains(err.Error(), "type: "+schemas.InvalidInput+", retryable: false") {
			t.Errorf("language %q: %v", name, err)
		}
	}
	put(t, filepath.Join(root, "c", "..german.jsonl"), article)
	if scanned := scanCrawl(t, env); scanned.Count != 1 {
		t.Errorf("%d files", scanned.Count)
	}
}

func TestALanguageWithOneArticleIsMinedLikeAnyOther(t *testing.T) {
	rows := func(language string, topics ...int) (rows []crawlRow) {
		for _, n := range topics {
			rows = append(rows, crawlRow{ID: fmt.Sprint(n), Text: fmt.Sprint("text of ", n), Summary: fmt.Sprintf("topic %d in %s, 0", n, language)})
		}
		return rows
	}
	for _, c := range []struct {
		rule  string
		topic int
		pairs int64
	}{{"margin", 2, 1}, {"induced", 77, 0}} { // it has a translation, or none
		m := newMiner(t, c.rule)
		testCrawl{"1", schemas.ModeDelta, map[string][]crawlRow{"english": rows("english", 0, 1, 2, 3, 4), "swahili": rows("swahili", c.topic),
			"hindi": {}}}.write(t, m.root)
		if taken := m.run(10); taken != 1 {
			t.Fatalf("%d crawls taken", taken)
		}
		entry := m.history()[0]
		if n := entry.Links.Counts["accepted"]; n != c.pairs || entry.Articles.Counts["articles"] != 6 {
			t.Errorf("%+v: %d pairs of %d articles", c, n, entry.Articles.Counts["articles"])
		}
	}
}
