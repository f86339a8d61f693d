package tokenizer

import (
	"reflect"
	"strings"
	"testing"
)

func TestWhatTransformersWritesOfATokenizersBookkeepingChangesNothing(t *testing.T) {
	var plain Config
	for _, field := range []string{`"chat_template": "{{ messages }}"`, `"verbose": true`, `"files_loaded": ["vocab.txt"]`, `"_processor_class": "X"`,
		`"response_schema": {"type": "object"}`, `"padding_side": "left"`, `"clean_up_tokenization_spaces": true`, `"backend": "tokenizers"`} {
		var c Config
		if err := c.parse([]byte("{" + field + "}")); err != nil || !reflect.DeepEqual(c, plain) {
			t.Errorf("%s: %v, %+v", field, err, c)
		}
	}
	for _, field := range []string{`"truncation_side": "left"`, `"never_split": ["a"]`, `"word_tokenizer_type": "mecab"`} {
		var c Config
		name := strings.Split(field, `"`)[1]
		if err := c.parse([]byte("{" + field + "}")); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "bring a model") {
			t.Errorf("%s: %v", field, err)
		}
	}
}
