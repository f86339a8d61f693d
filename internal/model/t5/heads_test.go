package t5

import (
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/model/safetensors"
	"crosssum/internal/native/torch"
)

// tables writes the tiny model with its tables of words and its head under names: each is the shared table, or another ("head", "third").
func tables(t *testing.T, names map[string]string) string {
	t.Helper()
	m, _ := loadTiny(t)
	var tensors []safetensors.Tensor
	must(t, torch.Do(func() {
		add := func(name string, values torch.Tensor) {
			tensors = append(tensors, safetensors.Tensor{Name: name, DType: "F32", Shape: values.Shape(), Data: values.Bytes(torch.Float32)})
		}
		for _, name := range m.Weights.Names() {
			if name != sharedName && name != headName {
				add(name, m.Weights[name])
			}
		}
		third := m.Weights[sharedName].MulScalar(1)
		third.Select(0, 200).Copy_(torch.Full(0.5, torch.Float32, m.Config.DModel)) // one row of 256
		values := map[string]torch.Tensor{"shared": m.Weights[sharedName], "head": m.Weights[headName], "third": third}
		for name, of := range names {
			add(name, values[of])
		}
	}))
	path := filepath.Join(t.TempDir(), "model.safetensors")
	must(t, safetensors.Write(path, tensors))
	return path
}

func TestTwoDifferentTablesAreNeverTiedUnderWhateverNames(t *testing.T) {
	const shared, encoder, decoder, head = sharedName, "encoder.embed_tokens.weight", "decoder.embed_tokens.weight", headName
	for name, c := range map[string]struct {
		tables map[string]string
		tied   bool
		err    string
	}{
		"the decoder's words beside another head":             {map[string]string{decoder: "shared", head: "head"}, false, ""},
		"the encoder's words beside another head":             {map[string]string{encoder: "shared", head: "head"}, false, ""},
		"both beside another head":                            {map[string]string{encoder: "shared", decoder: "shared", head: "head"}, false, ""},
		"all three names of the words beside another head":    {map[string]string{shared: "shared", encoder: "shared", decoder: "shared", head: "head"}, false, ""},
		"a head that differs in one row":                      {map[string]string{decoder: "shared", head: "third"}, false, ""},
		"the decoder's words as head too":                     {map[string]string{decoder: "shared", head: "shared"}, true, ""},
		"one table under all names":                           {map[string]string{shared: "shared", encoder: "shared", decoder: "shared", head: "shared"}, true, ""},
		"the head alone":                                      {map[string]string{head: "shared"}, true, ""},
		"the decoder's words alone":                           {map[string]string{decoder: "shared"}, true, ""},
		"the encoder's words are not the decoder's":           {map[string]string{encoder: "shared", decoder: "third"}, true, `"encoder.embed_tokens.weight" and "decoder.embed_tokens.weight" differ`},
		"the decoder's words are not the shared ones":         {map[string]string{shared: "shared", decoder: "third", head: "head"}, true, `"shared.weight" and "decoder.embed_tokens.weight" differ`},
		"the encoder's words are the head and not the shared": {map[string]string{shared: "shared", encoder: "head", head: "head"}, true, `"shared.weight" and "encoder.embed_tokens.weight" differ`},
	} {
		path := tables(t, c.tables)
		for _, said := range []bool{true, false} { // tied by config.json, or an own head by it
			config := *mustLoad(t, said)
			weights, err := LoadWeights(path, &config)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			if !said && c.tables[head] == "" || !said && len(c.tables) == 1 {
				continue // an own head that the file lacks begins as the table of words
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if tied := said && c.tied; config.TieWordEmbeddings != tied || config.ScaleOutputs != tied {
				t.Errorf("%s: tied %v, scaled %v", name, config.TieWordEmbeddings, config.ScaleOutputs)
			}
			must(t, torch.Do(func() {
				table, last := weights[sharedName].Float32s(), weights[sharedName].Float32s()
				if !config.TieWordEmbeddings {
					last = weights[headName].Float32s()
				}
				same := true
				for i := range table {
					same = same && table[i] == last[i]
				}
				if same != c.tied {
					t.Errorf("%s: the head is the table: %v", name, same)
				}
			}))
			weights.Free()
		}
	}
}

// mustLoad is the tiny model's config, tied or not by its fields.
func mustLoad(t *testing.T, tied bool) *Config {
	t.Helper()
	config, err := LoadConfig("testdata/tiny")
	must(t, err)
	config.TieWordEmbeddings, config.ScaleOutputs = tied, tied
	return config
}

func TestScaledOutputsToAHeadOfItsOwnAreRefusedWithTheRemedy(t *testing.T) {
	path := tables(t, map[string]string{"decoder.embed_tokens.weight": "shared", headName: "head"})
	for change, refused := range map[string]bool{
		`{"model_type": "t5", "tie_word_embeddings": true, "scale_decoder_outputs": true}`:                                    true,
		`{"model_type": "t5", "tie_word_embeddings": null, "transformers_version": "5.24.0"}`:                                 true, // 5 scales
		`{"tie_word_embeddings": true, "scale_decoder_outputs": true}`:                                                        true,
		`{"model_type": "t5", "tie_word_embeddings": true, "scale_decoder_outputs": false, "transformers_version": "5.24.0"}`: false,
		`{"model_type": "t5", "tie_word_embeddings": null}`:                                                                   false,
		`{"model_type": "t5", "tie_word_embeddings": true, "transformers_version": "4.57.1"}`:                                 false,
		`{"tie_word_embeddings": true, "transformers_version": "5.24.0"}`:                                                     false,
		`{"model_type": "t5", "tie_word_embeddings": false, "transformers_version": "5.24.0"}`:                                false,
	} {
		config, err := parseConfig(changed(t, change))
		must(t, err)
		weights, err := LoadWeights(path, config)
		if refused && (err == nil || !strings.Contains(err.Error(), "multiply lm_head.weight by d_model^-0.5")) || !refused && err != nil {
			t.Errorf("%s: %v", change, err)
		}
		if err == nil && (config.TieWordEmbeddings || config.ScaleOutputs) {
			t.Errorf("%s: tied %v, scaled %v", change, config.TieWordEmbeddings, config.ScaleOutputs)
		}
		weights.Free()
	}
}
