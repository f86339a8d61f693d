package export

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"

	"gopkg.in/yaml.v3"
)

// card exports the whole world and returns the folder and the parts of its data card.
func cardOf(t *testing.T) (dir string, h header, text string) {
	t.Helper()
	in, dir := world(t), t.TempDir()
	for _, in.Source = range []string{"english", "hindi"} {
		_, err := Run(in, dir, func(int64, int64) {})
		must(t, err)
	}
	must(t, Card(CardInput{Samples: in.Samples, Splits: in.Splits, Crawls: []string{"first", "second"}, Encoder: "weights",
		Articles: []CardArticles{{"english", 2, "digest-e"}, {"hindi", 2, "digest-h"}}, Digests: map[string]string{"pairs": "digest-p"},
		Rows: "digest-r",
		Mined: schemas.Mined{Encoder: schemas.EncoderParams{Name: "e5", Prefix: "query: ", MaxTokens: 128}, Rule: "margin", Threshold: 1.0625,
			Duplicate: 0.97, Neighbours: 4, Split: schemas.Demo().Split, Seed: 42}}, dir))
	b, err := os.ReadFile(filepath.Join(dir, "README.md"))
	must(t, err)
	parts := strings.SplitN(string(b), "---\n", 3)
	if len(parts) != 3 || parts[0] != "" {
		t.Fatalf("no YAML header in\n%s", b)
	}
	decoder := yaml.NewDecoder(strings.NewReader(parts[1]))
	decoder.KnownFields(true)
	must(t, decoder.Decode(&h))
	return dir, h, parts[2]
}

func TestTheHeaderListsJustTheFilesThatExist(t *testing.T) {
	dir, h, _ := cardOf(t)
	var exist []string
	must(t, fs.WalkDir(os.DirFS(dir), "parquet", func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			exist = append(exist, path)
		}
		return err
	}))
	var listed, matched []string
	for _, c := range h.Configs {
		for _, f := range c.Files {
			if filepath.Base(filepath.Dir(f.Path)) != f.Split {
				t.Errorf("%s is listed as %s", f.Path, f.Split)
			}
			if c.Name != "all" {
				listed = append(listed, f.Path)
				if filepath.Base(f.Path) != c.Name+".parquet" {
					t.Errorf("%s is listed for %s", f.Path, c.Name)
				}
				continue
			}
			paths, err := filepath.Glob(filepath.Join(dir, f.Path))
			must(t, err)
			for _, path := range paths {
				rel, _ := filepath.Rel(dir, path)
				matched = append(matched, rel)
			}
		}
	}
	sort.Strings(listed)
	sort.Strings(matched)
	if len(exist) != 4 || !slices.Equal(exist, listed) || !slices.Equal(exist, matched) {
		t.Errorf("there are %v, listed %v, matched by all %v", exist, listed, matched)
	}
	for _, c := range h.Configs {
		if c.Description != "rows digest-r" { // datasets takes two data sets for one whose configurations are alike
			t.Errorf("%s does not say what rows it has: %q", c.Name, c.Description)
		}
	}
	if last := h.Configs[len(h.Configs)-1]; last.Name != "all" || !last.Default || len(h.Configs) != 4 {
		t.Errorf("configurations %+v", h.Configs)
	}
}

func TestADataSetWithoutASampleHasACardToo(t *testing.T) {
	dir := t.TempDir()
	in := CardInput{Samples: filepath.Join(dir, "samples"), Splits: filepath.Join(dir, "splits"), Crawls: []string{"empty"}}
	must(t, arrowfile.WriteRows[schemas.SampleRow](in.Samples, 0, nil))
	must(t, arrowfile.WriteRows[schemas.SplitRow](in.Splits, 0, nil))
	must(t, Card(in, dir))
	b, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if must(t, err); !strings.Contains(string(b), "| across languages | 0 | 0 | 0 | 0 |") || !strings.Contains(string(b), "configs: []") {
		t.Errorf("%s", b)
	}
}

func TestTheCardHasWordsForEveryRule(t *testing.T) {
	for name, rule := range schemas.Rules {
		if rule.Text == "" {
			t.Error(name)
		}
	}
	in := world(t)
	err := Card(CardInput{Samples: in.Samples, Splits: in.Splits, Mined: schemas.Mined{Rule: "newest"}}, t.TempDir())
	if err == nil || !strings.Contains(err.Error(), `"newest"`) {
		t.Errorf("a rule without words: %v", err)
	}
}

func TestTheCardStatesCountsRulesThresholdsDigestsAndLanguages(t *testing.T) {
	_, h, text := cardOf(t)
	if !slices.Equal(h.Languages, []string{"en", "hi"}) || !slices.Equal(h.Size, []string{"n<1K"}) || h.License == "" || len(h.Tasks) == 0 {
		t.Errorf("header %+v", h)
	}
	for _, want := range []string{
		"| across languages | 1 | 0 | 2 | 3 |", "| with an article's own summary included | 2 | 0 | 2 | 4 |",
		"| english | en | 2 | 2 | 1 |", "| english-hindi | 1 | 0 | 1 |", "`e5` (prefix `query: `)", "`weights`",
		"Rule `margin` at threshold 1.0625 (4 neighbours", "`first`", "`second`", "pairs `digest-p`", "hindi `digest-h`", "the 2 connected components",
		"`hash` 2, `label` 2", "80/10/10, seed 42", `load_dataset("PATH_OF_THIS_FOLDER", "english-english")`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the card does not say %s:\n%s", want, text)
		}
	}
}
