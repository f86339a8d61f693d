package tokenizer

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// directory is one of testdata/make_beside.py.
type directory struct {
	Model, Kind string
	Rows        int
	Files       map[string]json.RawMessage
	IDs         [][]int32
}

// readBeside gives the directories of a kind, written out, and the texts.
func readBeside(t *testing.T, kind string) (texts []string, directories map[string]directory, written map[string]string) {
	t.Helper()
	var all struct {
		Models      map[string][]byte
		Texts       []string
		Directories map[string]directory
	}
	file, err := os.Open("testdata/beside.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	if err == nil {
		err = json.NewDecoder(unpacked).Decode(&all)
	}
	if err != nil {
		t.Fatal(err)
	}
	directories, written = map[string]directory{}, map[string]string{}
	for name, d := range all.Directories {
		if d.Kind != kind {
			continue
		}
		dir := t.TempDir()
		for file, content := range d.Files {
			if err := os.WriteFile(filepath.Join(dir, file), content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, d.Model), all.Models[kind], 0o644); err != nil {
			t.Fatal(err)
		}
		directories[name], written[name] = d, dir
	}
	return all.Texts, directories, written
}

func TestTokensThatADirectoryAddsToASentencePieceModelAreTokens(t *testing.T) {
	texts, directories, written := readBeside(t, "xlmr")
	if len(directories) < 4 {
		t.Fatalf("%d directories", len(directories))
	}
	for name, d := range directories {
		tokens, _, _, err := Load(written[name], "", d.Rows)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, text := range texts {
			if got, err := tokens.Encode(text, 1<<20); err != nil || !slices.Equal(got, d.IDs[i]) {
				t.Errorf("%s: %q is cut as %v (%v), transformers has %v", name, text, got, err, d.IDs[i])
			}
		}
	}
}

func TestAnAddedTokenThatCannotBeHonouredIsNamed(t *testing.T) {
	_, directories, written := readBeside(t, "xlmr")
	const name = "xlmr, one"
	free := directories[name].Rows - 101
	for _, c := range []struct{ file, content, says string }{
		{addedFile, `{"<2en>": 5}`, `"<2en>" has id 5, which is that of another piece: ids from 248 on are free`},
		{addedFile, `{"<s>": 5}`, `"<s>" has id 5, and the vocabulary has it as 0`},
		{addedFile, `{"a": 300}`, `"a" has id 300, and the vocabulary has it as`},
		{addedFile, `{"<2en>": 349}`, `"<2en>" has id 349, and the model has 349 rows of words`},
		{addedFile, `{"<2en>": -1}`, `"<2en>" has id -1`},
		{addedFile, `{"<2en>": 248, "<2de>": 248}`, `and so has "<2`},
		{addedFile, `{"": 248}`, `token "" has id 248`},
		{configFile, `{"added_tokens_decoder": {"248": {"content": "cat", "single_word": true}}}`, `"cat" is to be found as a single word alone`},
		{configFile, `{"added_tokens_decoder": {"249": {"content": "<2en>"}}}`, `token "<2en>" has id 248, and 249 in`},
		{configFile, `{"added_tokens_decoder": {"x": {"content": "<2fr>"}}}`, `the id "x", which is no number`},
		{configFile, `{"additional_special_tokens": ["<2fr>"]}`, `names the special token "<2fr>", and no file has its id`},
		{configFile, `{"extra_special_tokens": {"image_token": "<image>"}}`, `names the special token "<image>"`},
		{specialsFile, `{"additional_special_tokens": [{"content": "<2fr>", "lstrip": false}]}`, `names the special token "<2fr>"`},
		{jsonFile, `{"version": "1.0", "added_tokens": [{"id": 7, "content": "<2fr>"}]}`, `"<2fr>" has id 7, which is that of another piece`},
	} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(written[name])); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, c.file), []byte(c.content), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := Load(dir, "", directories[name].Rows); err == nil || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), dir) {
			t.Errorf("%s %s: %v, wanted %q", c.file, c.content, err, c.says)
		}
	}
	if free != 248 {
		t.Errorf("the first free id is %d", free)
	}
}

func TestTokensThatADirectoryAddsToWordPiecesAreTokens(t *testing.T) {
	const vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\nnew\nyork\n[unused1]\n"
	for _, c := range []struct {
		files map[string]string
		want  map[string][]int32
		says  string
	}{
		{map[string]string{addedFile: `{"<2en>": 10, "New York": 11}`}, map[string][]int32{"<2EN> a": {10, 5}, "ab<2en>": {5, 6, 10}, "in new YORK": {1, 11}, "new a": {7, 5}}, ""},
		{map[string]string{configFile: `{"added_tokens_decoder": {"9": {"content": "[unused1]", "special": true}, "3": {"content": "[SEP]", "special": true}}}`},
			map[string][]int32{"a[unused1]a[SEP]": {5, 9, 5, 3}, "[UNUSED1]": {1, 1, 1}}, ""},
		{map[string]string{configFile: `{"split_special_tokens": true}`, addedFile: `{"<2en>": 10}`}, map[string][]int32{"[SEP]<2en>": {1, 1, 1, 10}}, ""},
		{map[string]string{specialsFile: `{"additional_special_tokens": ["[unused1]"]}`}, map[string][]int32{"a [unused1]": {5, 9}}, ""},
		{map[string]string{addedFile: `{"<2en>": 5}`}, nil, `"<2en>" has id 5, which is that of another piece: ids from 10 on are free`},
		{map[string]string{addedFile: `{"new": 10}`}, nil, `"new" has id 10, and the vocabulary has it as 7`},
		{map[string]string{addedFile: `{"<2en>": 12}`}, nil, `"<2en>" has id 12, and the model has 12 rows of words`},
		{map[string]string{configFile: `{"additional_special_tokens": ["<2en>"]}`}, nil, `names the special token "<2en>"`},
	} {
		dir := t.TempDir()
		c.files[vocabularyFile] = vocabulary
		for name, content := range c.files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		tokens, _, _, err := Load(dir, "BertTokenizer", 12)
		if c.says != "" || err != nil {
			if c.says == "" || err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v: %v, wanted %q", c.files, err, c.says)
			}
			continue
		}
		for text, want := range c.want {
			if got, err := tokens.Encode(text, 64); err != nil || !slices.Equal(got, slices.Concat([]int32{2}, want, []int32{3})) {
				t.Errorf("%v: %q is cut as %v, %v, wanted %v", c.files, text, got, err, want)
			}
		}
	}
}

func TestATokenThatTokenizerJSONLacksIsNamed(t *testing.T) {
	for file, content := range map[string]string{addedFile: `{"<2en>": 5}`, configFile: `{"tokenizer_class": "PreTrainedTokenizerFast", "added_tokens_decoder": {"5": {"content": "<2en>"}}}`,
		specialsFile: `{"additional_special_tokens": ["<2en>"]}`} {
		for _, kind := range []string{unigramFile, wordPieceFile} {
			dir := t.TempDir()
			for name, content := range map[string]string{jsonFile: kind, file: content} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			_, _, _, err := Load(dir, "PreTrainedTokenizerFast", 100)
			if err == nil || !strings.Contains(err.Error(), `"<2en>"`) || !strings.HasPrefix(err.Error(), filepath.Join(dir, file)) {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}
