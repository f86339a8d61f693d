package t5

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"crosssum/internal/model/settings"
	"crosssum/internal/model/starts"
	"crosssum/schemas"
)

// Config is config.json of an mT5 or T5 v1.1 model, as far as it changes numbers. Every other field of the file is either
// known to change none (see silent) or an error: no setting is read and then passed over.
type Config struct {
	ModelType         string  `json:"model_type"` // "mt5" or "t5"
	VocabSize         int     `json:"vocab_size"` // rows of both tables; may exceed the pieces of the vocabulary
	DModel            int     `json:"d_model"`
	DKV               int     `json:"d_kv"` // width of a head; num_heads * d_kv need not be d_model
	DFF               int     `json:"d_ff"`
	NumLayers         int     `json:"num_layers"` // of the encoder
	NumDecoderLayers  int     `json:"num_decoder_layers"`
	NumHeads          int     `json:"num_heads"`
	Buckets           int     `json:"relative_attention_num_buckets"`
	MaxDistance       int     `json:"relative_attention_max_distance"`
	DropoutRate       float64 `json:"dropout_rate"`
	LayerNormEpsilon  float64 `json:"layer_norm_epsilon"`
	FeedForward       string  `json:"feed_forward_proj"`     // "gated-gelu"
	TieWordEmbeddings bool    `json:"tie_word_embeddings"`   // the head is the shared table (see heads.go)
	ScaleOutputs      bool    `json:"scale_decoder_outputs"` // by d_model^-0.5 before a tied head
	PadTokenID        int     `json:"pad_token_id"`
	EOSTokenID        int     `json:"eos_token_id"` // </s>
	DecoderStart      int     `json:"decoder_start_token_id"`

	Languages starts.Tokens `json:"-"` // task_specific_params.langid_map
	Ends      []int         `json:"-"` // where eos_token_id is a list: all that end a summary, </s> among them

	scaled bool // a head of its own would take scaled outputs too
}

// silent are the fields of T5's own that change nothing here.
const silent = settings.Silent + "initializer_factor classifier_dropout n_positions"

// fixed are the fields that have one supported value.
var fixed = settings.Fixed(map[string]string{
	"is_encoder_decoder": "true", "is_gated_act": "true", "dense_act_fn": `"gelu_new"`, "scale_embedding": "false", "decoder_num_layers": "null",
})

// LoadConfig reads dir/config.json. A field that is not honoured is an error that names it.
func LoadConfig(dir string) (*Config, error) {
	path := filepath.Join(dir, "config.json")
	raw, err := settings.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: a model is a Hugging Face directory with config.json, model.safetensors and spiece.model", err)
	}
	config, err := parseConfig(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return config, nil
}

func parseConfig(raw []byte) (*Config, error) {
	c := &Config{LayerNormEpsilon: 1e-6, Buckets: 32, MaxDistance: 128, DropoutRate: 0.1, EOSTokenID: 1, FeedForward: "gated-gelu"}
	raw, err := c.takeEnds(raw)
	if err != nil {
		return nil, err
	}
	fields, err := settings.Decode(raw, c, silent, fixed)
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(fields, func(_ string, value json.RawMessage) bool { return string(value) == "null" })
	if _, ok := fields["num_decoder_layers"]; !ok {
		c.NumDecoderLayers = c.NumLayers
	}
	c.readTies(fields)
	if c.Languages, err = starts.Parse(fields["task_specific_params"]); err != nil {
		return nil, err
	}
	return c, c.validate()
}

// takeEnds reads eos_token_id where it is a list, and puts its first id in its place.
func (c *Config) takeEnds(raw []byte) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, schemas.InJSONsWords(err)
	}
	list := fields["eos_token_id"]
	if !bytes.HasPrefix(list, []byte("[")) {
		return raw, nil
	}
	if err := json.Unmarshal(list, &c.Ends); err != nil || len(c.Ends) == 0 || len(c.Ends) > 100 {
		return nil, fmt.Errorf("eos_token_id is %.80s: give the id of </s>, or a list of up to 100 ids with it", list)
	}
	fields["eos_token_id"] = json.RawMessage(strconv.Itoa(c.Ends[0]))
	return json.Marshal(fields)
}

