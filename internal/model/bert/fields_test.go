package bert

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// computed are the fields that change what an encoder computes, or that say which model it is.
var computed = strings.Fields("model_type tokenizer_class hidden_size num_hidden_layers num_attention_heads intermediate_size vocab_size " +
	"max_position_embeddings type_vocab_size hidden_act layer_norm_eps pad_token_id position_embedding_type is_decoder is_encoder_decoder " +
	"add_cross_attention cross_attention_hidden_size tie_encoder_decoder pruned_heads per_layer_config rope_scaling rope_theta")

func TestAFieldOfTransformersChangesNothingOrIsHonouredOrRefusedByName(t *testing.T) {
	good, err := os.ReadFile(filepath.Join(tiny, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile("../settings/testdata/fields.tsv")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := parseConfig(good)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, line := range strings.Split(strings.TrimSpace(string(table)), "\n")[1:] {
		cells := strings.Split(line, "\t")
		if cells[0] == "T5Config" || cells[0] == "MT5Config" {
			continue
		}
		seen++
		field := cells[1]
		for _, value := range []string{`7`, `true`, `"x"`, `[3, 4]`, `{"0": "LABEL_0"}`} {
			var fields map[string]json.RawMessage
			if err := json.Unmarshal(good, &fields); err != nil {
				t.Fatal(err)
			}
			fields[field] = json.RawMessage(value)
			raw, _ := json.Marshal(fields)
			config, err := parseConfig(raw)
			switch {
			case !slices.Contains(computed, field) && (err != nil || !reflect.DeepEqual(config, plain)):
				t.Errorf("%s = %s changes something: %v", field, value, err)
			case slices.Contains(computed, field) && err == nil && reflect.DeepEqual(config, plain):
				t.Errorf("%s = %s is passed over", field, value)
			case err != nil && !strings.Contains(err.Error(), field):
				t.Errorf("%s = %s: the error names another field: %v", field, value, err)
			}
		}
	}
	if seen < 150 {
		t.Errorf("%d fields", seen)
	}
}
