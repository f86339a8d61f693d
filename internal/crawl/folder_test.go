package crawl

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/schemas"
)

func TestNoNameLeadsOutOfTheCrawlRoots(t *testing.T) {
	top := t.TempDir()
	root := filepath.Join(top, "root")
	write(t, filepath.Join(root, "c", "english.jsonl"), row("a", "x"))
	write(t, filepath.Join(top, "secret", "english.jsonl"), row("a", "secret"))
	os.Symlink(filepath.Join(top, "secret"), filepath.Join(root, "linked"))
	os.Symlink("../secret", filepath.Join(root, "relative"))
	for _, name := range []string{"", ".", "..", "../secret", "/etc", "c/../../secret", "linked", "relative", "c/", "c/..", "c/.", "c//c", "c/c/c", "c\x00", "-c", ".hidden", strings.Repeat("a", 200), "missing"} {
		if f, err := Open([]string{root}, name); err == nil {
			f.Close()
			t.Errorf("%q was opened", name)
		}
	}
	os.Symlink(filepath.Join(top, "secret", "english.jsonl"), filepath.Join(root, "c", "german.jsonl"))
	f, err := Open([]string{root}, "c")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if files, err := f.Files(nil); err == nil || !strings.Contains(err.Error(), "german.jsonl") {
		t.Errorf("a link out of the root was listed: %v", files)
	}
}

func TestFilesAreNamedByLanguageAndSplit(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"serbian_latin_train.jsonl.zst", "serbian_latin.jsonl", "chinese_simplified_val.jsonl.gz", "english.jsonl", "README.md", "crawl.json", ".english.jsonl.swp", "notes.json"} {
		text := ""
		if name == "crawl.json" {
			text = `{"mode": "snapshot"}`
		}
		write(t, filepath.Join(root, "c", name), text)
	}
	f, err := Open([]string{root}, "c")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	files, err := f.Files(nil)
	var got []string
	for _, c := range files {
		got = append(got, c.Language+"/"+c.Split)
	}
	if err != nil || strings.Join(got, " ") != "chinese_simplified/val english/ serbian_latin/ serbian_latin/train" {
		t.Errorf("%v, %v", got, err)
	}
	if files, err := f.Files([]string{"english"}); err != nil || len(files) != 1 {
		t.Errorf("%v, %v", files, err)
	}
}

func TestWhatIsWrongWithAFolderIsSaid(t *testing.T) {
	for want, files := range map[string]map[string]string{
		"nearest are":   {"germann.jsonl": ""},
		"english":       {"en.jsonl": ""},
		"keep one":      {"english.jsonl": "", "english.jsonl.gz": ""},
		"no <language>": {"README": ""},
		"crawl.json":    {"english.jsonl": "", "crawl.json": `{"mode": "everything"}`},
		"unknown field": {"english.jsonl": "", "crawl.json": `{"mode": "delta", "since": 1}`},
		"asked for":     {"french.jsonl": ""},
	} {
		root := t.TempDir()
		for name, text := range files {
			write(t, filepath.Join(root, "c", name), text)
		}
		f, err := Open([]string{root}, "c")
		if err != nil {
			t.Fatal(err)
		}
		var languages []string
		if want == "asked for" {
			languages = []string{"french", "german"}
		}
		if _, err := f.Files(languages); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
		if _, err := f.Files([]string{"klingon"}); err == nil || !strings.Contains(err.Error(), "klingon") {
			t.Errorf("klingon: %v", err)
		}
		f.Close()
	}
}

