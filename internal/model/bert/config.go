// Package bert is Hugging Face's BertModel and XLMRobertaModel, forward only: the encoders under multilingual-e5, LaBSE and
// others. One file a block; every field of config.json is either honoured, known to say nothing about the forward pass, or an error.
package bert

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"crosssum/internal/model/settings"
)

// Config mirrors the fields of config.json that the forward pass depends on.
type Config struct {
	ModelType        string  `json:"model_type"`
	TokenizerClass   string  `json:"tokenizer_class"`
	HiddenSize       int     `json:"hidden_size"`
	Layers           int     `json:"num_hidden_layers"`
	Heads            int     `json:"num_attention_heads"`
	IntermediateSize int     `json:"intermediate_size"`
	VocabSize        int     `json:"vocab_size"`
	Positions        int     `json:"max_position_embeddings"`
	Types            int     `json:"type_vocab_size"`
	HiddenAct        string  `json:"hidden_act"`
	LayerNormEps     float64 `json:"layer_norm_eps"`
	Pad              *int    `json:"pad_token_id"` // positions of xlm-roberta begin after it
}

// silent are the fields of these models' own that have no say in the forward pass at inference.
const silent = settings.Silent + "attention_probs_dropout_prob hidden_dropout_prob classifier_dropout initializer_range eos_token_id " +
	"directionality pooler_fc_size pooler_num_attention_heads pooler_num_fc_layers pooler_size_per_head pooler_type " +
	"tie_word_embeddings decoder_start_token_id"

// fixed are fields that the code takes for granted: another value would change the result.
var fixed = settings.Fixed(map[string]string{"position_embedding_type": `"absolute"`, "is_encoder_decoder": "false"})

// ReadConfig reads dir/config.json. A field that is not honoured is an error that names it.
func ReadConfig(dir string) (*Config, error) {
	path := filepath.Join(dir, "config.json")
	b, err := settings.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c, err := parseConfig(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

func parseConfig(b []byte) (*Config, error) {
	c := &Config{HiddenAct: "gelu", LayerNormEps: 1e-12, Types: 2, Positions: 512}
	if json.Unmarshal(b, c); c.ModelType != "" { // before fields that another kind of model has
		if err := c.checkType(); err != nil {
			return nil, err
		}
	}
	if _, err := settings.Decode(b, c, silent, fixed); err != nil {
		return nil, err
	}
	return c, c.check()
}

func (c *Config) checkType() error {
	if c.ModelType != "bert" && c.ModelType != "xlm-roberta" {
		return fmt.Errorf("model_type is %q, and of encoders only \"bert\" and \"xlm-roberta\" are supported", c.ModelType)
	}
	return nil
}

// check bounds every size, so that no product of them overflows.
func (c *Config) check() error {
	if err := c.checkType(); err != nil {
		return err
	}
	if c.HiddenAct != "gelu" {
		return fmt.Errorf("hidden_act is %q, and only \"gelu\" is supported", c.HiddenAct)
	}
	for _, f := range []struct {
		name  string
		value int
		limit int
	}{
		{"hidden_size", c.HiddenSize, 1 << 14}, {"num_hidden_layers", c.Layers, 1 << 8}, {"num_attention_heads", c.Heads, 1 << 10},
		{"intermediate_size", c.IntermediateSize, 1 << 16}, {"vocab_size", c.VocabSize, 1 << 22},
		{"max_position_embeddings", c.Positions, 1 << 16}, {"type_vocab_size", c.Types, 1 << 10},
	} {
		if f.value < 1 || f.value > f.limit {
			return fmt.Errorf("%s is %d, outside of 1 to %d", f.name, f.value, f.limit)
		}
	}
	if c.HiddenSize%c.Heads != 0 {
		return fmt.Errorf("hidden_size %d is no multiple of num_attention_heads %d", c.HiddenSize, c.Heads)
	}
	if first := c.firstPosition(); first < 0 || first >= c.Positions {
		return fmt.Errorf("pad_token_id %d leaves no position of max_position_embeddings %d", first-1, c.Positions)
	}
	if c.LayerNormEps <= 0 || c.LayerNormEps > 1 {
		return fmt.Errorf("layer_norm_eps is %v", c.LayerNormEps)
	}
	return nil
}

// firstPosition is the position of a text's first token. XLM-R counts from the one after pad_token_id (1 by default).
func (c *Config) firstPosition() int {
	switch {
	case c.ModelType == "bert":
		return 0
	case c.Pad == nil:
		return 2
	}
	return *c.Pad + 1
}

// MaxTokens is the longest text that has positions.
func (c *Config) MaxTokens() int { return c.Positions - c.firstPosition() }
