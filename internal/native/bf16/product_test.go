package bf16

import (
	"testing"

	"crosssum/internal/native/torch"
)

var opMM = torch.Custom("crosssum::bf16_mm_")

// rounded is a b in float64, both rounded: a [m, k], b [k, n].
func rounded(a, b []float32, m, k, n int) []float64 {
	c := make([]float64, m*n)
	for i := range m {
		for j := range n {
			for d := range k {
				c[i*n+j] += round(a[i*k+d]) * round(b[d*n+j])
			}
		}
	}
	return c
}

// matrix is values [rows, columns] as they lie, or lying turned.
func matrix(values []float32, rows, columns int, turned bool) torch.Tensor {
	t := torch.FromFloat32s(values, rows, columns)
	if turned {
		return t.Transpose(0, 1).Contiguous().Transpose(0, 1)
	}
	return t
}

func TestMatricesOfAnyLayoutMultiply(t *testing.T) {
	for _, s := range append(shapes, [3]int{33, 4099, 5}, [3]int{2, 3, 3100}) { // also beyond the blocks of depth and of outputs
		m, k, n := s[0], s[1], s[2]
		a, b, before := values(m*k, 1), values(k*n, 2), values(m*n, 3)
		product := rounded(a, b, m, k, n)
		for layout := range 8 {
			want := append([]float64(nil), product...)
			add := layout&4 != 0
			for i := range want {
				if add {
					want[i] += float64(before[i])
				}
			}
			eachVersion(func(native bool) {
				must(t, torch.Do(func() {
					c := torch.FromFloat32s(before, m, n)
					opMM.Run(c, matrix(a, m, k, layout&1 != 0), matrix(b, k, n, layout&2 != 0), add, native)
					near(t, "product", c.Float32s(), want, 1e-5, 1e-6*float64(k))
				}))
			})
		}
	}
}

func TestALayersGradientsAreProductsOfRoundedNumbersToo(t *testing.T) {
	const rows, in, out = 70, 38, 50
	x, weight, g := values(rows*in, 1), values(out*in, 2), values(rows*out, 3)
	turn := func(v []float32, rows, columns int) []float32 {
		turned := make([]float32, len(v))
		for i := range rows {
			for j := range columns {
				turned[j*rows+i] = v[i*columns+j]
			}
		}
		return turned
	}
	eachVersion(func(native bool) {
		must(t, torch.DoGrad(func() {
			xs, ws := torch.FromFloat32s(x, rows, in).RequiresGrad(true), torch.FromFloat32s(weight, out, in).RequiresGrad(true)
			y := opLayer.One(xs, ws, native)
			y.BackwardFrom(torch.FromFloat32s(g, rows, out))
			near(t, "layer", y.Float32s(), rounded(x, turn(weight, out, in), rows, in, out), 1e-5, 1e-5)
			near(t, "gradient of x", xs.Grad().Float32s(), rounded(g, weight, rows, out, in), 1e-5, 1e-5)
			near(t, "gradient of the weight", ws.Grad().Float32s(), rounded(turn(g, rows, out), x, out, rows, in), 1e-5, 1e-5)
		}))
	})
}

func TestNeitherThreadsNorNeighboursChangeAProduct(t *testing.T) {
	const m, k, n = 130, 300, 100
	a, b := values(m*k, 1), values(k*n, 2)
	eachVersion(func(native bool) {
		var want []float32
		for _, threads := range []int{1, 2, 5} {
			torch.SetThreads(threads)
			must(t, torch.Do(func() {
				c := torch.Full(0, torch.Float32, m, n)
				opMM.Run(c, torch.FromFloat32s(a, m, k), torch.FromFloat32s(b, k, n), false, native)
				got := c.Float32s()
				if want == nil {
					want = got
				}
				for i := range got {
					if got[i] != want[i] {
						t.Fatalf("%d threads: value %d is %v, with one %v", threads, i, got[i], want[i])
					}
				}
			}))
		}
	})
}

func TestProductsOfWhatIsNoMatrixAreErrors(t *testing.T) {
	for name, f := range map[string]func(a torch.Tensor){
		"depths differ": func(a torch.Tensor) { opMM.Run(a, a, a, false, false) },
		"other numbers": func(a torch.Tensor) { Layer(a, torch.Full(0, torch.Float64, a.Shape()...)) },
		"one dimension": func(a torch.Tensor) { Layer(a.View(-1), a) },
	} {
		if err := torch.Do(func() { f(torch.FromFloat32s(values(6, 1), 2, 3)) }); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
