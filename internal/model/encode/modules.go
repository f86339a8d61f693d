package encode

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"crosssum/internal/model/settings"
	"crosssum/schemas"
)

// modules are the steps of an encoder, as sentence-transformers' modules.json lists them: Transformer and Pooling, or
// StaticEmbedding; then Dense, any number; then Normalize. A directory without modules.json is a plain model of
// transformers: BertModel's pooler or XLM-R's mean over the tokens, and unit length.
type modules struct {
	listed      bool   // there is a modules.json
	transformer string // its folder
	static      string // the folder of StaticEmbedding, else ""
	pooling     string // "mean", "cls", "pooler"
	dense       []denseConfig
	normalize   bool
	maxTokens   int    // sentence_bert_config.json's max_seq_length, 0 for none
	prompt      string // what sentence-transformers puts before every text unless told otherwise
}

// directory says what is wrong with a path at which no encoder lies.
func directory(dir string) error {
	if info, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: is not there; name the Hugging Face directory of an encoder", dir)
	} else if err != nil {
		return err
	} else if !info.IsDir() {
		return fmt.Errorf("%s: is a file; name the Hugging Face directory of an encoder", dir)
	}
	for _, name := range []string{"modules.json", "config.json"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%s: has neither modules.json nor config.json, so it is no Hugging Face directory of an encoder", dir)
}

// readModules reads modules.json and the settings of each module. What is not applied is an error that names it.
func readModules(dir string) (*modules, error) {
	if err := directory(dir); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "modules.json")
	var list []struct{ Path, Type string }
	listed, err := readJSON(path, &list)
	if err != nil {
		return nil, err
	}
	prompt, err := DefaultPrompt(dir)
	if err != nil {
		return nil, err
	}
	if !listed {
		return &modules{transformer: dir, normalize: true, prompt: prompt}, nil
	}
	m := &modules{listed: true, prompt: prompt}
	var order []string
	for _, entry := range list {
		kind := entry.Type[strings.LastIndexByte(entry.Type, '.')+1:]
		if entry.Path != "" && !filepath.IsLocal(entry.Path) {
			return nil, fmt.Errorf("%s: path %q leaves the directory", path, entry.Path)
		}
		if err := m.add(kind, filepath.Join(dir, entry.Path)); err != nil {
			return nil, err
		}
		if kind != "Dense" || !slices.Contains(order, kind) {
			order = append(order, kind)
		}
	}
	order = slices.DeleteFunc(order, func(kind string) bool { return kind == "Dense" || kind == "Normalize" })
	if got := strings.Join(order, ", "); got != "Transformer, Pooling" && got != "StaticEmbedding" {
		return nil, fmt.Errorf("%s: modules are %q; wanted Transformer, Pooling or StaticEmbedding, then Dense, then Normalize", path, got)
	}
	return m, nil
}

const promptsFile = "config_sentence_transformers.json"

// DefaultPrompt is what the encoder of a directory has before every text by its own settings, "" for nothing. Prompts that
// have a name and are not the default stand there for whoever asks for them: nobody here does.
func DefaultPrompt(dir string) (string, error) {
	path := filepath.Join(dir, promptsFile)
	fields, err := readFields(path, map[string]string{"truncate_dim": "null"},
		"__version__", "model_type", "requirements", "similarity_fn_name", "prompts", "default_prompt_name")
	if err != nil {
		return "", err
	}
	var name *string
	var prompts map[string]*string
	for field, to := range map[string]any{"default_prompt_name": &name, "prompts": &prompts} {
		if raw, ok := fields[field]; ok {
			if err := json.Unmarshal([]byte(raw), to); err != nil {
				return "", fmt.Errorf("%s: %s: %w", path, field, schemas.InJSONsWords(err))
			}
		}
	}
	if name == nil {
		return "", nil
	}
	prompt, ok := prompts[*name]
	if !ok {
		return "", fmt.Errorf("%s: default_prompt_name is %q, and prompts has none of that name", path, *name)
	}
	if prompt == nil {
		return "", nil
	}
	return *prompt, nil
}

