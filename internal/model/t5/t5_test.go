package t5

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crosssum/internal/model/starts"
	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
	"crosssum/internal/testkit"
)

// fixture is testdata/tiny.json or tied.json: what Hugging Face computes with the folder of that name (see make_tiny.py).
type fixture struct {
	Sources, Labels [][]int
	Starts          []int
	Logits          [][]float64
	Every           int `json:"logits_every"`
}

func loadTiny(t *testing.T) (*Model, fixture) {
	t.Helper()
	return loadFixture(t, "testdata/tiny")
}

func loadFixture(t *testing.T, dir string) (*Model, fixture) {
	t.Helper()
	config, err := LoadConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	weights, err := LoadWeights(filepath.Join(dir, "model.safetensors"), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(weights.Free)
	var f fixture
	raw, err := os.ReadFile(dir + ".json")
	if err == nil {
		err = json.Unmarshal(raw, &f)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &Model{Config: config, Weights: weights}, f
}

func (f fixture) batch() Batch {
	var b Batch
	var sources, targets []int
	for i, s := range f.Sources {
		b.Source = append(b.Source, s...)
		b.Decoder = append(append(b.Decoder, f.Starts[i]), f.Labels[i][:len(f.Labels[i])-1]...)
		b.Labels = append(b.Labels, f.Labels[i]...)
		sources, targets = append(sources, len(s)), append(targets, len(f.Labels[i]))
	}
	b.Sources, b.Targets = kernels.Pack(sources), kernels.Pack(targets)
	return b
}

var must = testkit.Must

func TestLogitsAreHuggingFaces(t *testing.T) {
	for _, name := range []string{"tiny", "tied"} { // mT5 with a head of its own, T5 v1.1 with a tied one
		t.Run(name, func(t *testing.T) { logitsAgree(t, "testdata/"+name) })
	}
}

func logitsAgree(t *testing.T, dir string) {
	m, f := loadFixture(t, dir)
	must(t, torch.Do(func() {
		got := m.Forward(f.batch()).Float32s()
		for row, want := range f.Logits {
			for k, w := range want {
				if g := float64(got[row*m.Config.VocabSize+k*f.Every]); math.Abs(g-w) > 1e-4 {
					t.Fatalf("position %d, piece %d: %v, Hugging Face has %v", row, k*f.Every, g, w)
				}
			}
		}
	}))
}

func TestDecodingTokenByTokenGivesTheLogitsOfTeacherForcing(t *testing.T) {
	m, f := loadTiny(t)
	const beams = 2
	must(t, torch.Do(func() {
		b := f.batch()
		want := m.Forward(b).Float32s()
		states := m.Encode(b.Source, b.Sources, kernels.Dropout{})
		cache := m.NewCache(states, b.Sources, beams, 9)
		defer cache.Free()
		v := m.Config.VocabSize
		order := make([]int, beams*len(f.Starts))
		for at := 0; at < 8; at++ {
			ids := make([]int, beams*len(f.Starts))
			for r := range ids { // beam 0 follows the labels; beam 1 takes other tokens
				example, place := r/beams, b.Targets.Start[r/beams]+at
				ids[r] = 5 + at
				if at < b.Targets.Length[example] && r%beams == 0 {
					ids[r] = b.Decoder[place]
				}
				order[r] = r
			}
			got := m.Step(ids, cache).Float32s()
			for r := 0; r < len(ids); r += beams {
				if at >= b.Targets.Length[r/beams] {
					continue
				}
				for k := 0; k < v; k++ {
					if g, w := got[r*v+k], want[(b.Targets.Start[r/beams]+at)*v+k]; math.Abs(float64(g-w)) > 1e-4 {
						t.Fatalf("row %d, position %d, piece %d: %v, teacher forcing %v", r, at, k, g, w)
					}
				}
			}
			if at == 3 { // beam 1 is replaced by a copy of beam 0, then both change places
				for r := range order {
					order[r] = r / beams * beams
				}
				cache.Reorder(order)
			}
		}
	}))
}

func TestTheLossDoesNotDependOnHowABatchIsCut(t *testing.T) {
	m, f := loadTiny(t)
	sum := func(parts ...fixture) (loss float64) {
		must(t, torch.Do(func() {
			examples := []int{0, 1, 2, 3}
			for _, part := range parts {
				d := kernels.Dropout{Rate: 0.3, Seed: 9, Step: 4, Examples: examples[:len(part.Starts)]}
				loss += m.Loss(part.batch(), 0.1, 1, d).Item()
				examples = examples[len(part.Starts):]
			}
		}))
		return loss
	}
	first := fixture{Sources: f.Sources[:1], Labels: f.Labels[:1], Starts: f.Starts[:1]}
	rest := fixture{Sources: f.Sources[1:], Labels: f.Labels[1:], Starts: f.Starts[1:]}
	if a, b := sum(f), sum(first, rest); math.Abs(a-b) > 1e-4*a {
		t.Fatalf("whole %v, cut %v: the dropout masks or the loss depend on the cut", a, b)
	}
}

func TestAModelWrittenIsTheModelRead(t *testing.T) {
	m, _ := loadTiny(t)
	dir := t.TempDir()
	must(t, m.Config.Save(dir))
	must(t, m.Weights.SaveWeights(filepath.Join(dir, "model.safetensors"), false))
	config, err := LoadConfig(dir)
	must(t, err)
	if config.Languages["russian"] != (starts.Token{ID: 241, Piece: "▁<extra_id_63>"}) || config.Count() != m.Config.Count() {
		t.Fatalf("config came back as %+v", config)
	}
	sameWeights(t, m, dir, config)
}

func TestAModelWrittenInShardsIsTheModelRead(t *testing.T) {
	m, _ := loadTiny(t)
	dir := t.TempDir()
	must(t, m.Config.Save(dir))
	must(t, m.Weights.save(dir, false, 40_000)) // the tables alone have 32,768 bytes
	files, err := filepath.Glob(filepath.Join(dir, "model-*-of-*.safetensors"))
	must(t, err)
	if _, err := os.Stat(filepath.Join(dir, "model.safetensors")); err == nil || len(files) < 3 {
		t.Fatalf("%d shards; model.safetensors: %v", len(files), err)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || info.Size() > 45_000 {
			t.Errorf("%s: %v, %v", file, info.Size(), err)
		}
	}
	sameWeights(t, m, dir, m.Config)
}

// sameWeights compares a model's with those of the folder that it was written to.
func sameWeights(t *testing.T, m *Model, dir string, config *Config) {
	t.Helper()
	weights, err := LoadWeights(filepath.Join(dir, "model.safetensors"), config)
	must(t, err)
	defer weights.Free()
	must(t, torch.Do(func() {
		for _, name := range m.Weights.Names() {
			if !slices.Equal(weights[name].Float32s(), m.Weights[name].Float32s()) {
				t.Errorf("%s changed", name)
			}
		}
	}))
}

// What directories of others hold: fields of transformers' two generations, and what they say of the head.
func TestTheHeadIsTiedAndScaledAsTransformersOfItsVersionDoes(t *testing.T) {
	for change, want := range map[string][2]bool{ // tied, scaled
		`{"tie_word_embeddings": false}`:                                                                               {false, false},
		`{"tie_word_embeddings": null}`:                                                                                {false, false},
		`{"tie_word_embeddings": true}`:                                                                                {true, true},
		`{"tie_word_embeddings": true, "transformers_version": "4.57.1"}`:                                              {true, true},
		`{"tie_word_embeddings": true, "transformers_version": "5.23.0"}`:                                              {true, false},
		`{"model_type": "t5", "tie_word_embeddings": null}`:                                                            {true, true},
		`{"model_type": "t5", "tie_word_embeddings": true, "transformers_version": "5.23.0"}`:                          {true, true},
		`{"model_type": "t5", "tie_word_embeddings": true, "scale_decoder_outputs": false}`:                            {true, false},
		`{"model_type": "t5", "tie_word_embeddings": false, "is_gated_act": true, "dense_act_fn": "gelu_new"}`:         {false, false},
		`{"tie_word_embeddings": false, "bos_token_id": null, "classifier_dropout": 0.0, "dtype": "float32"}`:          {false, false},
		`{"tie_word_embeddings": false, "length_penalty": 0.6, "max_length": 84, "num_beams": 4, "output_past": true}`: {false, false},
	} {
		if c, err := parseConfig(changed(t, change)); err != nil || c.TieWordEmbeddings != want[0] || c.ScaleOutputs != want[1] {
			t.Errorf("%s: %+v, %v; want tied and scaled %v", change, c, err, want)
		}
	}
}

// changed is the tiny model's config.json with other fields; null takes one away.
func changed(t *testing.T, change string) []byte {
	t.Helper()
	good, err := os.ReadFile("testdata/tiny/config.json")
	must(t, err)
	var fields, changes map[string]json.RawMessage
	must(t, json.Unmarshal(good, &fields))
	must(t, json.Unmarshal([]byte(change), &changes))
	for name, value := range changes {
		if fields[name] = value; string(value) == "null" {
			delete(fields, name)
		}
	}
	raw, err := json.Marshal(fields)
	must(t, err)
	return raw
}

func TestAFileOfTwoTablesIsNeverTied(t *testing.T) { // transformers 5 writes "tie_word_embeddings": true for every mT5
	m, _ := loadTiny(t)
	config := *m.Config
	config.TieWordEmbeddings, config.ScaleOutputs = true, true
	weights, err := LoadWeights("testdata/tiny/model.safetensors", &config)
	must(t, err)
	defer weights.Free()
	if config.TieWordEmbeddings || config.ScaleOutputs || len(weights) != len(m.Weights) {
		t.Errorf("%d weights, tied %v", len(weights), config.TieWordEmbeddings)
	}
}

func TestAWeightThatIsMissingMisshapenOrNotFiniteIsNamed(t *testing.T) {
	for name, spoil := range map[string]func(m *Model, weight string){
		"missing": func(m *Model, weight string) { delete(m.Weights, weight) },
		"shape": func(m *Model, weight string) {
			m.Weights[weight] = m.Weights["decoder.final_layer_norm.weight"]
		},
		"NaN": func(m *Model, weight string) { m.Weights[weight].Copy_(torch.Full(math.NaN(), torch.Float32, 1)) },
	} {
		const weight = "decoder.block.1.layer.2.DenseReluDense.wo.weight"
		m, _ := loadTiny(t)
		live, dir := torch.Live(), t.TempDir()
		must(t, torch.Do(func() { spoil(m, weight) }))
		must(t, m.Weights.SaveWeights(filepath.Join(dir, "model.safetensors"), false))
		if _, err := LoadWeights(filepath.Join(dir, "model.safetensors"), m.Config); err == nil || !strings.Contains(err.Error(), weight) ||
			!strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		if torch.Live() != live {
			t.Errorf("%s: %d tensors leaked", name, torch.Live()-live)
		}
	}
}

func TestADirectoryOfAPickleSaysHowToConvertIt(t *testing.T) {
	m, _ := loadTiny(t)
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "pytorch_model.bin"), []byte("PK"), 0o644))
	if _, err := LoadWeights(filepath.Join(dir, "model.safetensors"), m.Config); err == nil || !strings.Contains(err.Error(), "save_file") {
		t.Errorf("got %v", err)
	}
}

