package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/engine"
	"crosssum/internal/native/device"
	"crosssum/internal/testkit/programs"
	"crosssum/schemas"
)

// like is a model's directory, but for the files that are changed; those changed to nothing are not there.
func like(t *testing.T, model string, changes map[string]func([]byte) []byte) string {
	t.Helper()
	dir := t.TempDir()
	err := filepath.WalkDir(model, func(path string, e fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(model, path)
		if err != nil || e.IsDir() {
			return errors.Join(err, os.MkdirAll(filepath.Join(dir, rel), 0o755))
		}
		change, changed := changes[rel]
		if !changed {
			return os.Symlink(path, filepath.Join(dir, rel))
		}
		raw, err := os.ReadFile(path)
		if now := change(raw); err == nil && now != nil {
			if bytes.Equal(now, raw) {
				t.Errorf("%s of %s does not change", rel, model)
			}
			err = os.WriteFile(filepath.Join(dir, rel), now, 0o644)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func replaced(old, new string) func([]byte) []byte {
	return func(raw []byte) []byte { return bytes.Replace(raw, []byte(old), []byte(new), 1) }
}

func gone([]byte) []byte { return nil }

func cut(raw []byte) []byte { return raw[:len(raw)/2] }

// field sets one of a JSON object.
func field(name string, value any) func([]byte) []byte {
	return func(raw []byte) []byte {
		fields := map[string]any{}
		if json.Unmarshal(raw, &fields) != nil {
			return raw
		}
		fields[name] = value
		raw, _ = json.Marshal(fields)
		return raw
	}
}

type changes = map[string]func([]byte) []byte

func TestWhatARunCannotDoWithItsModelsIsKnownWithoutTheirWeights(t *testing.T) {
	root := programs.Root(t)
	summarizer, encoder := filepath.Join(root, "models/crosssum-small"), filepath.Join(root, "build/models/multilingual-e5-small")
	classifier := filepath.Join(root, "build/models/lid.176.ftz")
	demo := schemas.Demo()
	ok := engine.CheckRequest{Encoder: encoder, Encoding: demo.Encoder, Classifier: classifier, Summarizer: summarizer, Training: demo.Train,
		Targets: []string{"english", "russian"}}
	many := []string{}
	for _, l := range schemas.Languages() {
		many = append(many, l.Name)
	}
	with := func(change func(*engine.CheckRequest)) engine.CheckRequest {
		r := ok
		change(&r)
		return r
	}
	changed := func(of changes) engine.CheckRequest {
		return with(func(r *engine.CheckRequest) { r.Summarizer = like(t, summarizer, of) })
	}
	encoding := func(of changes) engine.CheckRequest {
		return with(func(r *engine.CheckRequest) { r.Encoder = like(t, encoder, of) })
	}
	for name, c := range map[string]struct {
		request engine.CheckRequest
		kind    string
		want    string
	}{
		"all is well": {ok, "", ""},
		"a field of the config that is not supported": {changed(changes{"config.json": field("feed_forward_proj", "relu")}), schemas.MissingModel, "feed_forward_proj"},
		"no config":                        {changed(changes{"config.json": gone}), schemas.MissingModel, "config.json"},
		"no vocabulary":                    {changed(changes{"spiece.model": gone}), schemas.MissingModel, "copy spiece.model from the model that was fine-tuned"},
		"a vocabulary that is cut off":     {changed(changes{"spiece.model": cut}), schemas.MissingModel, "spiece.model"},
		"a vocabulary of another model":    {changed(changes{"config.json": field("vocab_size", 4000)}), schemas.MissingModel, "copy the vocabulary that belongs to the weights"},
		"a start token without a piece":    {changed(changes{"config.json": replaced("extra_id_63", "extra_id_4711")}), schemas.MissingModel, "russian starts with the piece"},
		"no weights":                       {changed(changes{"model.safetensors": gone}), schemas.MissingModel, "model.safetensors"},
		"weights that are cut off":         {changed(changes{"model.safetensors": cut}), schemas.MissingModel, "cut off"},
		"a tensor that is missing":         {changed(changes{"model.safetensors": replaced("encoder.block.0.layer.1.DenseReluDense.wo", "encoder.block.0.layer.1.DenseReluDense.xx")}), schemas.MissingModel, "wo.weight\" is missing"},
		"tensors of another shape":         {changed(changes{"config.json": field("d_ff", 96)}), schemas.MissingModel, "config.json asks for"},
		"a layer too many":                 {changed(changes{"config.json": field("num_layers", 1)}), schemas.MissingModel, "belongs to no weight"},
		"tensors of whole numbers":         {changed(changes{"model.safetensors": replaced(`"BF16"`, `"I16" `)}), schemas.MissingModel, "is I16, wanted F32, BF16 or F16"},
		"a record that cannot be read":     {changed(changes{"trained_on.arrow": cut}), schemas.InvalidInput, "copy the model once more"},
		"more languages than start tokens": {with(func(r *engine.CheckRequest) { r.Targets = many }), schemas.InvalidInput, `--languages, {"languages": [`},
		"a precision of other numerics":    {with(func(r *engine.CheckRequest) { r.Training.Precision = "bf16" }), schemas.InvalidInput, `needs numerics "native"`},

		"an encoder that is cut off":     {encoding(changes{"model.safetensors": cut}), schemas.MissingModel, "cut off"},
		"an encoder without a tokenizer": {encoding(changes{"sentencepiece.bpe.model": gone}), schemas.MissingModel, "sentencepiece.bpe.model"},
		"an encoder of another width":    {encoding(changes{"config.json": field("intermediate_size", 8)}), schemas.MissingModel, "config.json means"},
		"an encoder that lacks a tensor": {encoding(changes{"model.safetensors": replaced("encoder.layer.3.output.dense.bias", "encoder.layer.3.output.dense.bios")}), schemas.MissingModel, "encoder.layer.3.output.dense.bias is missing"},
		"an encoder with a prompt, and no prefix": {with(func(r *engine.CheckRequest) {
			*r = encoding(changes{"config_sentence_transformers.json": prompted})
			r.Encoding.Prefix = ""
		}), schemas.InvalidInput, `{"encoder": {"prefix": "query: "}}`},
		"more tokens than the encoder takes": {with(func(r *engine.CheckRequest) { r.Encoding.MaxTokens, r.Encoding.BatchTokens = 513, 600 }), schemas.InvalidInput, `{"encoder": {"max_tokens": 512}}`},
		"a summarizer for an encoder":        {with(func(r *engine.CheckRequest) { r.Encoder = summarizer }), schemas.MissingModel, `model_type is "mt5"`},
		"an encoder for a summarizer":        {with(func(r *engine.CheckRequest) { r.Summarizer = encoder }), schemas.MissingModel, "config.json"},
		"no classifier":                      {with(func(r *engine.CheckRequest) { r.Classifier = filepath.Join(root, "none.ftz") }), schemas.MissingModel, "none.ftz"},
		"a classifier that is none":          {with(func(r *engine.CheckRequest) { r.Classifier = filepath.Join(root, "README.md") }), schemas.MissingModel, "README.md"},
	} {
		quiet := func(schemas.Progress) {}
		answer, err := check(t.Context(), c.request, quiet)
		of, message := kind(err)
		if c.kind == "" && (err != nil || len(answer.Says) != 3 || len(answer.Remarks) != 0) || c.kind != "" && (of != c.kind || !strings.Contains(message, c.want)) {
			t.Errorf("%s: wanted %s, %q, got %v, %+v", name, c.kind, c.want, err, answer)
		}
	}
	device.Use(device.Settings{Device: "cuda", Numerics: "portable"})
	defer device.Use(device.Settings{})
	if _, err := check(t.Context(), ok, func(schemas.Progress) {}); err == nil || !strings.Contains(err.Error(), "device is cuda and numerics are not native") {
		t.Error(err)
	}
}

func prompted(raw []byte) []byte {
	return field("prompts", map[string]string{"query": "query: "})(field("default_prompt_name", "query")(raw))
}

func TestTheEngineChecksModelsAsideAndReportsThatItDoes(t *testing.T) {
	c := program(t)
	reported := 0
	r := engine.CheckRequest{Summarizer: filepath.Join(programs.Root(t), "models/crosssum-small")}
	answer, err := c.Check(t.Context(), "portable", r, func(schemas.Progress) { reported++ })
	if err != nil || len(answer.Says) != 1 || !strings.Contains(answer.Says[0], "mt5") || reported == 0 {
		t.Errorf("%+v, %v, %d reports", answer, err, reported)
	}
	r.Summarizer += "-not"
	if _, err := c.Check(t.Context(), "portable", r, nil); err == nil || !strings.Contains(err.Error(), "crosssum-small-not") {
		t.Error(err)
	}
}