func TestLanguagesThatACrawlLacksAreNamedWithThoseThatItHas(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "c", "french_train.jsonl"), "")
	write(t, filepath.Join(root, "c", "french_val.jsonl"), "")
	write(t, filepath.Join(root, "c", "german.jsonl.gz"), "")
	write(t, filepath.Join(root, "empty", "README"), "")
	for _, c := range []struct {
		crawl, languages, want string
	}{
		{"c", "hindi,tamil", "crawl c: no file of hindi, tamil, asked for by languages; it has french, german"},
		{"c", "hindi,french,tamil", "crawl c: no file of hindi, tamil, asked for by languages; it has french, german"},
		{"c", "tamil", "crawl c: no file of tamil, asked for by languages; it has french, german"},
		{"c", "hindi,klingon,qqq", `languages: unknown language "klingon": nearest are `},
		{"c", "klingon,qqq", `; unknown language "qqq": `},
		{"c", "de,french", `languages: unknown language "de": that is a code of german`},
		{"empty", "hindi", "crawl empty: no file of hindi, asked for by languages; it has no <language>"},
	} {
		f, err := Open([]string{root}, c.crawl)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Files(strings.Split(c.languages, ",")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s of %s: %v", c.languages, c.crawl, err)
		}
		f.Close()
	}
}

func TestAFileNamedByACodeIsToldTheLanguage(t *testing.T) {
	for name, want := range map[string]string{"fr.jsonl": "french", "de_train.jsonl": "german", "hin.jsonl.gz": "hindi", "zh-TW_val.jsonl.zst": "chinese_traditional"} {
		root := t.TempDir()
		write(t, filepath.Join(root, "c", name), "")
		f, err := Open([]string{root}, "c")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Files(nil); err == nil || !strings.Contains(err.Error(), "that is a code of "+want+", ") {
			t.Errorf("%s: %v", name, err)
		}
		f.Close()
	}
}

func TestACrawlThatIsNotThereIsToldWithWhatIs(t *testing.T) {
	top := t.TempDir()
	roots := []string{filepath.Join(top, "corpus"), filepath.Join(top, "crawls")}
	write(t, filepath.Join(roots[0], "sample", "english.jsonl"), "")
	write(t, filepath.Join(roots[0], "gold", "sample.tsv.gz"), "")
	write(t, filepath.Join(roots[1], "2026-11", "english.jsonl"), "")
	write(t, filepath.Join(roots[1], "news", "monday", "crawl.json"), "{}")
	for name, want := range map[string]string{"smaple": "nearest is sample", "Sample": "nearest is sample", "2026-12": "nearest is 2026-11",
		"news/mondy": "nearest is news/monday", "monday": "nearest is news/monday", "gold2": "there are 2026-11, news/monday, sample"} {
		_, err := Open(roots, name)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "openat") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open([]string{t.TempDir()}, "any"); err == nil || !strings.HasSuffix(err.Error(), "there is none at all") {
		t.Errorf("an empty root: %v", err)
	}
}

func TestTheMarkerSaysTheModeAndNothingElse(t *testing.T) {
	for text, want := range map[string]string{
		`{"mode": "delta"}`: "delta", ` {"mode":"snapshot"}` + "\n": "snapshot", "{}": "delta", "": "not_json", "[]": "not an object",
		`{"mode": "delta"} {}`: "something follows", `{"mode": null}`: "mode", `{"mode": "Delta"}`: `"Delta"`, `{"mode": 1}`: "mode",
		`{"mode": "delta", "mode": "snapshot"}`: "twice", `{"mode": "delta", "since": 1}`: `unknown field "since"`,
		`{"mode": "delta"` + strings.Repeat(" ", 70000) + "}": "64 KiB",
	} {
		root := t.TempDir()
		write(t, filepath.Join(root, "c", "crawl.json"), text)
		f, err := Open([]string{root}, "c")
		if err != nil {
			t.Fatal(err)
		}
		mode, marked, err := f.Mode()
		f.Close()
		if ok := want == "delta" || want == "snapshot"; ok != (err == nil) || ok && (mode != want || !marked) || !ok && !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: mode %q, %v; wanted %q", text, mode, err, want)
		}
	}
	root := t.TempDir()
	write(t, filepath.Join(root, "c", "english.jsonl"), "")
	f, _ := Open([]string{root}, "c")
	defer f.Close()
	if mode, marked, err := f.Mode(); mode != "delta" || marked || err != nil {
		t.Errorf("without a marker: %q, %v, %v", mode, marked, err)
	}
}

