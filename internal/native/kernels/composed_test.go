package kernels

import (
	"math"
	"testing"

	"crosssum/internal/native/bf16"
	"crosssum/internal/native/torch"
	"crosssum/internal/testkit/gpu"
)

// composed runs f with operators composed of libtorch's, on the processor.
func composed(t *testing.T, f func()) {
	t.Helper()
	must(t, torch.Do(func() { Compose(true) }))
	defer func() { must(t, torch.Do(func() { Compose(false) })) }()
	f()
}

// elsewhere runs f composed: on the first GPU if there is one, and on the processor.
func elsewhere(t *testing.T, f func(t *testing.T, d torch.Device)) {
	composed(t, func() { f(t, torch.CPU) })
	t.Run("on a GPU", func(t *testing.T) { f(t, gpu.Device(t)) })
}

// close compares to 1e-5 of the largest value: a gradient's small values are sums of large ones.
func close(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	largest := 0.0
	for _, w := range want {
		largest = math.Max(largest, math.Abs(float64(w)))
	}
	for i := range got {
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= 1e-5*largest) {
			t.Errorf("%s: value %d is %v, the kernel's %v (the largest is %v)", what, i, got[i], want[i], largest)
			return
		}
	}
}

// operators are those with gradients, dropout on, by the shapes of their leaves.
var operators = []struct {
	name   string
	shapes [][]int
	call   func(l []torch.Tensor) torch.Tensor
}{
	{"embedding", [][]int{{9, 13}}, func(l []torch.Tensor) torch.Tensor {
		return Embedding(l[0], []int{3, 0, 3, 5}, []int{5, 3, 1})
	}},
	{"layer norm", [][]int{{22, 13}, {13}}, func(l []torch.Tensor) torch.Tensor { return RMSNorm(l[0], l[1], 1e-6) }},
	{"dropout", [][]int{{22, 37}}, func(l []torch.Tensor) torch.Tensor { return DropoutAdd(torch.Tensor{}, l[0], uneven, masks, 4095) }},
	{"dropout with residual", [][]int{{22, 37}, {22, 37}}, func(l []torch.Tensor) torch.Tensor {
		return DropoutAdd(l[0], l[1], uneven, masks, 3)
	}},
	{"gated gelu", [][]int{{22, 37}, {22, 37}}, func(l []torch.Tensor) torch.Tensor {
		return GatedGelu(l[0].MulScalar(4), l[1], uneven, masks, 7)
	}},
	{"encoder attention", [][]int{{22, 24}, {22, 24}, {22, 24}, {2, 39}}, func(l []torch.Tensor) torch.Tensor {
		return Attention(l[0], l[1], l[2], AttentionOptions{Heads: 2, Bias: l[3], Queries: uneven, Keys: uneven}, masks, 9)
	}},
	{"causal attention", [][]int{{22, 24}, {22, 24}, {22, 24}, {2, 33}}, func(l []torch.Tensor) torch.Tensor {
		return Attention(l[0], l[1], l[2], AttentionOptions{Heads: 2, Bias: l[3], Causal: true, Queries: uneven, Keys: uneven}, masks, 9)
	}},
	{"cross attention", [][]int{{7, 24}, {22, 24}, {22, 24}}, func(l []torch.Tensor) torch.Tensor {
		return Attention(l[0], l[1], l[2], AttentionOptions{Heads: 3, Queries: Pack([]int{2, 4, 1}), Keys: uneven}, masks, 11)
	}},
	{"head loss", [][]int{{300, 3}, {40000, 3}}, func(l []torch.Tensor) torch.Tensor { // three chunks
		labels := make([]int, 300)
		for i := range labels {
			labels[i] = i * 7001 % 40000
		}
		return HeadLoss(l[0], l[1], labels, 0.1, 0.25, false).MulScalar(3)
	}},
}

var (
	uneven = Pack([]int{5, 16, 1})
	masks  = Dropout{Rate: 0.3, Seed: 0xfedcba9876543210, Step: 1<<31 + 5, Examples: []int{0, 255, 9}}
)

