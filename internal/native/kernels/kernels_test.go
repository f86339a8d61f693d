package kernels

import (
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"crosssum/internal/model/random"
	"crosssum/internal/native/bf16"
	"crosssum/internal/native/torch"
	"crosssum/internal/testkit"
)

var must = testkit.Must

// values is a fixed, uneven series.
func values(n int, seed float64) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(math.Sin(seed + 1.7*float64(i) + 0.01*float64(i*i%97)))
	}
	return out
}

func leaf(seed float64, shape ...int) torch.Tensor {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return torch.FromFloat32s(values(n, seed), shape...).RequiresGrad(true)
}

// same compares a kernel with the same mathematics in libtorch's operators: the value, and the gradients of all leaves.
func same(t *testing.T, what string, make func() []torch.Tensor, kernel, plain func([]torch.Tensor) torch.Tensor) {
	t.Helper()
	var out, grads [2][]float32
	for i, f := range []func([]torch.Tensor) torch.Tensor{kernel, plain} {
		must(t, torch.DoGrad(func() {
			leaves := make()
			y := f(leaves)
			out[i] = y.Float32s()
			mul(y, torch.FromFloat32s(values(y.Len(), 0.3), y.Shape()...)).Sum(nil, false).Backward()
			for _, l := range leaves {
				grads[i] = append(grads[i], l.Grad().Float32s()...)
			}
		}))
	}
	near(t, what, out[0], out[1])
	near(t, what+"'s gradients", grads[0], grads[1])
}

