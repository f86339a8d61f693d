package encode

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"crosssum/internal/model/resident"
)

// files writes a directory of small files.
func files(t *testing.T, content map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range content {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const (
	transformerModule = `{"path": "", "type": "sentence_transformers.models.Transformer"}`
	poolingModule     = `{"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}`
	denseModule       = `{"path": "2_Dense", "type": "sentence_transformers.models.Dense"}`
	normalizeModule   = `{"path": "3_Normalize", "type": "sentence_transformers.models.Normalize"}`
	meanMode          = `{"word_embedding_dimension": 8, "pooling_mode_mean_tokens": true, "pooling_mode_cls_token": false}`
	tanh              = `{"in_features": 8, "out_features": 4, "bias": true, "activation_function": "torch.nn.modules.activation.Tanh"}`
)

func TestTheModulesOfLaBSEAreRead(t *testing.T) {
	m, err := readModules(files(t, map[string]string{
		"modules.json": "[" + strings.Join([]string{transformerModule, poolingModule, denseModule, normalizeModule}, ", ") + "]",
		"sentence_bert_config.json": `{"max_seq_length": 256, "do_lower_case": false, "unpad_inputs": null, "processing_kwargs": {}, "query_length": null,
			"document_length": null, "query_expansion": null, "module_output_name": "token_embeddings"}`, // of all versions from 2.2 to 6.2
		"1_Pooling/config.json": `{"word_embedding_dimension": 8, "pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false,
			"pooling_mode_max_tokens": false, "pooling_mode_mean_sqrt_len_tokens": false}`,
		"2_Dense/config.json": tanh,
	}))
	if err != nil {
		t.Fatal(err)
	}
	if m.pooling != "cls" || len(m.dense) != 1 || !m.dense[0].tanh || !m.dense[0].bias || m.dense[0].out != 4 || !m.normalize || m.maxTokens != 256 {
		t.Errorf("%+v", m)
	}
}

func TestWhatAModuleDoesNotHonourIsNamed(t *testing.T) {
	for _, c := range []struct {
		modules []string
		file    string
		content string
		says    string
	}{
		{[]string{transformerModule, normalizeModule}, "", "", "wanted Transformer, Pooling"},
		{[]string{transformerModule, poolingModule, `{"path": "2_X", "type": "x.models.LSTM"}`}, "", "", "LSTM"},
		{[]string{transformerModule, poolingModule, normalizeModule, denseModule}, "", "", "after Normalize"},
		{[]string{poolingModule, transformerModule}, "", "", "comes first"},
		{[]string{transformerModule, `{"path": "9_Pooling", "type": "x.Pooling"}`}, "", "", "9_Pooling/config.json: is missing"},
		{[]string{transformerModule, `{"path": "../elsewhere", "type": "x.Pooling"}`}, "", "", "leaves the directory"},
		{[]string{transformerModule, poolingModule}, "1_Pooling/config.json", `{"pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": true}`, "mean + max"},
		{[]string{transformerModule, poolingModule}, "1_Pooling/config.json", `{"pooling_mode": ["mean", "cls"]}`, "mean and cls are"},
		{[]string{transformerModule, poolingModule}, "1_Pooling/config.json", `{"pooling_mode": "mean", "include_prompt": false}`, "include_prompt"},
		{[]string{transformerModule, poolingModule}, "1_Pooling/config.json", `{"pooling_mode": "mean", "gate": 1}`, "gate"},
		{[]string{transformerModule, poolingModule}, "sentence_bert_config.json", `{"do_lower_case": true}`, "do_lower_case"},
		{[]string{transformerModule, poolingModule}, "sentence_bert_config.json", `{"processing_kwargs": {"text": {"padding": "max_length"}}}`, "processing_kwargs"},
		{[]string{transformerModule, poolingModule}, "sentence_bert_config.json", `{"query_length": 32}`, "query_length"},
		{[]string{transformerModule, poolingModule, denseModule}, "2_Dense/config.json", strings.Replace(tanh, "Tanh", "SiLU", 1), "SiLU"},
		{[]string{transformerModule, poolingModule, denseModule}, "2_Dense/config.json", strings.Replace(tanh, `"bias"`, `"use_residual": true, "bias"`, 1), "use_residual"},
		{[]string{transformerModule, poolingModule, denseModule}, "2_Dense/config.json", strings.Replace(tanh, "4,", "99999999999,", 1), "out_features"},
		{[]string{transformerModule, denseModule, poolingModule}, "2_Dense/config.json", tanh, "Dense comes before Pooling"},
		{[]string{transformerModule, poolingModule}, promptsFile, `{"truncate_dim": 64}`, "truncate_dim"},
		{[]string{transformerModule, poolingModule}, promptsFile, `{"prompt_template": "x"}`, "prompt_template"},
		{[]string{transformerModule, poolingModule}, promptsFile, `{"default_prompt_name": "query", "prompts": {"passage": "p: "}}`, `default_prompt_name is "query"`},
		{[]string{transformerModule, poolingModule}, promptsFile, `{"default_prompt_name": 7}`, "default_prompt_name"},
		{[]string{transformerModule, poolingModule, normalizeModule}, "3_Normalize/config.json", `{"module_input_name": "token_embeddings"}`, "module_input_name"},
	} {
		content := map[string]string{"modules.json": "[" + strings.Join(c.modules, ", ") + "]", "1_Pooling/config.json": meanMode}
		if c.file != "" {
			content[c.file] = c.content
		}
		if _, err := readModules(files(t, content)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.says, err)
		}
	}
}

func TestBookkeepingOfSentenceTransformersChangesNothing(t *testing.T) {
	plain := func() map[string]string {
		return map[string]string{"modules.json": "[" + strings.Join([]string{transformerModule, poolingModule, normalizeModule}, ", ") + "]", "1_Pooling/config.json": meanMode}
	}
	read := func(content map[string]string) (modules, error) {
		dir := files(t, content)
		m, err := readModules(dir)
		if err != nil {
			return modules{}, err
		}
		m.transformer = "" // a folder of its own
		return *m, nil
	}
	want, err := read(plain())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ file, fields string }{
		{promptsFile, `"__version__": {"sentence_transformers": "5.2.0"}`}, {promptsFile, `"model_type": "SentenceTransformer"`},
		{promptsFile, `"requirements": {"transformers": ">=4"}`}, {promptsFile, `"similarity_fn_name": "cosine"`}, {promptsFile, `"similarity_fn_name": null`},
		{promptsFile, `"prompts": {"passage": "passage: "}`}, {promptsFile, `"prompts": {}, "default_prompt_name": null`}, {promptsFile, `"truncate_dim": null`},
		{"sentence_bert_config.json", `"unpad_inputs": null`}, {"sentence_bert_config.json", `"unpad_inputs": true`}, {"sentence_bert_config.json", `"max_seq_length": null`},
		{"sentence_bert_config.json", `"do_lower_case": false`}, {"sentence_bert_config.json", `"transformer_task": "feature-extraction"`},
		{"sentence_bert_config.json", `"modality_config": {"text": {"method": "forward", "method_output_name": "last_hidden_state"}}`},
		{"sentence_bert_config.json", `"module_output_name": "token_embeddings"`}, {"sentence_bert_config.json", `"processing_kwargs": {}`},
		{"sentence_bert_config.json", `"query_length": null`}, {"sentence_bert_config.json", `"document_length": null`}, {"sentence_bert_config.json", `"query_expansion": null`},
		{"1_Pooling/config.json", `"pooling_mode": "mean", "embedding_dimension": 8`}, {"1_Pooling/config.json", `"pooling_mode": "mean", "include_prompt": true`},
		{"1_Pooling/config.json", `"pooling_mode": "mean", "word_embedding_dimension": 8`},
		{"3_Normalize/config.json", `"module_input_name": "sentence_embedding"`}, {"3_Normalize/config.json", `"module_output_name": "sentence_embedding"`},
	} {
		content := plain()
		content[c.file] = "{" + c.fields + "}"
		if got, err := read(content); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s with %s: %+v, %v", c.file, c.fields, got, err)
		}
	}
}

