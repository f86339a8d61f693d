package t5

import (
	"encoding/binary"
	"math"
	"testing"

	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
	"crosssum/internal/testkit/gpu"
)

// elsewhere runs f with operators composed of libtorch's, on the processor and on the first GPU, if there is one.
func elsewhere(t *testing.T, f func(t *testing.T, d torch.Device)) {
	t.Helper()
	func() {
		must(t, torch.Do(func() { kernels.Compose(true) }))
		defer func() { must(t, torch.Do(func() { kernels.Compose(false) })) }()
		f(t, torch.CPU)
	}()
	t.Run("on a GPU", func(t *testing.T) { f(t, gpu.Device(t)) })
}

// gradientsClose compares each weight's gradient to a part of its largest value.
func gradientsClose(t *testing.T, got, want map[string][]byte, tolerance float64) {
	t.Helper()
	float := func(raw []byte, i int) float64 {
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])))
	}
	worst := 0.0
	for name, raw := range want {
		largest := 0.0
		for i := range len(raw) / 4 {
			largest = math.Max(largest, math.Abs(float(raw, i)))
		}
		for i := range len(raw) / 4 {
			off := math.Abs(float(got[name], i)-float(raw, i)) / largest
			if worst = math.Max(worst, off); !(off <= tolerance) {
				t.Errorf("gradient of %s, value %d: %v, the kernels have %v (the largest is %v)", name, i, float(got[name], i), float(raw, i), largest)
				break
			}
		}
	}
	t.Logf("largest difference of a gradient to its weight's largest: %.2g", worst)
}

func TestAModelOfComposedOperatorsHasTheKernelsLossAndGradients(t *testing.T) { // dropout on, two micro-batches
	for _, dir := range []string{"testdata/tiny", "testdata/tied"} {
		for _, again := range []bool{false, true} {
			m, f := loadFixture(t, dir)
			wantLoss, want := steps(t, m, f, 1, 0.05)
			elsewhere(t, func(t *testing.T, d torch.Device) {
				m, f := loadFixture(t, dir)
				must(t, m.Weights.Move(d))
				m.Recompute = again
				loss, got := steps(t, m, f, 1, 0.05)
				if off := math.Abs(loss[0]-wantLoss[0]) / wantLoss[0]; !(off <= 1e-5) {
					t.Errorf("loss %v, the kernels' %v", loss[0], wantLoss[0])
				}
				gradientsClose(t, got, want, 1e-5)
			})
		}
	}
}

func TestTenStepsOfComposedOperatorsHaveTheKernelsLosses(t *testing.T) {
	for half, tolerance := range map[bool]float64{false: 1e-4, true: 0.01} {
		single, f := loadTiny(t)
		single.Half = half
		want, _ := steps(t, single, f, 10, 0.05)
		elsewhere(t, func(t *testing.T, d torch.Device) {
			m, f := loadTiny(t)
			must(t, m.Weights.Move(d))
			m.Half = half
			got, _ := steps(t, m, f, 10, 0.05)
			for i := range want {
				if off := math.Abs(got[i]-want[i]) / want[i]; !(off <= tolerance) {
					t.Errorf("bf16 %v, step %d: loss %v, the kernels' %v", half, i+1, got[i], want[i])
				}
			}
		})
	}
}

func TestDecodingWithComposedOperatorsGivesTheKernelsLogits(t *testing.T) {
	m, f := loadTiny(t)
	b := f.batch()
	const beams = 2
	decode := func(m *Model) (out []float32) {
		must(t, torch.Do(func() {
			cache := m.NewCache(m.Encode(b.Source, b.Sources, kernels.Dropout{}), b.Sources, beams, 6)
			defer cache.Free()
			tokens, from := make([]int, beams*len(f.Starts)), make([]int, beams*len(f.Starts))
			for step := range 5 {
				for row := range tokens {
					tokens[row], from[row] = 3+(step*7+row)%11, row^1 // beams change places
				}
				out = append(out, m.Step(tokens, cache).Float32s()...)
				cache.Reorder(from)
			}
		}))
		return out
	}
	want := decode(m)
	elsewhere(t, func(t *testing.T, d torch.Device) {
		must(t, m.Weights.Move(d))
		got := decode(m)
		for i := range want {
			if off := math.Abs(float64(got[i] - want[i])); !(off <= 1e-5*(1+math.Abs(float64(want[i])))) {
				t.Fatalf("logit %d is %v, the kernels' %v", i, got[i], want[i])
			}
		}
		must(t, m.Weights.Move(torch.CPU))
	})
}
