package starts

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNewLanguagesGetTheFreeSentinelsDownward(t *testing.T) {
	lookup := func(piece string) (int, bool) {
		ids := map[string]int{SentinelPiece(54): 240, SentinelPiece(53): 9, SentinelPiece(52): 10}
		id, ok := ids[piece]
		return id, ok
	}
	l := Tokens{"english": {240, "▁<extra_id_69>"}}
	added, err := l.Assign([]string{"german", "english", "danish"}, lookup)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(added, " ") != "danish german" || l["danish"].ID != 9 || l["german"].ID != 10 {
		t.Fatalf("added %v: %v", added, l)
	}
	if _, err := l.Assign([]string{"welsh"}, lookup); err == nil || !strings.Contains(err.Error(), "welsh") {
		t.Fatalf("without a free sentinel: %v", err)
	}
}

func TestAModelsMapIsReadOutOfItsConfiguration(t *testing.T) {
	tokens, err := Read("../../../models/crosssum-small/config.json")
	if err != nil || len(tokens) < 45 || tokens["russian"].Piece != SentinelPiece(63) {
		t.Errorf("%v, %v", tokens, err)
	}
	path := filepath.Join(t.TempDir(), "config.json")
	for config, want := range map[string]string{
		`{}`: "", `{"task_specific_params": null}`: "", `{"task_specific_params": {"langid_map": null}}`: "",
		`{"task_specific_params": {"langid_map": {"english": 5}}}`:                                  "langid_map: 5 is not [id, piece]",
		`{"task_specific_params": {"summarization": {"num_beams": 4, "prefix": "summarize: "}}}`:    "",
		`{"task_specific_params": {"translation_en_to_de": {"max_length": 300}, "langid_map": {}}}`: "",
		`{"task_specific_params": {"langid_map": [1]}}`:                                             "got a list",
		`{"task_specific_params": 7}`:                                                               "number",
		`{"task_specific_params": {"langid_map": {"english": [5, "x"]}`:                             "unexpected end",
	} {
		if err := os.WriteFile(path, []byte(config), 0o644); err != nil {
			t.Fatal(err)
		}
		tokens, err := Read(path)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) || len(tokens) > 0 {
			t.Errorf("%s: %v, %v", config, tokens, err)
		}
	}
}

func TestThePieceDecidesWhateverStandsBesideIt(t *testing.T) {
	ids := map[string]int{SentinelPiece(63): 250_036, SentinelPiece(59): 250_040, SentinelPiece(99): 250_000, "<2en>": 7}
	lookup := func(piece string) (int, bool) { id, ok := ids[piece]; return id, ok }
	for name, c := range map[string]struct {
		tokens  Tokens
		remarks int
		err     string
	}{
		"the published form: the place among the sentinels": {Tokens{"russian": {36, SentinelPiece(63)}, "chinese_simplified": {40, SentinelPiece(59)}}, 0, ""},
		"the first of all places":                           {Tokens{"english": {0, SentinelPiece(99)}}, 0, ""},
		"the id of the piece":                               {Tokens{"russian": {250_036, SentinelPiece(63)}}, 0, ""},
		"both forms in one map":                             {Tokens{"russian": {36, SentinelPiece(63)}, "chinese_simplified": {250_040, SentinelPiece(59)}}, 0, ""},
		"another number, outside the vocabulary":            {Tokens{"russian": {-3, SentinelPiece(63)}, "english": {1 << 40, "<2en>"}}, 2, ""},
		"the place of another piece":                        {Tokens{"russian": {40, SentinelPiece(63)}}, 1, ""},
		"a piece that is not there":                         {Tokens{"russian": {36, "▁<extra_id_36>"}}, 0, `russian starts with the piece "▁<extra_id_36>"`},
		"one piece for two languages":                       {Tokens{"russian": {36, SentinelPiece(63)}, "tatar": {250_036, SentinelPiece(63)}}, 0, "russian and tatar share"},
	} {
		remarks, err := c.tokens.Resolve(lookup)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || len(remarks) != c.remarks {
			t.Errorf("%s: %v, %v", name, remarks, err)
		}
		for language, token := range c.tokens {
			if token.ID != ids[token.Piece] {
				t.Errorf("%s: %s starts with %d", name, language, token.ID)
			}
		}
	}
}