// eos is eos_token_id as config.json has it.
func (c *Config) eos() any {
	if len(c.Ends) > 1 {
		return c.Ends
	}
	return c.EOSTokenID
}

// validate checks every size before anything is allocated by it.
func (c *Config) validate() error {
	if c.ModelType != "mt5" && c.ModelType != "t5" {
		return fmt.Errorf("model_type %q is not mt5 or t5", c.ModelType)
	}
	if c.FeedForward != "gated-gelu" {
		return fmt.Errorf("feed_forward_proj %q is not supported, only gated-gelu (mT5 and T5 v1.1)", c.FeedForward)
	}
	if c.ScaleOutputs && !c.TieWordEmbeddings {
		return fmt.Errorf("scale_decoder_outputs is true and tie_word_embeddings false: only outputs to a tied head are scaled")
	}
	sizes := []struct {
		name       string
		value, max int
	}{
		{"vocab_size", c.VocabSize, 1 << 20}, {"d_model", c.DModel, 1 << 14}, {"d_kv", c.DKV, 1 << 10}, {"d_ff", c.DFF, 1 << 17},
		{"num_layers", c.NumLayers, 256}, {"num_decoder_layers", c.NumDecoderLayers, 256}, {"num_heads", c.NumHeads, 512},
		{"relative_attention_num_buckets", c.Buckets, 1 << 12}, {"relative_attention_max_distance", c.MaxDistance, 1 << 20},
	}
	for _, s := range sizes {
		if s.value < 1 || s.value > s.max {
			return fmt.Errorf("%s %d is not in 1..%d", s.name, s.value, s.max)
		}
	}
	for _, id := range append([]int{c.PadTokenID, c.EOSTokenID, c.DecoderStart}, c.Ends...) {
		if id < 0 || id >= c.VocabSize {
			return fmt.Errorf("token id %d is not in the vocabulary of %d", id, c.VocabSize)
		}
	}
	if c.Buckets%4 != 0 || c.MaxDistance <= c.Buckets/2 {
		return fmt.Errorf("relative attention with %d buckets up to distance %d: buckets must be a multiple of 4 and the distance larger than half of them", c.Buckets, c.MaxDistance)
	}
	if c.DropoutRate < 0 || c.DropoutRate >= 1 || c.LayerNormEpsilon <= 0 {
		return fmt.Errorf("dropout_rate %v or layer_norm_epsilon %v out of range", c.DropoutRate, c.LayerNormEpsilon)
	}
	return nil
}

// Save writes dir/config.json and dir/generation_config.json as transformers reads them.
func (c *Config) Save(dir string) error {
	if err := c.validate(); err != nil {
		return err
	}
	raw, err := json.Marshal(c)
	if err != nil {
		return err
	}
	fields := map[string]any{}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		return err
	}
	class := "MT5ForConditionalGeneration"
	if c.ModelType == "t5" || c.ScaleOutputs {
		class, fields["model_type"] = "T5ForConditionalGeneration", "t5" // the same network; see heads.go
	}
	if !c.TieWordEmbeddings {
		delete(fields, "scale_decoder_outputs")
	}
	fields["architectures"], fields["is_encoder_decoder"], fields["eos_token_id"] = []string{class}, true, c.eos()
	fields["tokenizer_class"], fields["torch_dtype"], fields["use_cache"] = "T5Tokenizer", "float32", true
	if len(c.Languages) > 0 {
		fields["task_specific_params"] = map[string]any{"langid_map": c.Languages}
	}
	if err := writeJSON(filepath.Join(dir, "config.json"), fields); err != nil {
		return err
	}
	return writeJSON(filepath.Join(dir, "generation_config.json"), map[string]any{
		"decoder_start_token_id": c.DecoderStart, "eos_token_id": c.eos(), "pad_token_id": c.PadTokenID,
	})
}

// writeJSON writes v with sorted keys and a final newline.
func writeJSON(path string, v any) error {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}
