package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"crosssum/internal/model/settings"
	"crosssum/schemas"
)

// Config is tokenizer_config.json, as far as it changes ids. Defaults are those of transformers.
type Config struct {
	Class          string `json:"tokenizer_class"`
	DoLowerCase    bool   `json:"do_lower_case"`
	StripAccents   *bool  `json:"strip_accents"` // null: as do_lower_case
	ChineseChars   bool   `json:"tokenize_chinese_chars"`
	SplitSpecial   bool   `json:"split_special_tokens"` // true: special tokens that a text spells out are text
	ModelMaxLength maxLen `json:"model_max_length"`
	Unk            token  `json:"unk_token"`
	Cls            token  `json:"cls_token"`
	Sep            token  `json:"sep_token"`
	Pad            token  `json:"pad_token"`
	Mask           token  `json:"mask_token"`
	Bos            token  `json:"bos_token"`
	Eos            token  `json:"eos_token"`

	// Read by readListed.
	Added      json.RawMessage `json:"added_tokens_decoder"`
	Additional json.RawMessage `json:"additional_special_tokens"`
	Extra      json.RawMessage `json:"extra_special_tokens"`
}

// silent are fields that change no id here: names, versions, decoding, and the options of padding and truncation, which
// a caller of this project states itself.
var silent = "name_or_path special_tokens_map_file full_tokenizer_file tokenizer_file vocab_file clean_up_tokenization_spaces backend is_local " +
	"local_files_only padding_side max_length stride truncation_strategy pad_to_multiple_of pad_token_type_id padding " +
	"model_input_names do_basic_tokenize processor_class transformers_version _processor_class _commit_hash verbose files_loaded chat_template " +
	"chat_control_tokens response_template response_schema clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output"

// fixed are fields with one supported value, in JSON.
var fixed = map[string]string{
	"truncation_side": `"right" null`, "never_split": "null",
	"sp_model_kwargs": "{} null", "add_prefix_space": "true null", "trim_offsets": "true null", "from_slow": "false null",
}

// token is a special token: a string, or an object of the class AddedToken.
type token struct {
	Content    string `json:"content"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	SingleWord bool   `json:"single_word"`
}

func (t *token) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	if err := json.Unmarshal(b, &t.Content); err == nil {
		return nil
	}
	type object token // without this method
	if b[0] != '{' {
		return fmt.Errorf("a token is a text or an object, not %.40s", b)
	}
	return schemas.InJSONsWords(json.Unmarshal(b, (*object)(t)))
}

// maxLen is a length that may be "no limit": transformers writes 1000000000000000019884624838656.
type maxLen int

func (m *maxLen) UnmarshalJSON(b []byte) error {
	var f float64
	if err := json.Unmarshal(b, &f); err != nil {
		return fmt.Errorf("model_max_length: %w", schemas.InJSONsWords(err))
	}
	if f > 0 && f < 1<<24 {
		*m = maxLen(f)
	}
	return nil
}

// readConfig reads dir/tokenizer_config.json, which need not be there. A field that is not honoured is an error that
// names it.
func readConfig(dir, class string) (*Config, error) {
	c := &Config{DoLowerCase: true, ChineseChars: true}
	path := filepath.Join(dir, configFile)
	b, err := settings.ReadFile(path)
	if err == nil {
		err = wrap(path, c.parse(b))
	} else if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	if c.Class == "" {
		c.Class = class
	}
	switch strings.TrimSuffix(c.Class, "Fast") {
	case "", "BertTokenizer", "XLMRobertaTokenizer", "PreTrainedTokenizer", "TokenizersBackend":
	default:
		return nil, fmt.Errorf("%s: tokenizer_class is %q; BertTokenizer, XLMRobertaTokenizer and PreTrainedTokenizerFast are supported", path, c.Class)
	}
	return c, c.readMap(filepath.Join(dir, specialsFile))
}

func (c *Config) parse(b []byte) error {
	_, err := settings.Decode(b, c, silent, fixed)
	return err
}

// readMap takes special tokens that tokenizer_config.json does not name from special_tokens_map.json.
func (c *Config) readMap(path string) error {
	b, err := settings.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(b, &fields); err != nil {
		return fmt.Errorf("%s: %w", path, schemas.InJSONsWords(err))
	}
	own := map[string]*token{"unk_token": &c.Unk, "cls_token": &c.Cls, "sep_token": &c.Sep, "pad_token": &c.Pad, "mask_token": &c.Mask,
		"bos_token": &c.Bos, "eos_token": &c.Eos}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		raw := fields[name]
		var t token
		if known := own[name]; known == nil && name != "additional_special_tokens" && name != "extra_special_tokens" {
			return fmt.Errorf("%s: %s is not supported", path, name)
		} else if known == nil {
		} else if err := json.Unmarshal(raw, &t); err != nil {
			return fmt.Errorf("%s: %s: %w", path, name, schemas.InJSONsWords(err))
		} else if known.Content == "" {
			*known = t
		} else if known.Content != t.Content {
			return fmt.Errorf("%s: %s is %q, and %q in %s", path, name, t.Content, known.Content, configFile)
		}
	}
	return nil
}

// isBERT tells whether transformers would build BERT's tokenizer by the settings here, whatever tokenizer.json says.
func (c *Config) isBERT() bool { return c.Class == "" || strings.HasPrefix(c.Class, "BertTokenizer") }

// checkSpecials compares the named special tokens with what XLM-R has.
func (c *Config) checkSpecials(dir string) error {
	for _, t := range []struct{ name, got, want string }{
		{"cls_token", c.Cls.Content, "<s>"}, {"sep_token", c.Sep.Content, "</s>"}, {"pad_token", c.Pad.Content, "<pad>"},
		{"unk_token", c.Unk.Content, "<unk>"}, {"mask_token", c.Mask.Content, "<mask>"}, {"bos_token", c.Bos.Content, "<s>"},
		{"eos_token", c.Eos.Content, "</s>"},
	} {
		if t.got != "" && t.got != t.want {
			return fmt.Errorf("%s: %s is %q, and XLM-R's is %q", filepath.Join(dir, configFile), t.name, t.got, t.want)
		}
	}
	return nil
}