func TestTheCrawlsOfAFolderAreThoseThatAreCompleteInNameOrder(t *testing.T) {
	top := t.TempDir()
	root := filepath.Join(top, "root")
	for _, name := range []string{"weekly/2026-02", "weekly/2026-01", "weekly/10", "weekly/my crawl", "weekly/.hidden", "alone"} {
		write(t, filepath.Join(root, name, "crawl.json"), "{}")
	}
	write(t, filepath.Join(root, "weekly/unfinished/english.jsonl"), row("a", "x"))
	write(t, filepath.Join(root, "weekly/notes.txt"), "")
	write(t, filepath.Join(top, "secret", "crawl.json"), "{}")
	os.Symlink(filepath.Join(top, "secret"), filepath.Join(root, "weekly", "linked"))
	names, _, err := Crawls([]string{t.TempDir(), root}, "weekly")
	if got := strings.Join(names, ","); err != nil || got != "weekly/10,weekly/2026-01,weekly/2026-02,weekly/linked,weekly/my crawl" {
		t.Errorf("%s, %v", got, err)
	}
	opened := 0
	for _, name := range names {
		if f, err := Open([]string{root}, name); err == nil {
			opened++
			f.Close()
		}
	}
	if opened != 3 {
		t.Errorf("%d of %v were opened, wanted those that are named well and lie in the root", opened, names)
	}
	if names, _, err := Crawls([]string{t.TempDir(), root}, ""); err != nil || strings.Join(names, ",") != "alone" {
		t.Errorf("of the last root: %v, %v", names, err)
	}
	for _, bad := range []string{"..", "../secret", "weekly/2026-01", "none", "/etc"} {
		if names, _, err := Crawls([]string{root}, bad); err == nil {
			t.Errorf("%q: %v", bad, names)
		}
	}
}

func TestACrawlInTwoRootsIsAmbiguous(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	write(t, filepath.Join(a, "c", "english.jsonl"), "")
	write(t, filepath.Join(b, "c", "english.jsonl"), "")
	if _, err := Open([]string{a, b}, "c"); err == nil || !strings.Contains(err.Error(), "rename") {
		t.Error(err)
	}
}

func TestCheckTellsRowsReasonsAndFaults(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "c", "english.jsonl"), row("a", "x")+"bad\n"+row("a", "y")+row("b", "x"))
	write(t, filepath.Join(root, "c", "german.jsonl"), "bad\n")
	c, err := Check(context.Background(), filepath.Join(root, "c"), nil, schemas.IngestParams{MaxLineBytes: 1000, MaxFileBytes: 1000, RejectFraction: 0.5}, func(string, int64) {})
	if err != nil {
		t.Fatal(err)
	}
	if c.Read != 5 || c.Accepted != 2 || c.Rejected != 3 || len(c.Languages) != 2 || len(c.Faults) != 1 || !strings.Contains(c.Faults[0], "german.jsonl") {
		t.Errorf("%+v", c)
	}
	if len(c.Rejects) != 2 || c.Rejects[0].Reason != NotJSON || c.Rejects[0].Count != 2 || c.Rejects[0].Examples[0] != (Example{"english.jsonl", 2, c.Rejects[0].Examples[0].Detail}) {
		t.Errorf("%+v", c.Rejects)
	}
	if c.Estimate.DiskBytes <= 0 || c.Estimate.EmbedMinutes <= 0 || c.Estimate.TokenizeMinutes <= 0 {
		t.Errorf("%+v", c.Estimate)
	}
}

func TestCheckRefusesACrawlWithoutAnyArticle(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "c", "english.jsonl"), "")
	limits := schemas.IngestParams{MaxLineBytes: 1000, MaxFileBytes: 1000, RejectFraction: 0.5}
	c, err := Check(context.Background(), filepath.Join(root, "c"), nil, limits, func(string, int64) {})
	if err != nil || len(c.Faults) != 1 || !strings.Contains(c.Faults[0], "no row was accepted") {
		t.Errorf("%v, %v", c.Faults, err)
	}
}

