package t5

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// fieldsOf are the fields that transformers' classes know, of testdata/fields.tsv of package settings.
func fieldsOf(t *testing.T, classes ...string) (fields []string) {
	t.Helper()
	raw, err := os.ReadFile("../settings/testdata/fields.tsv")
	must(t, err)
	for _, line := range strings.Split(strings.TrimSpace(string(raw)), "\n")[1:] {
		if cells := strings.Split(line, "\t"); slices.Contains(classes, cells[0]) {
			fields = append(fields, cells[1])
		}
	}
	return fields
}

// computed are the fields that change what a T5 computes, or that say which model it is; the rest of transformers' fields change nothing.
var computed = strings.Fields("model_type vocab_size d_model d_kv d_ff num_layers num_decoder_layers num_heads relative_attention_num_buckets " +
	"relative_attention_max_distance dropout_rate layer_norm_epsilon feed_forward_proj tie_word_embeddings scale_decoder_outputs pad_token_id " +
	"eos_token_id decoder_start_token_id is_encoder_decoder is_decoder is_gated_act dense_act_fn add_cross_attention " +
	"cross_attention_hidden_size tie_encoder_decoder pruned_heads per_layer_config rope_scaling rope_theta")

func TestAFieldOfTransformersChangesNothingOrIsHonouredOrRefusedByName(t *testing.T) {
	plain, err := parseConfig(changed(t, `{}`))
	must(t, err)
	fields := fieldsOf(t, "PretrainedConfig", "GenerationConfig", "T5Config", "MT5Config")
	if len(fields) < 200 {
		t.Fatalf("%d fields", len(fields))
	}
	fields = append(fields, "_pre_quantization_dtype", "custom_pipelines", "output_past", "n_positions") // of files, and of no class
	for _, field := range fields {
		for _, value := range []string{`7`, `true`, `"x"`, `[3, 4]`, `{"0": "LABEL_0"}`} {
			if field == "task_specific_params" || field == "transformers_version" {
				continue // the map is read of the first; the head asks for the second
			}
			config, err := parseConfig(changed(t, fmt.Sprintf(`{%q: %s}`, field, value)))
			switch {
			case !slices.Contains(computed, field) && (err != nil || !reflect.DeepEqual(config, plain)):
				t.Errorf("%s = %s changes something: %v", field, value, err)
			case slices.Contains(computed, field) && err == nil && reflect.DeepEqual(config, plain) && !same(t, field, value):
				t.Errorf("%s = %s is passed over", field, value)
			case err != nil && !strings.Contains(err.Error(), field) && !strings.Contains(err.Error(), "token id") && !strings.Contains(err.Error(), "relative attention"):
				t.Errorf("%s = %s: the error names another field: %v", field, value, err)
			}
		}
	}
}

// same tells whether the file has that value already, or the field's own default is it.
func same(t *testing.T, field, value string) bool {
	var fields map[string]json.RawMessage
	must(t, json.Unmarshal(changed(t, `{}`), &fields))
	return string(fields[field]) == value || value == "true" && slices.Contains([]string{"is_encoder_decoder", "is_gated_act"}, field)
}

func TestARefusedFieldNamesTheRemedy(t *testing.T) {
	for change, want := range map[string]string{
		`{"tie_encoder_decoder": true}`:                            "tie_encoder_decoder is true, and only false null is supported: it changes what is computed; bring",
		`{"quantization_config": {"load_in_8bit": true}}`:          "quantization_config is",
		`{"auto_map": {"AutoModel": "modeling.Own"}}`:              "auto_map is",
		`{"pruned_heads": {"0": [1]}}`:                             "pruned_heads is",
		`{"attention_window": 7}`:                                  "attention_window is set to 7, and this field is not supported: where it changes nothing that is computed, delete it",
		`{"eos_token_id": []}`:                                     "give the id of </s>",
		`{"eos_token_id": ["</s>"]}`:                               "give the id of </s>",
		`{"eos_token_id": [1, 999999]}`:                            "token id 999999",
		`{"task_specific_params": {"langid_map": {"english": 5}}}`: "is not [id, piece]",
	} {
		if _, err := parseConfig(changed(t, change)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", change, err)
		}
	}
}

func TestAListOfEndsHoldsTheVocabularysAndIsWrittenAsItIs(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(shipped, "config.json"))
	must(t, err)
	vocabulary, err := os.ReadFile(filepath.Join(shipped, "spiece.model"))
	must(t, err)
	var fields map[string]json.RawMessage
	must(t, json.Unmarshal(raw, &fields))
	for list, want := range map[string]string{`[1]`: "1", `[1, 5]`: "[1,5]", `[7, 1, 5]`: "[7,1,5]", `[5, 7]`: "", `5`: "", `null`: "1"} {
		dir := t.TempDir()
		fields["eos_token_id"] = json.RawMessage(list)
		raw, err := json.Marshal(fields)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, "config.json"), raw, 0o644))
		must(t, os.WriteFile(filepath.Join(dir, "spiece.model"), vocabulary, 0o644))
		config, err := LoadConfig(dir)
		must(t, err)
		_, err = LoadTokenizer(dir, config)
		if want == "" {
			if err == nil || !strings.Contains(err.Error(), "eos_token_id is "+fmt.Sprint(config.eos())) {
				t.Errorf("%s: %v", list, err)
			}
			continue
		}
		must(t, err)
		if config.EOSTokenID != 1 {
			t.Errorf("%s: </s> is %d", list, config.EOSTokenID)
		}
		must(t, config.Save(dir))
		for _, name := range []string{"config.json", "generation_config.json"} {
			raw, err := os.ReadFile(filepath.Join(dir, name))
			must(t, err)
			var written struct {
				EOS any `json:"eos_token_id"`
			}
			must(t, json.Unmarshal(raw, &written))
			if got, _ := json.Marshal(written.EOS); string(got) != want {
				t.Errorf("%s: %s has %s", list, name, got)
			}
		}
	}
}