func TestADirectoryThatIsNoEncodersIsNamed(t *testing.T) {
	empty := t.TempDir()
	file := filepath.Join(empty, "model.bin")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{empty: "neither modules.json nor config.json", file: "is a file", filepath.Join(empty, "gone"): "is not there"} {
		if _, err := readModules(path); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", says, err)
		}
	}
}

func TestTheDefaultPromptOfADirectoryIsKnownAndOtherPromptsAreNobodys(t *testing.T) {
	for content, want := range map[string]string{
		`{"prompts": {"query": "query: ", "passage": "passage: "}, "default_prompt_name": "query", "similarity_fn_name": "cosine"}`:                     "query: ",
		`{"__version__": {"pytorch": "2"}, "prompts": {"query": "query: "}, "default_prompt_name": null, "model_type": "SentenceTransformer"}`:          "",
		`{"prompts": {"query": null}, "default_prompt_name": "query", "truncate_dim": null, "requirements": {"transformers": ">=4"}, "prompts_": null}`: "?",
		`{"prompts": {"query": null}, "default_prompt_name": "query", "truncate_dim": null}`:                                                            "",
		`{}`: "",
	} {
		prompt, err := DefaultPrompt(files(t, map[string]string{promptsFile: content}))
		if want == "?" {
			if err == nil || !strings.Contains(err.Error(), "prompts_") {
				t.Errorf("%s: %v", content, err)
			}
		} else if err != nil || prompt != want {
			t.Errorf("%s: %q, %v", content, prompt, err)
		}
	}
	if prompt, err := DefaultPrompt(t.TempDir()); err != nil || prompt != "" {
		t.Errorf("without the file: %q, %v", prompt, err)
	}
}

func TestTheIdentityOfAnEncoderCoversEveryFile(t *testing.T) {
	content := map[string]string{"config.json": "{}", "vocab.txt": "a", "2_Dense/model.safetensors": "w", "model-00002-of-00002.safetensors": "s"}
	dir := files(t, content)
	before, err := resident.Identity(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name := range content {
		path := filepath.Join(dir, name)
		old, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(path, append(old, '!'), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		after, err := resident.Identity(dir)
		if err != nil || after == before {
			t.Errorf("%s: a change is not seen (%v)", name, err)
		}
		before = after
	}
}