func TestFilesThatNoRuleReadsAreToldWithTheNameThatWouldBeRead(t *testing.T) {
	dir := t.TempDir()
	want := map[string]string{"danish.json": "danish.jsonl", "dutch.ndjson": "dutch.jsonl", "Italian.JSONL": "italian.jsonl", "german/german.jsonl": "german.jsonl",
		"hindi-dev.json.gz": "hindi_val.jsonl.gz", "Thai_Train.jl.zst": "thai_train.jsonl.zst", "Greek.json.bz2": "greek.jsonl.bz2", "turkish-valid.ndjson.xz": "turkish_val.jsonl.xz", "README.md": "", "french.csv": "", "klingon.json": "", "notes/a.txt": ""}
	for name := range want {
		write(t, filepath.Join(dir, name), "{}\n")
	}
	for _, read := range []string{"english.jsonl", "english_val.jsonl.gz", "english_train.jsonl.bz2", "english_test.jsonl.xz", "crawl.json", ".hidden.json"} {
		write(t, filepath.Join(dir, read), "{}")
	}
	f, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	passed, err := f.PassedOver()
	if err != nil || len(passed) != len(want) {
		t.Errorf("%v, %v", passed, err)
	}
	for _, p := range passed {
		if would, ok := want[p.Name]; !ok || would != p.Would {
			t.Errorf("%+v, want %q", p, would)
		}
	}
	write(t, filepath.Join(dir, "english_validation.jsonl"), "{}")
	if _, err := f.Files(nil); err == nil || !strings.Contains(err.Error(), `"english_validation.jsonl": under the name english_val.jsonl it would be read`) {
		t.Errorf("a split of another name: %v", err)
	}
}

func TestWhatIsNoCrawlIsPassedOverAndSaidWhy(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"done/crawl.json", "2026-12/english.jsonl", "upper/Crawl.json", "notepad/crawl.json.txt", "lines/crawl.jsonl", "empty/README", "pandas/danish.json",
		"english.jsonl", "2026-11.zip", "news/monday/crawl.json", "gold/sample.tsv.gz", ".new-1/english.jsonl"} {
		write(t, filepath.Join(root, name), "{}")
	}
	names, passed, err := Crawls([]string{root}, "")
	if err != nil || strings.Join(names, " ") != "done" {
		t.Fatalf("%v, %v", names, err)
	}
	want := map[string]string{
		"2026-12":       `no crawl.json in it, which says that a crawl is complete: write {"mode": "delta"} into that file last`,
		"upper":         `"Crawl.json" in it is not crawl.json: rename it`,
		"notepad":       `"crawl.json.txt" in it is not crawl.json: rename it`,
		"lines":         `"crawl.jsonl" in it is not crawl.json: rename it`,
		"empty":         "neither crawl.json nor a file <language>",
		"pandas":        "neither crawl.json nor a file <language>",
		"english.jsonl": "a file: a crawl is a folder",
		"2026-11.zip":   "a file: a crawl is a folder",
		"news":          `a folder of crawls: they are taken by a run whose parameter crawls is "news" (--crawls news)`,
	}
	for _, p := range passed {
		if w, ok := want[p.Crawl]; !ok || !strings.HasPrefix(p.Reason, w) {
			t.Errorf("%s: %s", p.Crawl, p.Reason)
		}
		delete(want, p.Crawl)
	}
	if len(want) > 0 {
		t.Errorf("not told: %v", want)
	}
	write(t, filepath.Join(root, "news", "tuesday", "english.jsonl"), "")
	write(t, filepath.Join(root, "news", "week", "wednesday", "crawl.json"), "{}")
	if names, passed, err := Crawls([]string{root}, "news"); err != nil || strings.Join(names, " ") != "news/monday" || len(passed) != 2 ||
		!strings.HasPrefix(passed[0].Reason, "no crawl.json") || passed[1].Crawl != "news/week" || !strings.Contains(passed[1].Reason, "that deep") {
		t.Errorf("%v, %v, %v", names, passed, err)
	}
}
