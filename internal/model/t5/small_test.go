package t5

import (
	"math"
	"strings"
	"testing"

	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
)

// smallConfig is google/mt5-small's shape.
var smallConfig = Config{ModelType: "mt5", VocabSize: 250112, DModel: 512, DKV: 64, DFF: 1024, NumLayers: 8, NumDecoderLayers: 8, NumHeads: 6,
	Buckets: 32, MaxDistance: 128, LayerNormEpsilon: 1e-6, FeedForward: "gated-gelu", EOSTokenID: 1}

// seeded makes a model of weights that testdata/make_small.py makes too: a function of the name's rank and the place.
func seeded(t *testing.T, config *Config) *Model {
	t.Helper()
	m := &Model{Config: config, Weights: Parameters{}}
	byName := map[string]shape{}
	for _, s := range config.shapes() {
		byName[s.name], m.Weights[s.name] = s, torch.Tensor{} // for Names
	}
	for k, name := range m.Weights.Names() {
		s := byName[name]
		n := 1
		for _, d := range s.dims {
			n *= d
		}
		deviation, shift := 1.0, 0.0
		switch {
		case strings.Contains(name, "layer_norm"):
			deviation, shift = 0.1, 1
		case name != sharedName && !strings.Contains(name, "relative_attention_bias"):
			fan := float64(s.dims[1])
			if strings.HasSuffix(name, ".q.weight") {
				fan *= float64(config.DKV)
			}
			deviation = math.Pow(fan, -0.5)
		}
		values := make([]float32, n)
		for i := range values {
			values[i] = float32(shift + uniform(uint32(k), uint32(i))*deviation)
		}
		m.Weights.put(s, values)
	}
	t.Cleanup(m.Free)
	return m
}

// uniform is value i of tensor k: mean 0, deviation 1.
func uniform(k, i uint32) float64 {
	x := i*0x9E3779B1 + k*0x85EBCA77
	x ^= x >> 16
	x *= 0x7FEB352D
	x ^= x >> 15
	x *= 0x846CA68B
	x ^= x >> 16
	return ((float64(x)+0.5)/2147483648 - 1) * 1.7320508075688772
}

// smallFixture is testdata/small.json.gz.
type smallFixture struct {
	fixture
	StatesEvery int `json:"states_every"`
	States      []struct {
		Example, Position int
		Values            []float64
	}
	LogSums   []float64 `json:"log_sums"` // of all logits, by target position
	Loss      float64   // label smoothing 0.1
	Gradients map[string]struct {
		Norm   float64
		At     []int // places of values
		Values []float64
	}
}

func TestAModelOfMT5SmallsShapeComputesWhatTransformersComputes(t *testing.T) {
	var want smallFixture
	readGzip(t, "testdata/small.json.gz", &want)
	config := smallConfig
	m := seeded(t, &config)
	b := want.batch()
	must(t, torch.Do(func() {
		states := m.Encode(b.Source, b.Sources, kernels.Dropout{}).Float32s()
		for _, s := range want.States {
			row := states[(b.Sources.Start[s.Example]+s.Position)*config.DModel:]
			for k, w := range s.Values {
				if g := float64(row[k*want.StatesEvery]); math.Abs(g-w) > 1e-4 {
					t.Fatalf("encoder state %d of example %d, position %d: %v, transformers has %v", k*want.StatesEvery, s.Example, s.Position, g, w)
				}
			}
		}
	}))
	must(t, torch.Do(func() {
		logits := m.Forward(b)
		sums := torch.Custom("aten::logsumexp").One(logits, []int{1}).Float32s()
		got, worst := logits.Float32s(), 0.0
		for row, values := range want.Logits {
			for k, w := range values {
				worst = math.Max(worst, math.Abs(float64(got[row*config.VocabSize+k*want.Every])-w))
			}
			worst = math.Max(worst, math.Abs(float64(sums[row])-want.LogSums[row]))
		}
		t.Logf("largest difference of a logit: %.2g", worst)
		if worst > 1e-4 || len(want.Logits) != len(b.Labels) {
			t.Errorf("a logit of %d positions is off by %v", len(want.Logits), worst)
		}
	}))
	smallGradients(t, m, b, want)
}

// smallGradients compares the loss, and of every weight the norm of its gradient and some values.
func smallGradients(t *testing.T, m *Model, b Batch, want smallFixture) {
	if len(want.Gradients) != len(m.Weights) {
		t.Fatalf("%d gradients in the fixture, %d weights", len(want.Gradients), len(m.Weights))
	}
	must(t, torch.DoGrad(func() {
		for _, w := range m.Weights {
			w.RequiresGrad(true)
		}
		loss := m.Loss(b, 0.1, 1/float64(len(b.Labels)), kernels.Dropout{})
		loss.Backward()
		if got := loss.Item(); math.Abs(got-want.Loss) > 1e-4 {
			t.Errorf("loss %v, transformers has %v", got, want.Loss)
		}
		worstNorm, worstValue := 0.0, 0.0
		for _, name := range m.Weights.Names() {
			w, gradient := want.Gradients[name], m.Weights[name].Grad()
			norm := math.Sqrt(kernels.SquareSums([]torch.Tensor{gradient}))
			worstNorm = math.Max(worstNorm, math.Abs(norm/w.Norm-1))
			if math.Abs(norm/w.Norm-1) > 1e-4 {
				t.Errorf("gradient of %s has norm %v, transformers' %v", name, norm, w.Norm)
			}
			flat := gradient.View(-1)
			for k, at := range w.At {
				g := flat.Slice(0, at, at+1).Item()
				worstValue = math.Max(worstValue, math.Abs(g-w.Values[k])/w.Norm)
				if math.Abs(g-w.Values[k]) > 1e-5*w.Norm {
					t.Errorf("gradient of %s, value %d: %v, transformers has %v", name, at, g, w.Values[k])
				}
			}
			m.Weights[name].ClearGrad()
		}
		t.Logf("largest relative difference of a norm %.2g, of a value to its tensor's norm %.2g", worstNorm, worstValue)
	}))
}
