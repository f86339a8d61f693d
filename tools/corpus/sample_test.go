package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/mining/gold"
	"crosssum/schemas"
)

// world makes n keys in some languages. Every fifth shares its package with the one before, every seventh its text.
func world(n int) []gold.Entry {
	var all []gold.Entry
	for i := 0; i < n; i++ {
		key, pack, text := fmt.Sprintf("ddtp:%04d", i), fmt.Sprint("p", i), fmt.Sprintf("subject %s treats of %s and then of %s in some words", letters(i), letters(i*31), letters(i*17))
		if i%5 == 4 {
			pack = fmt.Sprint("p", i-1)
		}
		if i%7 == 6 {
			text = fmt.Sprintf("subject %s treats of %s and then of %s in some words", letters(i-1), letters((i-1)*31), letters((i-1)*17))
		}
		if i%3 == 0 {
			key = fmt.Sprintf("appstream:%04d", i)
		}
		for j, language := range []string{"english", "german", "french", "polish", "thai"}[:1+i%5] {
			all = append(all, gold.Entry{Language: language, Key: key, Packages: []string{pack}, Summary: "s" + letters(i), Text: strings.Repeat(string(rune('a'+j)), 3) + text})
		}
	}
	return all
}

func letters(i int) string {
	return strings.Map(func(r rune) rune { return r - '0' + 'a' }, fmt.Sprint(i*i+100)) + strings.Repeat("q", i%11)
}

var small = SampleOptions{Applications: 0.5, Many: 0.3, ManyLangs: 4, Rest: 0.2, LargestKeys: 30, LargestLang: 60, SmallestLang: 5, LoneShare: 0.2}

func TestSampleAndOutsideShareNothing(t *testing.T) {
	entries := world(900)
	sample, outside, result := draw(entries, small)
	mine := map[string]bool{}
	properties := func(e gold.Entry) []string {
		return []string{"key " + e.Key, "package " + e.Packages[0], "text " + e.Text}
	}
	for _, e := range sample {
		for _, p := range properties(e) {
			mine[p] = true
		}
	}
	for _, e := range outside {
		for _, p := range properties(e) {
			if mine[p] {
				t.Fatalf("%s is on both sides", p)
			}
		}
	}
	if len(sample) < 100 || len(outside) < 100 || len(sample)+len(outside)+result.Dropped != len(entries) {
		t.Errorf("%d + %d + %d of %d", len(sample), len(outside), result.Dropped, len(entries))
	}
}

func TestTheDrawingKeepsItsBounds(t *testing.T) {
	sample, _, result := draw(world(900), small)
	keys, whole := map[string]int{}, map[string]int{}
	for _, e := range world(900) {
		whole[e.Key]++
	}
	for _, e := range sample {
		keys[e.Key]++
	}
	for language, n := range result.Sample {
		if n > small.LargestLang || n < small.SmallestLang {
			t.Errorf("%s has %d", language, n)
		}
	}
	lone := 0
	for key, n := range keys {
		if n == 1 && whole[key] > 1 {
			lone++
		}
	}
	if result.Lone == 0 || lone == 0 {
		t.Errorf("%d keys were to stand alone, %d do", result.Lone, lone)
	}
}

func TestTheSameCrawlGivesTheSameSampleBytes(t *testing.T) {
	var first map[string][]byte
	for trial := 0; trial < 2; trial++ {
		dir := t.TempDir()
		entries := world(300)
		for i := range entries { // in another order
			j := (i * 7) % len(entries)
			entries[i], entries[j] = entries[j], entries[i]
		}
		if err := WriteCrawl(filepath.Join(dir, "full"), "test", "", entries); err != nil {
			t.Fatal(err)
		}
		o := small
		o.Crawl, o.Sample, o.Outside, o.Origin = filepath.Join(dir, "full"), filepath.Join(dir, "sample"), filepath.Join(dir, "outside"), "test"
		if _, err := MakeSample(o); err != nil {
			t.Fatal(err)
		}
		got := map[string][]byte{}
		for _, pattern := range []string{"sample/*", "outside/*", "gold/*"} {
			paths, _ := filepath.Glob(filepath.Join(dir, pattern))
			for _, path := range paths {
				got[strings.TrimPrefix(path, dir)], _ = os.ReadFile(path)
			}
		}
		if first == nil {
			first = got
		}
		for name, b := range first {
			if !bytes.Equal(b, got[name]) {
				t.Errorf("%s differs", name)
			}
		}
		if len(got) != len(first) || len(got) < 8 {
			t.Errorf("%d and %d files", len(got), len(first))
		}
	}
}

func TestAFolderThatIsNoCrawlIsNotReplaced(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "precious", "file"), "x")
	if err := removeCrawl(filepath.Join(dir, "precious")); err == nil {
		t.Error("it was removed")
	}
	write(t, filepath.Join(dir, "old", "crawl.json"), "{}")
	if err := removeCrawl(filepath.Join(dir, "old")); err != nil {
		t.Error(err)
	}
}

func TestNearIdenticalEnglishTextsAreOneCluster(t *testing.T) {
	long := "this library reads and writes the files of many old word processors and converts them into text that other programs can use without loss"
	group := gold.ClusterKeys([]gold.Entry{
		{Language: "english", Key: "ddtp:a", Packages: []string{"a"}, Summary: "s", Text: long + " as shared objects"},
		{Language: "english", Key: "ddtp:b", Packages: []string{"b"}, Summary: "s", Text: long + " for development"},
		{Language: "english", Key: "ddtp:c", Packages: []string{"c"}, Summary: "s", Text: "an arcade game in which a penguin has to slide down a hill and to collect herring before the time is over"},
	})
	if group["ddtp:a"] != group["ddtp:b"] || group["ddtp:c"] == group["ddtp:a"] {
		t.Errorf("%v", group)
	}
}

// TestTheShippedSampleIsWhatItsReadmeSays reads corpus/ as a run does.
func TestTheShippedSampleIsWhatItsReadmeSays(t *testing.T) {
	root := filepath.Join("..", "..", "corpus")
	entries, err := ReadEntries(filepath.Join(root, "sample"), filepath.Join(root, "gold", "sample.tsv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	languages, scripts, keys := map[string]int{}, map[string]bool{}, map[string]int{}
	for _, e := range entries {
		l, err := schemas.LanguageByName(e.Language)
		if err != nil {
			t.Fatal(err)
		}
		languages[e.Language]++
		scripts[strings.Replace(l.Script, "Hant", "Hans", 1)] = true
		keys[e.Key]++
		if len(e.Packages[0]) > 4 && strings.Contains(idOf(e), e.Packages[0]) || e.Summary == "" || e.Text == "" {
			t.Errorf("%+v", e)
		}
	}
	alone := 0
	for _, n := range keys {
		if n == 1 {
			alone++
		}
	}
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, fact := range []string{fmt.Sprintf("16,468 articles with summaries in %d languages of %d scripts", len(languages), len(scripts)), fmt.Sprintf("%d keys have one article", alone)} {
		if !strings.Contains(string(readme), fact) {
			t.Errorf("corpus/README.md does not say: %s", fact)
		}
	}
	if len(entries) != 16468 || len(languages) < 24 {
		t.Errorf("%d articles in %d languages", len(entries), len(languages))
	}
	for l, n := range languages {
		if n < 20 || n > 2000 {
			t.Errorf("%s has %d", l, n)
		}
	}
}