// add takes the next module of the list.
func (m *modules) add(kind, dir string) (err error) {
	if m.normalize {
		return fmt.Errorf("%s: module %s comes after Normalize, which is not supported", dir, kind)
	}
	if m.transformer == "" && m.static == "" && kind != "Transformer" && kind != "StaticEmbedding" {
		return fmt.Errorf("%s: module %s comes first, which is not supported", dir, kind)
	}
	switch kind {
	case "Transformer":
		m.transformer = dir
		m.maxTokens, err = readTransformer(filepath.Join(dir, "sentence_bert_config.json"))
	case "StaticEmbedding":
		m.static = dir
	case "Pooling":
		m.pooling, err = readMode(filepath.Join(dir, "config.json"))
	case "Dense":
		if m.static == "" && m.pooling == "" {
			return fmt.Errorf("%s: module Dense comes before Pooling, which is not supported", dir)
		}
		var d denseConfig
		d, err = readDense(dir)
		m.dense = append(m.dense, d)
	case "Normalize":
		m.normalize = true
		_, err = readFields(filepath.Join(dir, "config.json"), sentenceOnly)
	default:
		return fmt.Errorf("%s: module %s is not supported; Transformer, StaticEmbedding, Pooling, Dense and Normalize are", dir, kind)
	}
	return err
}

// readTransformer reads max_seq_length; the other fields have one supported value.
func readTransformer(path string) (maxTokens int, err error) {
	fields, err := readFields(path, map[string]string{"do_lower_case": "false null", "transformer_task": `"feature-extraction" null`,
		"modality_config":    `{"text":{"method":"forward","method_output_name":"last_hidden_state"}} null`,
		"module_output_name": `"token_embeddings" null`, "processing_kwargs": "{} null", "query_length": "null", "document_length": "null",
		"query_expansion": "null"}, "max_seq_length", "unpad_inputs")
	if err != nil {
		return 0, err
	}
	if raw, ok := fields["max_seq_length"]; ok && raw != "null" {
		if err := json.Unmarshal([]byte(raw), &maxTokens); err != nil || maxTokens < 1 {
			return 0, fmt.Errorf("%s: max_seq_length is %s", path, raw)
		}
	}
	return maxTokens, nil
}

// sentenceOnly are the settings of a module that works on the sentence's vector.
var sentenceOnly = map[string]string{"module_input_name": `"sentence_embedding" null`, "module_output_name": `"sentence_embedding" null`}

// modes are the fields by which sentence-transformers before 5.2 switched a pooling mode on; now pooling_mode names it.
var modes = []struct{ field, mode string }{
	{"pooling_mode_cls_token", "cls"}, {"pooling_mode_mean_tokens", "mean"}, {"pooling_mode_max_tokens", "max"},
	{"pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens"}, {"pooling_mode_weightedmean_tokens", "weightedmean"},
	{"pooling_mode_lasttoken", "lasttoken"},
}

// readMode reads a Pooling's config.json: "mean" or "cls".
func readMode(path string) (string, error) {
	honoured := []string{"pooling_mode", "word_embedding_dimension", "embedding_dimension"}
	for _, m := range modes {
		honoured = append(honoured, m.field)
	}
	fields, err := readFields(path, map[string]string{"include_prompt": "true null"}, honoured...)
	if err != nil {
		return "", err
	}
	if fields == nil {
		return "", fmt.Errorf("%s: is missing, though modules.json names it", path)
	}
	var on []string
	if raw, ok := fields["pooling_mode"]; ok {
		on = append(on, strings.Trim(raw, `"`))
	} else {
		for _, m := range modes {
			if fields[m.field] == "true" {
				on = append(on, m.mode)
			}
		}
	}
	switch mode := strings.Join(on, " + "); mode {
	case "mean", "cls":
		return mode, nil
	default:
		return "", fmt.Errorf("%s: pooling %q is not supported; mean and cls are", path, mode)
	}
}

// readFields reads a JSON object, nil where there is no file: each field either has the one value of fixed, or is one of
// honoured, or is an error that names it. Values come back as compact JSON.
func readFields(path string, fixed map[string]string, honoured ...string) (map[string]string, error) {
	var raw map[string]json.RawMessage
	if ok, err := readJSON(path, &raw); err != nil || !ok {
		return nil, err
	}
	if err := settings.Check(raw, honoured, fixed); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	fields := map[string]string{}
	for name, value := range raw {
		fields[name] = settings.Compact(value)
	}
	return fields, nil
}

// readJSON reads a small JSON file; ok is false where there is none.
func readJSON(path string, v any) (ok bool, err error) {
	b, err := settings.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return false, fmt.Errorf("%s: %w", path, schemas.InJSONsWords(err))
	}
	return true, nil
}
