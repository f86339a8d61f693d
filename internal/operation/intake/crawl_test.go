package intake

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// folder makes a folder with the files given as name, content, name, content, ...
func folder(t *testing.T, dir string, files ...string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(files); i += 2 {
		if err := os.WriteFile(filepath.Join(dir, files[i]), []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestACrawlFromElsewhereIsLinkedUnderTheLastRootWithItsFilesOnly(t *testing.T) {
	top := t.TempDir()
	roots := []string{filepath.Join(top, "corpus"), filepath.Join(top, "crawls")}
	own := folder(t, filepath.Join(top, "my crawl"), "hindi_train.jsonl.gz", "x", "crawl.json", "{}", "notes.txt", "secret", ".hidden.jsonl", "y")
	name, err := Crawl(roots, own)
	if err != nil || name != "my-crawl" {
		t.Fatalf("name %q, %v", name, err)
	}
	got, _ := crawlFiles(filepath.Join(roots[1], name))
	if strings.Join(got, " ") != "crawl.json hindi_train.jsonl.gz" || exists(filepath.Join(roots[1], name, "notes.txt")) {
		t.Errorf("brought in %v", got)
	}
	if again, err := Crawl(roots, own); err != nil || again != name {
		t.Errorf("the second time it is %q, %v", again, err)
	}
}

func TestACrawlThatIsNotThereIsAnErrorThatSaysWhereItWasLookedFor(t *testing.T) {
	top := t.TempDir()
	roots := []string{filepath.Join(top, "corpus"), filepath.Join(top, "crawls")}
	folder(t, filepath.Join(roots[1], "news", "monday"), "english.jsonl", "x")
	if found, err := Find(roots, "news/monday"); err != nil || found != filepath.Join(roots[1], "news", "monday") {
		t.Errorf("found %q, %v", found, err)
	}
	for _, missing := range []string{"tuesday", "../crawls/tuesday", filepath.Join(top, "elsewhere")} {
		_, err := Crawl(roots, missing)
		if err == nil || !strings.Contains(err.Error(), missing) || !strings.Contains(err.Error(), roots[0]+" or "+roots[1]) {
			t.Errorf("%s: %v", missing, err)
		}
	}
}

func TestAMisspeltCrawlFolderIsToldWithTheNearest(t *testing.T) {
	top := t.TempDir()
	roots := []string{filepath.Join(top, "corpus"), filepath.Join(top, "crawls")}
	folder(t, filepath.Join(roots[0], "sample"), "english.jsonl", "x")
	folder(t, filepath.Join(top, "mine", "2026-11"), "english.jsonl", "x")
	for dir, want := range map[string]string{"sampel": "nearest is sample", "corpus/samples": "there is sample", filepath.Join(top, "mine", "2026-10"): "nearest is 2026-11",
		filepath.Join(top, "mine", "other"): "there is 2026-11", "week": "there is sample"} {
		if _, err := Crawl(roots, dir); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

func TestAChangedCrawlGetsANewNameSoThatARunKeepsWhatItReads(t *testing.T) {
	top := t.TempDir()
	roots := []string{filepath.Join(top, "crawls")}
	own := folder(t, filepath.Join(top, "weekly"), "english.jsonl", "old")
	first, err := Crawl(roots, own)
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(filepath.Join(own, "english.jsonl"))
	folder(t, own, "english.jsonl", "newer")
	second, err := Crawl(roots, own)
	if err != nil || second == first {
		t.Fatalf("first %q, second %q, %v", first, second, err)
	}
	if b, _ := os.ReadFile(filepath.Join(roots[0], first, "english.jsonl")); string(b) != "old" {
		t.Errorf("the first one holds %q now", b)
	}
}

func TestAFolderUnderARootIsTakenByItsName(t *testing.T) {
	roots := []string{t.TempDir()}
	folder(t, filepath.Join(roots[0], "sample"), "english.jsonl", "x")
	for _, dir := range []string{"sample", filepath.Join(roots[0], "sample")} {
		if name, err := Crawl(roots, dir); err != nil || name != "sample" {
			t.Errorf("%s: %q, %v", dir, name, err)
		}
	}
}

func TestAFolderWithoutACrawlIsRefusedByName(t *testing.T) {
	empty := t.TempDir()
	if _, err := Crawl([]string{t.TempDir()}, empty); err == nil || !strings.Contains(err.Error(), empty) {
		t.Errorf("error %v", err)
	}
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

func TestEveryFormOfACrawlFileIsTakenIn(t *testing.T) {
	root := t.TempDir()
	names := []string{"dutch.jsonl.bz2", "english_XLSum_v2.0.tar.bz2", "french.tar", "german.jsonl.xz", "hindi.tar.zst", "thai.tar.gz", "urdu.tar.xz"}
	var files []string
	for _, name := range append(names, "notes.tgz") {
		files = append(files, name, "content")
	}
	dir := folder(t, filepath.Join(t.TempDir(), "crawl"), files...)
	name, err := Crawl([]string{root}, dir)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(root, name))
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if err != nil || strings.Join(got, " ") != strings.Join(names, " ") {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := Crawl([]string{root}, filepath.Join(dir, "french.tar")); err == nil || !strings.Contains(err.Error(), "a crawl is a folder of files") {
		t.Errorf("a file in place of a folder: %v", err)
	}
}