func TestComposedOperatorsAreTheKernels(t *testing.T) {
	for _, o := range operators {
		run := func(d torch.Device) (out, grads []float32) {
			must(t, torch.DoGrad(func() {
				var leaves []torch.Tensor
				for i, shape := range o.shapes {
					leaves = append(leaves, leaf(float64(i), shape...).Detach().ToDevice(d).RequiresGrad(true))
				}
				y := o.call(leaves)
				out = y.Float32s()
				mul(y, torch.FromFloat32s(values(y.Len(), 0.3), y.Shape()...).ToDevice(d)).Sum(nil, false).Backward()
				for _, l := range leaves {
					grads = append(grads, l.Grad().Float32s()...)
				}
			}))
			return out, grads
		}
		out, grads := run(torch.CPU)
		elsewhere(t, func(t *testing.T, d torch.Device) {
			gotOut, gotGrads := run(d)
			close(t, o.name, gotOut, out)
			close(t, o.name+"'s gradients", gotGrads, grads)
		})
	}
}

func TestComposedDropoutMasksAreTheSameBits(t *testing.T) {
	const keys, heads = 19, 3
	p := Pack([]int{4, keys})
	d := Dropout{Rate: 0.5, Seed: 0x8000000180000001, Step: 77, Examples: []int{3, 65537}}
	run := func(device torch.Device) (kept []bool) {
		must(t, torch.Do(func() {
			one := torch.Full(1, torch.Float32, p.Rows(), 200).ToDevice(device)
			kept = append(kept, nonzero(DropoutAdd(torch.Tensor{}, one, p, d, 5))...)
			kept = append(kept, nonzero(GatedGelu(one, one, p, d, 6))...)
			// A value of key k is 1 at place k of each head, so that attention gives its probabilities.
			places := make([]float32, p.Rows()*heads*keys)
			for s, start := range p.Start {
				for k := range p.Length[s] {
					for h := range heads {
						places[((start+k)*heads+h)*keys+k] = 1
					}
				}
			}
			v := torch.FromFloat32s(places, p.Rows(), heads*keys).ToDevice(device)
			zero := v.ZerosLike()
			kept = append(kept, nonzero(Attention(zero, zero, v, AttentionOptions{Heads: heads, Queries: p, Keys: p}, d, 7))...)
		}))
		return kept
	}
	want := run(torch.CPU)
	elsewhere(t, func(t *testing.T, device torch.Device) {
		got, lost := run(device), 0
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("of %d values, number %d is kept: %v, by the kernels: %v", len(want), i, got[i], want[i])
			}
			if !want[i] {
				lost++
			}
		}
		if lost < len(want)*2/5 {
			t.Errorf("%d of %d values are dropped at rate 0.5", lost, len(want))
		}
	})
}

func nonzero(x torch.Tensor) (list []bool) {
	for _, v := range x.Float32s() {
		list = append(list, v != 0)
	}
	return list
}

func TestComposedDecodingSeesTheSameKeys(t *testing.T) { // two beams share their source's keys; the cache has room left behind each
	run := func(d torch.Device) (out []float32) {
		must(t, torch.Do(func() {
			q, cache := leaf(1, 3, 24).ToDevice(d), leaf(2, 27, 24).ToDevice(d)
			one := Pack([]int{1, 1, 1})
			self := Attention(q, cache, cache.MulScalar(2), AttentionOptions{Heads: 2, Bias: leaf(3, 2, 19).ToDevice(d), Offset: 5, Queries: one,
				Keys: Packed{Start: []int{0, 9, 18}, Length: []int{6, 6, 6}}}, Dropout{}, 0)
			cross := Attention(self, cache, cache, AttentionOptions{Heads: 2, Queries: one, Keys: Packed{Start: []int{2, 2, 7}, Length: []int{5, 5, 3}}},
				Dropout{}, 0)
			out = append(self.Float32s(), cross.Float32s()...)
		}))
		return out
	}
	want := run(torch.CPU)
	elsewhere(t, func(t *testing.T, d torch.Device) { close(t, "decoding", run(d), want) })
}

