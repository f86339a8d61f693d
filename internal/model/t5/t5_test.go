package t5

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
)

// fixture is testdata/tiny.json: what Hugging Face computes with testdata/tiny (see make_tiny.py).
type fixture struct {
	Sources, Labels [][]int
	Starts          []int
	Logits          [][]float64
	Every           int `json:"logits_every"`
}

func loadTiny(t *testing.T) (*Model, fixture) {
	t.Helper()
	config, err := LoadConfig("testdata/tiny")
	if err != nil {
		t.Fatal(err)
	}
	weights, err := LoadWeights("testdata/tiny/model.safetensors", config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(weights.Free)
	var f fixture
	raw, err := os.ReadFile("testdata/tiny.json")
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

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestLogitsAreHuggingFaces(t *testing.T) {
	m, f := loadTiny(t)
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
	if config.Languages["russian"] != (LanguageToken{241, "▁<extra_id_63>"}) || config.Count() != m.Config.Count() {
		t.Fatalf("config came back as %+v", config)
	}
	weights, err := LoadWeights(filepath.Join(dir, "model.safetensors"), config)
	must(t, err)
	defer weights.Free()
	must(t, torch.Do(func() {
		for _, name := range m.Weights.Names() {
			if !weights[name].Equal(m.Weights[name]) {
				t.Errorf("%s changed", name)
			}
		}
	}))
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

func TestNewLanguagesGetTheFreeSentinelsDownward(t *testing.T) {
	lookup := func(piece string) (int, bool) {
		ids := map[string]int{SentinelPiece(54): 240, SentinelPiece(53): 9, SentinelPiece(52): 10}
		id, ok := ids[piece]
		return id, ok
	}
	l := LanguageTokens{"english": {240, "▁<extra_id_69>"}}
	added, err := l.Assign([]string{"german", "english", "danish"}, lookup)
	must(t, err)
	if strings.Join(added, " ") != "danish german" || l["danish"].ID != 9 || l["german"].ID != 10 {
		t.Fatalf("added %v: %v", added, l)
	}
	if _, err := l.Assign([]string{"welsh"}, lookup); err == nil || !strings.Contains(err.Error(), "welsh") {
		t.Fatalf("without a free sentinel: %v", err)
	}
}

func TestBucketsAreTheReferences(t *testing.T) { // transformers' _relative_position_bucket, 32 buckets, distance 128
	for distance, want := range map[int][2]int{0: {0, 0}, 1: {17, 0}, -1: {1, 1}, 7: {23, 0}, -8: {8, 8}, 20: {26, 0}, -20: {10, 17}, -130: {15, 31}, 500: {31, 0}} {
		if got := [2]int{bucket(distance, true, 32, 128), bucket(distance, false, 32, 128)}; got != want {
			t.Errorf("distance %d: %v, want %v", distance, got, want)
		}
	}
}
