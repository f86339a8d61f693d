package bert

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crosssum/internal/native/device"
	"crosssum/internal/native/torch"
)

const tiny = "testdata/tiny"

func TestHiddenStatesEqualTransformersOnATinyModel(t *testing.T) {
	var want struct {
		IDs     [][]int64 `json:"ids"`
		Lengths []int     `json:"lengths"`
		States  []float64 `json:"states"`
	}
	b, err := os.ReadFile(filepath.Join(tiny, "expected.json"))
	if err == nil {
		err = json.Unmarshal(b, &want)
	}
	if err != nil {
		t.Fatal(err)
	}
	m, err := Load(tiny, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	var ids []int64
	for i, row := range want.IDs {
		ids = append(ids, row[:want.Lengths[i]]...)
	}
	var got []float32
	if err := torch.Do(func() { got = m.Forward(ids, want.Lengths).Float32s() }); err != nil {
		t.Fatal(err)
	}
	if len(got) != len(ids)*m.Config.HiddenSize {
		t.Fatalf("%d values for %d ids", len(got), len(ids))
	}
	hidden, length := m.Config.HiddenSize, len(want.IDs[0]) // the reference is together to this length
	for i, n := range want.Lengths {
		for j, v := range got[:n*hidden] {
			if state := want.States[i*length*hidden+j]; math.Abs(float64(v)-state) > 2e-6 {
				t.Fatalf("text %d, value %d: %v, transformers gives %v", i, j, v, state)
			}
		}
		got = got[n*hidden:]
	}
}

func TestATextDoesNotSeeItsNeighbours(t *testing.T) {
	m, err := Load(tiny, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	err = torch.Do(func() {
		alone := m.Forward([]int64{0, 11, 12, 2}, []int{4}).Float32s()
		together := m.Forward([]int64{0, 11, 12, 2, 0, 5, 6, 7, 8, 2}, []int{4, 6}).Float32s()
		for i, v := range alone {
			if math.Abs(float64(v-together[i])) > 1e-6 {
				t.Errorf("value %d: %v alone, %v beside another text", i, v, together[i])
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestIdsThatTheModelDoesNotKnowAreErrors(t *testing.T) {
	m, err := Load(tiny, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for _, c := range []struct {
		ids     []int64
		lengths []int
	}{{[]int64{0, 40}, []int{2}}, {make([]int64, 13), []int{13}}, {nil, nil}, {[]int64{0, 1, 2}, []int{1, 1}}, {[]int64{0, 1}, []int{3}}, {[]int64{0, 1}, []int{2, 0}}} {
		if err := torch.Do(func() { m.Forward(c.ids, c.lengths).Float32s() }); err == nil {
			t.Errorf("%v with lengths %v was accepted", c.ids, c.lengths)
		}
	}
}

func TestAConfigFieldThatIsNotHonouredIsNamed(t *testing.T) {
	good, err := os.ReadFile(filepath.Join(tiny, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ from, to, names string }{
		{`"hidden_act": "gelu"`, `"hidden_act": "relu"`, "hidden_act"},
		{`"model_type": "bert"`, `"model_type": "roberta"`, "model_type"},
		{`"model_type": "bert"`, `"d_ff": 512, "model_type": "mt5"`, `model_type is "mt5", and of encoders only`},
		{`"is_decoder": false`, `"is_decoder": true`, "is_decoder"},
		{`"hidden_size": 16`, `"hidden_size": 18`, "hidden_size"},
		{`"hidden_size": 16`, `"hidden_size": 99999999999`, "hidden_size"},
		{`"use_cache": true`, `"rotary_base": 10000`, "rotary_base"},
		{`"use_cache": true`, `"position_embedding_type": "relative_key"`, "position_embedding_type"},
	} {
		bad := strings.Replace(string(good), c.from, c.to, 1)
		if bad == string(good) {
			t.Fatalf("%s is not in the fixture", c.from)
		}
		if _, err := parseConfig([]byte(bad)); err == nil || !strings.Contains(err.Error(), c.names) {
			t.Errorf("%s: %v", c.to, err)
		}
	}
}

// copyTiny copies the fixture, so that a test can break it.
func copyTiny(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"config.json", "model.safetensors"} {
		b, err := os.ReadFile(filepath.Join(tiny, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestADirectoryWithOnlyAPickleIsRefusedWithTheCommandThatConvertsIt(t *testing.T) {
	dir := copyTiny(t)
	if err := os.Rename(filepath.Join(dir, "model.safetensors"), filepath.Join(dir, "pytorch_model.bin")); err != nil {
		t.Fatal(err)
	}
	_, err := Load(dir, nil)
	if err == nil || !strings.Contains(err.Error(), "save_pretrained") || !strings.Contains(err.Error(), "pytorch_model.bin") {
		t.Errorf("%v", err)
	}
}

func TestWeightsThatDoNotFitTheConfigAreNamed(t *testing.T) {
	dir := copyTiny(t)
	path := filepath.Join(dir, "config.json")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(string(b), `"intermediate_size": 24`, `"intermediate_size": 32`, 1)
	if err := os.WriteFile(path, []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	before := torch.Live()
	_, err = Load(dir, nil)
	if err == nil || !strings.Contains(err.Error(), "intermediate.dense.weight") {
		t.Errorf("%v", err)
	}
	if now := torch.Live(); now != before {
		t.Errorf("%d tensors are left over", now-before)
	}
}

// states are the tiny model's hidden states of two texts under some numerics.
func states(t *testing.T, numerics, precision string) (out []float32) {
	t.Helper()
	device.Use(device.Settings{Numerics: numerics, Precision: precision})
	defer device.Use(device.Settings{})
	m, err := Load(tiny, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	err = torch.Do(func() { out = m.Forward([]int64{0, 11, 12, 2, 0, 5, 6, 7, 8, 2}, []int{4, 6}).Float32s() })
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestBF16StaysNearFP32AndPortableIsFP32ToTheLastBit(t *testing.T) {
	want := states(t, "", "")
	for _, c := range [][2]string{{"portable", ""}, {"portable", "bf16"}, {"native", "fp32"}} {
		if !slices.Equal(states(t, c[0], c[1]), want) {
			t.Errorf("numerics %s, precision %q: other bits than fp32", c[0], c[1])
		}
	}
	half, far := states(t, "native", "bf16"), 0.0
	for i, v := range half {
		far = max(far, math.Abs(float64(v-want[i])))
	}
	if far == 0 || far > 0.03 { // states have unit variance; a rounding to bf16 is up to 0.004 of a value
		t.Errorf("bf16 is up to %v away from fp32", far)
	}
	if !slices.Equal(states(t, "native", "bf16"), half) {
		t.Error("the same texts gave other bits")
	}
}
