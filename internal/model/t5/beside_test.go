package t5

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// added are the directories of ../tokenizer/testdata/make_beside.py that are T5's, written out.
func added(t *testing.T, each func(name, dir string, rows int, texts []string, ids [][]int32)) {
	t.Helper()
	var all struct {
		Models      map[string][]byte
		Texts       []string
		Directories map[string]struct {
			Model, Kind string
			Rows        int
			Files       map[string]json.RawMessage
			IDs         [][]int32
		}
	}
	readGzip(t, "../tokenizer/testdata/beside.json.gz", &all)
	found := 0
	for name, d := range all.Directories {
		if d.Kind != "t5" {
			continue
		}
		found++
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, d.Model), all.Models["t5"], 0o644))
		for file, content := range d.Files {
			must(t, os.WriteFile(filepath.Join(dir, file), content, 0o644))
		}
		each(name, dir, d.Rows, all.Texts, d.IDs)
	}
	if found < 6 {
		t.Fatalf("%d directories", found)
	}
}

func TestTokensThatADirectoryAddsAreTokensInSourcesLabelsAndGeneratedText(t *testing.T) {
	added(t, func(name, dir string, rows int, texts []string, ids [][]int32) {
		tokens, err := LoadTokenizer(dir, &Config{VocabSize: rows, EOSTokenID: 1})
		must(t, err)
		for i, text := range texts {
			got, err := tokens.Source(text, 1<<20)
			must(t, err)
			if !slices.Equal(got, ids[i]) {
				t.Errorf("%s: %q is cut as %v, transformers has %v", name, text, got, ids[i])
			}
			label, dropped, err := tokens.Label(text, 1<<20)
			must(t, err)
			for _, id := range label {
				if tokens.Sentinels()[id] {
					t.Errorf("%s: %q has a sentinel in its label: %v", name, text, label)
				}
			}
			if dropped+len(label) != len(got) {
				t.Errorf("%s: %q: %d ids, %d of its label and %d dropped", name, text, len(got), len(label), dropped)
			}
		}
		if strings.Contains(name, "sentinels") {
			if label, dropped, err := tokens.Label("<extra_id_0> one <extra_id_5>", 99); err != nil || dropped != 2 || len(tokens.Sentinels()) != 100 {
				t.Errorf("%s: %v with %d dropped, %d sentinels, %v", name, label, dropped, len(tokens.Sentinels()), err)
			}
			return
		}
		source, err := tokens.Source("hello <2en>world", 99)
		must(t, err)
		if text, err := tokens.Decode(source); err != nil || text != "hello <2en> world" || !tokens.HasText(tokens.Pieces()) || tokens.HasText(rows-1) {
			t.Errorf("%s: %v comes back as %q, %v", name, source, text, err)
		}
	})
}

func TestAnAddedTokenWithoutARowIsNamed(t *testing.T) {
	added(t, func(name, dir string, rows int, _ []string, _ [][]int32) {
		_, err := LoadTokenizer(dir, &Config{VocabSize: 246, EOSTokenID: 1})
		if err == nil || !strings.Contains(err.Error(), "and the model has 246 rows of words") || !strings.Contains(err.Error(), "added token \"<") {
			t.Errorf("%s: %v", name, err)
		}
	})
}

func TestSentinelsThatAreNamedBesideThoseOfTheVocabularyChangeNothing(t *testing.T) {
	config, err := LoadConfig(shipped)
	must(t, err)
	vocabulary, err := os.ReadFile(filepath.Join(shipped, vocabularyFile))
	must(t, err)
	own := shippedTokenizer(t)
	first, ok := own.Lookup("▁<extra_id_54>")
	if !ok {
		t.Fatal("no sentinel")
	}
	const text = "one <extra_id_54> two<extra_id_55>"
	want, err := own.Source(text, 99)
	must(t, err)
	for content, says := range map[string]string{
		`{"additional_special_tokens": ["<extra_id_54>", "<extra_id_55>"]}`:                         "",
		fmt.Sprintf(`{"added_tokens_decoder": {"%d": {"content": "<extra_id_54>"}}}`, first):        "",
		fmt.Sprintf(`{"added_tokens_decoder": {"%d": {"content": "<extra_id_55>"}}}`, first):        "which is that of another piece",
		`{"added_tokens_decoder": {"0": {"content": "<pad>"}, "1": {"content": "</s>"}}}`:           "",
		`{"added_tokens_decoder": {"5": {"content": "</s>"}}}`:                                      `"</s>" has id 5, and the vocabulary has it as 1`,
		`{"additional_special_tokens": ["<2en>"]}`:                                                  `names the special token "<2en>", and no file has its id`,
		fmt.Sprintf(`{"added_tokens_decoder": {"%d": {"content": "<2en>"}}}`, config.VocabSize+700): "rows of words",
	} {
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, vocabularyFile), vocabulary, 0o644))
		must(t, os.WriteFile(filepath.Join(dir, "tokenizer_config.json"), []byte(content), 0o644))
		tokens, err := LoadTokenizer(dir, config)
		if says != "" {
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %v", content, err)
			}
			continue
		}
		must(t, err)
		if got, err := tokens.Source(text, 99); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; wanted %v", content, got, err, want)
		}
	}
}

func TestASavedModelKeepsTheTokensThatWereAdded(t *testing.T) {
	added(t, func(name, from string, rows int, texts []string, ids [][]int32) {
		config, err := LoadConfig("testdata/tiny")
		must(t, err)
		config.VocabSize, config.Languages = rows, nil
		model, err := New(config, 1)
		must(t, err)
		defer model.Free()
		dir := t.TempDir()
		must(t, model.Save(dir, from, false))
		tokens, err := LoadTokenizer(dir, config)
		must(t, err)
		for i, text := range texts {
			if got, err := tokens.Source(text, 1<<20); err != nil || !slices.Equal(got, ids[i]) {
				t.Errorf("%s: saved, %q is cut as %v (%v), transformers had %v", name, text, got, err, ids[i])
			}
		}
	})
}