func TestComposedOptimizersTakeTheKernelsSteps(t *testing.T) {
	run := func(d torch.Device) (out []float32) {
		must(t, torch.Do(func() {
			make := func(seed float64, shape ...int) torch.Tensor {
				return aten("clone", leaf(seed, shape...).Detach()).ToDevice(d)
			}
			for _, shape := range [][]int{{31, 17}, {29}} {
				p, g := make(1, shape...), make(2, shape...)
				row, first, second := p.NewZeros(shape[0]), p.ZerosLike(), p.ZerosLike()
				column := torch.Tensor{}
				if len(shape) == 2 {
					column = p.NewZeros(shape[1])
				}
				for step := 1; step <= 3; step++ {
					Adafactor(p, g, row, column, AdafactorStep{Coefficient: 0.7, Rate: 0.1, Beta2: 1 - math.Pow(float64(step), -0.8), Epsilon: 1e-30,
						Threshold: 1, Decay: 0.01})
					AdamW(p, g, first, second, AdamWStep{Coefficient: 0.7, Rate: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Decay: 0.01, Step: step})
				}
				for _, state := range []torch.Tensor{p, row, column, first, second} {
					if state.Defined() {
						out = append(out, state.Float32s()...)
					}
				}
				out = append(out, float32(SquareSums([]torch.Tensor{p, g})))
			}
		}))
		return out
	}
	want := run(torch.CPU)
	elsewhere(t, func(t *testing.T, d torch.Device) {
		got := run(d)
		for i := range want { // one by one: moments are small beside parameters
			if off := math.Abs(float64(got[i]/want[i]) - 1); !(off <= 2e-5) {
				t.Fatalf("value %d is %v, the kernels' %v", i, got[i], want[i])
			}
		}
	})
}

// A product of numbers of 8 bits, rounded to 8 bits again, as autocast has it.
func TestComposedProductsInBF16AreRoundedToIt(t *testing.T) {
	run := func(d torch.Device) (y, dx, dw []float32) {
		must(t, torch.DoGrad(func() {
			x, w := leaf(1, 33, 40).Detach().ToDevice(d).RequiresGrad(true), leaf(2, 21, 40).Detach().ToDevice(d).RequiresGrad(true)
			out := bf16.Layer(x, w)
			out.BackwardFrom(leaf(3, 33, 21).Detach().ToDevice(d))
			y, dx, dw = out.Float32s(), x.Grad().Float32s(), w.Grad().Float32s()
		}))
		return y, dx, dw
	}
	y, dx, dw := run(torch.CPU)
	elsewhere(t, func(t *testing.T, d torch.Device) {
		y2, dx2, dw2 := run(d)
		for _, c := range [][2][]float32{{y2, y}, {dx2, dx}, {dw2, dw}} {
			largest := 0.0
			for _, v := range c[1] {
				largest = math.Max(largest, math.Abs(float64(v)))
			}
			for i, v := range c[0] {
				if off := math.Abs(float64(v - c[1][i])); !(off <= largest/128) || math.Float32bits(v)&0xffff != 0 {
					t.Fatalf("value %d is %v (bits %x), the kernel's %v", i, v, math.Float32bits(v), c[1][i])
				}
			}
		}
	})
}

func TestTensorsOfTwoDevicesAreErrors(t *testing.T) {
	there := gpu.Device(t)
	for name, f := range map[string]func(){
		"layer norm": func() { RMSNorm(leaf(1, 4, 8), leaf(2, 8).ToDevice(there), 1e-6) },
		"gated gelu": func() { GatedGelu(leaf(1, 4, 8), leaf(1, 4, 8).ToDevice(there), Pack([]int{4}), Dropout{}, 0) },
		"head loss":  func() { HeadLoss(leaf(1, 1, 8), leaf(1, 4, 8).ToDevice(there), []int{1}, 0, 1, false) },
	} {
		if torch.Do(f) == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
