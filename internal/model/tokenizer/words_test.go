package tokenizer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatIsWrongWithTheJSONOfATokenizerIsSaidInJSONsWords(t *testing.T) {
	inFile := func(b []byte) error { _, err := parseFile(b); return err }
	inConfig := func(b []byte) error { return (&Config{}).parse(b) }
	inMap := func(b []byte) error {
		path := filepath.Join(t.TempDir(), specialsFile)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			return err
		}
		return (&Config{}).readMap(path)
	}
	around := func(b []byte) error {
		f, err := parseFile([]byte(`{"model": {"type": "Unigram", "unk_id": 0, "vocab": [["a", 1]]}, "post_processor": ` + string(b) + `}`))
		if err == nil {
			_, _, err = f.around()
		}
		return err
	}
	beside := func(b []byte) error { return (&listed{}).config("p", b) }
	added := func(b []byte) error { return (&listed{}).plain("p", b) }
	for _, c := range []struct {
		read func([]byte) error
		text string
		want string
	}{
		{inFile, `[]`, "wanted an object, got a list"},
		{inFile, `{"version": 1}`, "version: wanted a string, got a number"},
		{inFile, `{"truncation": {"max_length": "x"}}`, "truncation.max_length: wanted a whole number, got a string"},
		{inFile, `{"normalizer": "NFC"}`, "wanted an object, got a string"},
		{inFile, `{"normalizer": {"type": 7}}`, "wanted a string, got a number"},
		{inFile, `{"model": []}`, "model: wanted an object, got a list"},
		{inFile, `{"model": {"type": "WordPiece", "vocab": {"a": "b"}}}`, "model: vocab: wanted a whole number, got a string"},
		{inFile, `{"model": {"type": "Unigram", "vocab": [[1, 2]]}}`, "a piece is not [text, score]: [1, 2]: wanted a string"},
		{inFile, `{"model": {"type": "Unigram", "dropout": 1}}`, `model: unknown field "dropout"`},
		{inFile, `{"colour": 1}`, `unknown field "colour"`},
		{inFile, `{"version": "1`, "ends before its JSON does"},
		{around, `{"type": "TemplateProcessing", "single": 1}`, "post_processor: single: wanted a list, got a number"},
		{around, `{"type": "BertProcessing", "sep": ["a", "b"]}`, "post_processor: "},
		{inConfig, `{"do_lower_case": "yes"}`, "do_lower_case: wanted true or false, got a string"},
		{inConfig, `{"unk_token": 7}`, "a token is a text or an object, not 7"},
		{inConfig, `{"model_max_length": "long"}`, "model_max_length: wanted a number, got a string"},
		{inMap, `["<s>"]`, "wanted an object, got a list"},
		{inMap, `{"cls_token": ["<s>"]}`, `cls_token: a token is a text or an object, not ["<s>"]`},
		{inMap, `{"cls_token": {"content": 3}}`, "cls_token: content: wanted a string, got a number"},
		{inMap, `{"cls_token": `, "unexpected end of JSON input"},
		{beside, `{"added_tokens_decoder": ["x"]}`, "added_tokens_decoder: wanted an object, got a list"},
		{beside, `{"additional_special_tokens": 7}`, "additional_special_tokens: wanted an object, got a number"},
		{added, `{"<2en>": "248"}`, "wanted a whole number, got a string"},
		{added, `["<2en>"]`, "wanted an object, got a list"},
	} {
		err := c.read([]byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "json: cannot") || strings.Contains(err.Error(), "Go ") {
			t.Errorf("%s: wanted %q, got %v", c.text, c.want, err)
		}
	}
}