func TestATiedModelIsWrittenAsBothVersionsReadIt(t *testing.T) {
	m, _ := loadFixture(t, "testdata/tied")
	dir := t.TempDir()
	m.Config.ModelType = "mt5" // of transformers 4: scaled there, not in 5
	must(t, m.Config.Save(dir))
	must(t, m.Weights.save(dir, false, shardBytes))
	config, err := LoadConfig(dir)
	must(t, err)
	weights, err := LoadWeights(filepath.Join(dir, "model.safetensors"), config)
	must(t, err)
	defer weights.Free()
	if config.ModelType != "t5" || !config.TieWordEmbeddings || !config.ScaleOutputs || len(weights) != len(m.Weights) {
		t.Errorf("came back as %+v", config)
	}
}

func TestAFieldThatIsNotHonouredIsNamed(t *testing.T) {
	good, err := os.ReadFile("testdata/tiny/config.json")
	must(t, err)
	for field, value := range map[string]string{"feed_forward_proj": `"relu"`, "attention_window": "7", "is_decoder": "true",
		"d_model": "0", "vocab_size": "99999999999", "dense_act_fn": `"silu"`} {
		var fields map[string]json.RawMessage
		must(t, json.Unmarshal(good, &fields))
		fields[field] = json.RawMessage(value)
		raw, _ := json.Marshal(fields)
		if _, err := parseConfig(raw); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s = %s: %v", field, value, err)
		}
	}
}

func TestBucketsAreTheReferences(t *testing.T) { // transformers' _relative_position_bucket, 32 buckets, distance 128
	for distance, want := range map[int][2]int{0: {0, 0}, 1: {17, 0}, -1: {1, 1}, 7: {23, 0}, -8: {8, 8}, 20: {26, 0}, -20: {10, 17}, -130: {15, 31}, 500: {31, 0}} {
		if got := [2]int{bucket(distance, true, 32, 128), bucket(distance, false, 32, 128)}; got != want {
			t.Errorf("distance %d: %v, want %v", distance, got, want)
		}
	}
}