func near(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if d := math.Abs(float64(got[i] - want[i])); !(d <= 2e-5*(1+math.Abs(float64(want[i])))) {
			t.Fatalf("%s: value %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

// aten is one of libtorch's own operators, which only tests need.
func aten(name string, args ...any) torch.Tensor { return torch.Custom("aten::" + name).One(args...) }

func mul(a, b torch.Tensor) torch.Tensor { return aten("mul.Tensor", a, b) }

// mean is over the last dimension.
func mean(t torch.Tensor, keep bool) torch.Tensor { return aten("mean.dim", t, []int{-1}, keep) }

func TestKernelsAreThePlainOperators(t *testing.T) {
	p := Pack([]int{3, 4})
	same(t, "layer norm", func() []torch.Tensor { return []torch.Tensor{leaf(1, 7, 13), leaf(2, 13)} },
		func(l []torch.Tensor) torch.Tensor { return RMSNorm(l[0], l[1], 1e-6) },
		func(l []torch.Tensor) torch.Tensor {
			return mul(mul(l[0], aten("rsqrt", mean(mul(l[0], l[0]), true).Add(torch.Full(1e-6, torch.Float32, 1)))), l[1])
		})
	same(t, "gated gelu", func() []torch.Tensor { return []torch.Tensor{leaf(1, 7, 13), leaf(5, 7, 13)} },
		func(l []torch.Tensor) torch.Tensor { return GatedGelu(l[0].MulScalar(4), l[1], p, Dropout{}, 0) },
		func(l []torch.Tensor) torch.Tensor { return mul(aten("gelu", l[0].MulScalar(4), "tanh"), l[1]) })
	encoder, decoder := []int{3, 0, 3, 5}, []int{5, 3, 1}
	same(t, "embedding", func() []torch.Tensor { return []torch.Tensor{leaf(1, 9, 13)} },
		func(l []torch.Tensor) torch.Tensor { return Embedding(l[0], encoder, decoder) },
		func(l []torch.Tensor) torch.Tensor {
			return aten("cat", []torch.Tensor{torch.Embedding(l[0], torch.FromInts(encoder, 4)), torch.Embedding(l[0], torch.FromInts(decoder, 3))}, 0)
		})
	labels := []int{3, 0, 16, 5, 5, 9, 1}
	same(t, "head loss", func() []torch.Tensor { return []torch.Tensor{leaf(1, 7, 13), leaf(2, 17, 13)} },
		func(l []torch.Tensor) torch.Tensor { return HeadLoss(l[0], l[1], labels, 0.1, 0.5, false) },
		func(l []torch.Tensor) torch.Tensor {
			logp := torch.Linear(l[0], l[1], torch.Tensor{}).LogSoftmax(-1)
			wanted := aten("gather", logp, 1, torch.FromInts(labels, 7, 1)).Sum(nil, false).MulScalar(0.9)
			return wanted.Add(mean(logp, false).Sum(nil, false).MulScalar(0.1)).MulScalar(-0.5)
		})
}

// plainAttention is one sequence of one head: q [a, w], k and v [b, w], bias [2*reach+1].
func plainAttention(q, k, v, bias torch.Tensor, reach int, causal bool) torch.Tensor {
	a, b := q.Size(0), k.Size(0)
	index := make([]int, 0, a*b)
	for i := 0; i < a; i++ {
		for j := 0; j < b; j++ {
			index = append(index, j-i+reach)
		}
	}
	scores := q.Matmul(k.Transpose(0, 1)).Add(bias.IndexSelect(0, torch.FromInts(index, a*b)).View(a, b))
	if causal {
		scores = scores.Add(aten("triu", torch.Full(math.Inf(-1), torch.Float32, a, a), 1))
	}
	return aten("softmax.int", scores, -1).Matmul(v)
}

func TestAttentionIsThePlainOperators(t *testing.T) {
	for name, causal := range map[string]bool{"encoder attention": false, "causal attention": true} {
		lengths, heads, width, reach := []int{5, 19, 1}, 2, 12, 19
		p := Pack(lengths)
		rows := p.Rows()
		same(t, name, func() []torch.Tensor {
			return []torch.Tensor{leaf(1, rows, heads*width), leaf(2, rows, heads*width), leaf(3, rows, heads*width), leaf(4, heads, 2*reach+1)}
		}, func(l []torch.Tensor) torch.Tensor {
			return Attention(l[0], l[1], l[2], AttentionOptions{Heads: heads, Bias: l[3], Causal: causal, Queries: p, Keys: p}, Dropout{}, 0)
		}, func(l []torch.Tensor) torch.Tensor {
			var parts []torch.Tensor
			for s, start := range p.Start {
				var columns []torch.Tensor
				for h := 0; h < heads; h++ {
					cut := func(x torch.Tensor) torch.Tensor {
						return x.Slice(0, start, start+lengths[s]).Slice(1, h*width, (h+1)*width)
					}
					columns = append(columns, plainAttention(cut(l[0]), cut(l[1]), cut(l[2]), l[3].Select(0, h), reach, causal))
				}
				parts = append(parts, aten("cat", columns, 1))
			}
			return aten("cat", parts, 0)
		})
	}
}

func TestDropoutMasksArePhilox(t *testing.T) {
	const width, site, step, seed, rate = 37, 6, 12, 0x1234567890abcdef, 0.25
	p, examples := Pack([]int{2, 3}), []int{41, 7}
	must(t, torch.DoGrad(func() {
		x := torch.Full(1, torch.Float32, 5, width).RequiresGrad(true)
		y := DropoutAdd(torch.Tensor{}, x, p, Dropout{Rate: rate, Seed: seed, Step: step, Examples: examples}, site)
		y.Sum(nil, false).Backward()
		got := y.Float32s()
		near(t, "gradient of dropout", x.Grad().Float32s(), got)
		for s := range examples {
			for position := 0; position < p.Length[s]; position++ {
				for e := 0; e < width; e++ {
					block := random.Philox([4]uint32{uint32(position<<12 | e/8), uint32(examples[s]), step, 1<<31 | site<<12}, [2]uint32{seed & 0xffffffff, seed >> 32})
					bits := block[e%8/2] >> (16 * (e % 2)) & 0xffff
					want := float32(0)
					if bits >= 65536*rate {
						want = 1 / (1 - rate)
					}
					if g := got[(p.Start[s]+position)*width+e]; g != want {
						t.Fatalf("example %d, position %d, element %d: %v, want %v", examples[s], position, e, g, want)
					}
				}
			}
		}
	}))
}

func TestThreadsDoNotChangeABit(t *testing.T) {
	lengths := []int{30, 7, 19, 44}
	p := Pack(lengths)
	d := Dropout{Rate: 0.2, Seed: 5, Step: 3, Examples: []int{0, 1, 2, 3}}
	pass := func(threads int) (out []float32) {
		torch.SetThreads(threads)
		must(t, torch.DoGrad(func() {
			q, bias, w := leaf(1, p.Rows(), 24), leaf(2, 3, 2*44+1), leaf(3, 24)
			x := RMSNorm(q, w, 1e-6)
			x = Attention(x, x, x, AttentionOptions{Heads: 3, Bias: bias, Queries: p, Keys: p}, d, 1)
			x = GatedGelu(x, DropoutAdd(q, x, p, d, 2), p, d, 3)
			x.Sum(nil, false).Backward()
			for _, l := range []torch.Tensor{q, bias, w} {
				out = append(out, l.Grad().Float32s()...)
			}
			out = append(out, float32(SquareSums([]torch.Tensor{x})))
		}))
		return out
	}
	one, two := pass(1), pass(2)
	if !slices.Equal(one, two) {
		t.Error("two threads give other bits than one")
	}
}

func TestLiesAboutSequencesAreErrors(t *testing.T) {
	for name, p := range map[string]Packed{
		"beyond the rows":    {Start: []int{0}, Length: []int{6}},
		"negative start":     {Start: []int{-1}, Length: []int{3}},
		"rows left over":     {Start: []int{0}, Length: []int{4}},
		"overlapping":        {Start: []int{0, 2}, Length: []int{3, 3}},
		"a length too few":   {Start: []int{0, 2}, Length: []int{2}},
		"2^40 rows promised": {Start: []int{0}, Length: []int{1 << 40}},
	} {
		if err := torch.Do(func() { GatedGelu(leaf(1, 5, 8), leaf(1, 5, 8), p, Dropout{}, 0) }); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// chunked is the head's loss of some rows and its gradients.
func chunked(t *testing.T, rows, vocabulary int, half bool) (loss float64, grads []float32) {
	labels := make([]int, rows)
	for i := range labels {
		labels[i] = i * 7 % vocabulary
	}
	must(t, torch.DoGrad(func() {
		hidden, weight := leaf(1, rows, 3), leaf(2, vocabulary, 3)
		l := HeadLoss(hidden, weight, labels, 0.1, 1/float64(rows), half)
		l.Backward()
		loss, grads = l.Item(), append(hidden.Grad().Float32s(), weight.Grad().Float32s()...)
	}))
	return loss, grads
}

func TestALossOfManyChunksIsTheSumOfItsRows(t *testing.T) {
	const rows, vocabulary = 300, 40000 // 128 rows a chunk
	loss, grads := chunked(t, rows, vocabulary, false)
	must(t, torch.DoGrad(func() {
		hidden, weight := leaf(1, rows, 3), leaf(2, vocabulary, 3)
		labels := make([]int, rows)
		for i := range labels {
			labels[i] = i * 7 % vocabulary
		}
		logp := torch.Linear(hidden, weight, torch.Tensor{}).LogSoftmax(-1)
		wanted := aten("gather", logp, 1, torch.FromInts(labels, rows, 1)).Sum(nil, false).MulScalar(0.9)
		plain := wanted.Add(mean(logp, false).Sum(nil, false).MulScalar(0.1)).MulScalar(-1.0 / rows)
		plain.Backward()
		if d := math.Abs(plain.Item() - loss); d > 1e-4 {
			t.Errorf("loss %v, at once %v", loss, plain.Item())
		}
		near(t, "gradients", grads, append(hidden.Grad().Float32s(), weight.Grad().Float32s()...))
	}))
	half, _ := chunked(t, rows, vocabulary, true)
	if d := math.Abs(half - loss); d > 0.01*loss || d == 0 {
		t.Errorf("loss %v, of products in bf16 %v", loss, half)
	}
}

// peak is the most memory that the process has had since clear, in MiB.
func peak(t *testing.T, clear bool) (mib int) {
	t.Helper()
	if clear {
		must(t, os.WriteFile("/proc/self/clear_refs", []byte("5"), 0))
	}
	status, err := os.ReadFile("/proc/self/status")
	must(t, err)
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Sscan(rest, &mib)
	return mib >> 10
}

// Libraries keep buffers of their own for each thread, of sizes that belong to the processor's kernel: so what the rows of sixteen chunks take
// is measured against what one chunk takes, in a process whose libraries have their buffers.
func TestLogitsAreNeverWholeInMemory(t *testing.T) {
	const chunk, rows, vocabulary = 128, 2048, 250112 // 1,954 MiB of logits; the published batch has ten times as many
	defer torch.SetThreads(max(1, torch.Threads()))
	for _, threads := range []int{1, 2, 5} {
		torch.SetThreads(threads)
		for _, half := range []bool{false, true} {
			if half && !bf16.Native() {
				continue // two minutes; what is made of the logits is the same
			}
			grown := func(rows int) int {
				debug.FreeOSMemory()
				before := peak(t, true)
				chunked(t, rows, vocabulary, half)
				return peak(t, false) - before
			}
			grown(chunk)
			if one, all := grown(chunk), grown(rows); all > one+64 {
				t.Errorf("%d threads, bf16 %v: memory grew by %d MiB, by %d for a sixteenth of the rows; the logits of all rows are %d MiB",
					threads, half, all, one, rows*vocabulary*4>>20)
			}
		}
	}
}
