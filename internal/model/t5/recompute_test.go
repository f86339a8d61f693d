package t5

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
)

// steps takes steps of plain gradient descent, two micro-batches each with dropout on, and returns the losses and the bytes of the last
// gradients by name.
func steps(t *testing.T, m *Model, f fixture, count int, rate float64) (losses []float64, gradients map[string][]byte) {
	t.Helper()
	first := fixture{Sources: f.Sources[:1], Labels: f.Labels[:1], Starts: f.Starts[:1]}
	rest := fixture{Sources: f.Sources[1:], Labels: f.Labels[1:], Starts: f.Starts[1:]}
	gradients = map[string][]byte{}
	must(t, torch.DoGrad(func() {
		for _, w := range m.Weights {
			w.RequiresGrad(true)
		}
		for step := range count {
			loss, examples := 0.0, []int{0, 1, 2, 3}
			for _, part := range []fixture{rest, first} {
				torch.Scope(func() {
					d := kernels.Dropout{Rate: 0.3, Seed: 9, Step: step, Examples: examples[:len(part.Starts)]}
					loss += m.Gradients(part.batch(), 0.1, 0.05, d)
				})
				examples = examples[len(part.Starts):]
			}
			losses = append(losses, loss)
			torch.NoGrad(func() {
				for name, w := range m.Weights {
					gradients[name] = w.Grad().Bytes(torch.Float32)
					w.Copy_(w.Add(w.Grad().MulScalar(-rate)))
					w.ClearGrad()
				}
			})
		}
	}))
	return losses, gradients
}

func TestComputingActivationsAgainChangesNoByte(t *testing.T) {
	for _, half := range []bool{false, true} {
		kept, f := loadTiny(t)
		again, _ := loadTiny(t)
		again.Recompute, kept.Half, again.Half = true, half, half
		losses, gradients := steps(t, kept, f, 2, 0.05)
		otherLosses, otherGradients := steps(t, again, f, 2, 0.05)
		if !slices.Equal(losses, otherLosses) {
			t.Errorf("bf16 %v: losses %v, computed again %v", half, losses, otherLosses)
		}
		for name := range gradients {
			if !bytes.Equal(gradients[name], otherGradients[name]) {
				t.Errorf("bf16 %v: the gradient of %s differs", half, name)
			}
		}
	}
}

// With numbers rounded to 8 bits losses differ in the third digit. Where the processor has no such instruction the same products are
// computed without it.
func TestTenStepsInBF16HaveTheLossesOfFP32(t *testing.T) {
	single, f := loadTiny(t)
	half, _ := loadTiny(t)
	half.Half = true
	want, _ := steps(t, single, f, 10, 0.05)
	got, _ := steps(t, half, f, 10, 0.05)
	if want[9] >= want[0] {
		t.Fatalf("nothing is learnt: losses %v", want)
	}
	for i := range want {
		if off := math.Abs(got[i]-want[i]) / want[i]; off > 0.01 || off == 0 {
			t.Errorf("step %d: loss %v, in fp32 %v", i+1, got[i], want[i])
		}
	}
}
