package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
)

// Prefix stands before every text, as the encoder was trained.
const Prefix = "query: "

// object is a JSON object that is written with sorted names, so that equal content is equal bytes.
type object = map[string]any

// settings are the small files of the directory by path: what transformers and sentence-transformers read.
func (h *header) settings() map[string]any {
	special := object{"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "mask_token": "<mask>",
		"pad_token": "<pad>", "sep_token": "</s>", "unk_token": "<unk>"}
	tokenizer := object{"tokenizer_class": "XLMRobertaTokenizer", "model_max_length": h.positions,
		"clean_up_tokenization_spaces": true}
	for name, token := range special {
		tokenizer[name] = token
	}
	return map[string]any{
		"config.json": object{
			"architectures": []string{"BertModel"}, "model_type": "bert", "tokenizer_class": "XLMRobertaTokenizer",
			"hidden_size": h.hidden, "num_hidden_layers": h.layers, "num_attention_heads": h.heads,
			"intermediate_size": h.feedForward, "vocab_size": h.vocabulary, "max_position_embeddings": h.positions,
			"type_vocab_size": h.types, "hidden_act": "gelu", "layer_norm_eps": decimal(h.epsilon),
			"attention_probs_dropout_prob": 0.1, "hidden_dropout_prob": 0.1, "initializer_range": 0.02,
			"pad_token_id": 0, "position_embedding_type": "absolute", "torch_dtype": "float32", "use_cache": true,
		},
		"tokenizer_config.json":   tokenizer,
		"special_tokens_map.json": special,
		"modules.json": []object{
			{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
			{"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
			{"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
		},
		"1_Pooling/config.json": object{"word_embedding_dimension": h.hidden, "pooling_mode_mean_tokens": true,
			"pooling_mode_cls_token": false, "pooling_mode_max_tokens": false, "pooling_mode_mean_sqrt_len_tokens": false},
		"2_Normalize/config.json":   object{},
		"sentence_bert_config.json": object{"max_seq_length": h.positions, "do_lower_case": false},
		"config_sentence_transformers.json": object{"prompts": object{"query": Prefix}, "default_prompt_name": "query",
			"similarity_fn_name": "cosine"},
	}
}

// decimal is the shortest decimal number that fp32 rounds to v, as a float64: 1e-12 and not 9.99999996e-13.
func decimal(v float32) float64 {
	d, err := strconv.ParseFloat(strconv.FormatFloat(float64(v), 'g', -1, 32), 64)
	if err != nil || math.IsNaN(d) {
		return float64(v)
	}
	return d
}

// writeSettings writes the small files below dir.
func (h *header) writeSettings(dir string) error {
	for name, content := range h.settings() {
		b, err := json.MarshalIndent(content, "", "  ")
		if err != nil {
			return err
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
			return err
		}
	}
	return nil
}
