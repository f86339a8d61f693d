package bf16

import (
	"fmt"
	"math"
	"testing"

	"crosssum/internal/native/torch"
	"crosssum/internal/testkit"
)

// values is a fixed, uneven series in [-1, 1].
func values(n int, seed float64) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(math.Sin(seed + 1.7*float64(i) + 0.01*float64(i*i%97)))
	}
	return out
}

var must = testkit.Must

// round is to the nearest bf16, ties to even.
func round(f float32) float64 {
	u := math.Float32bits(f)
	u += 0x7fff + u>>16&1
	return float64(math.Float32frombits(u &^ 0xffff))
}

// product is x weight^T + bias in float64, of rounded x and weight.
func product(x, weight, bias []float32, rows, in, out int) []float64 {
	y := make([]float64, rows*out)
	for r := range rows {
		for o := range out {
			sum := float64(bias[o])
			for i := range in {
				sum += round(x[r*in+i]) * round(weight[o*in+i])
			}
			y[r*out+o] = sum
		}
	}
	return y
}

func near(t *testing.T, what string, got []float32, want []float64, relative, absolute float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		if !(math.Abs(float64(got[i])-w) <= relative*math.Abs(w)+absolute) {
			t.Fatalf("%s: value %d is %v, want %v", what, i, got[i], w)
		}
	}
}

// eachVersion runs f with the products of this processor, if it has them, and with those of any.
func eachVersion(f func(native bool)) {
	if Native() {
		f(true)
	}
	f(false)
}

var shapes = [][3]int{{1, 1, 1}, {3, 5, 7}, {8, 16, 48}, {11, 31, 50}, {97, 64, 49}, {200, 38, 130}}

func TestProductsAreThoseOfRoundedNumbersAddedUpInFP32(t *testing.T) {
	for _, s := range shapes {
		rows, in, out := s[0], s[1], s[2]
		x, weight, bias, residual := values(rows*in, 1), values(out*in, 2), values(out, 3), values(rows*out, 4)
		want := product(x, weight, bias, rows, in, out)
		for i := range want {
			want[i] += float64(residual[i])
		}
		eachVersion(func(native bool) {
			must(t, torch.Do(func() {
				packed := Pack(torch.FromFloat32s(weight, out, in))
				y := opLinear.One(torch.FromFloat32s(x, rows, in), packed, torch.FromFloat32s(bias, out), torch.FromFloat32s(residual, rows, out), false, false, native)
				near(t, fmt.Sprint(s, native), y.Float32s(), want, 1e-6, 1e-6*float64(in))
			}))
		})
	}
}

func TestGeluIsRoundedOnceAndFeedsTheNextProduct(t *testing.T) {
	for _, s := range shapes {
		rows, in, out := s[0], s[1], s[2]+s[2]%2
		x, weight, bias := values(rows*in, 1), values(out*in, 2), values(out, 3)
		for i := range bias {
			bias[i] *= 4 // gelu's tails too
		}
		want := product(x, weight, bias, rows, in, out)
		for i, v := range want {
			want[i] = v / 2 * (1 + math.Erf(v/math.Sqrt2))
		}
		one := make([]float32, out*out) // the next product only widens
		for i := range out {
			one[i*out+i] = 1
		}
		eachVersion(func(native bool) {
			must(t, torch.Do(func() {
				y := opLinear.One(torch.FromFloat32s(x, rows, in), Pack(torch.FromFloat32s(weight, out, in)), torch.FromFloat32s(bias, out), nil, true, true, native)
				wide := opLinear.One(y, Pack(torch.FromFloat32s(one, out, out)), torch.FromFloat32s(make([]float32, out), out), nil, false, false, native)
				near(t, fmt.Sprint(s, native), wide.Float32s(), want, 1.0/256, 1e-6*float64(in)+5e-6)
			}))
		})
	}
}

func TestARowDoesNotDependOnItsNeighbours(t *testing.T) {
	const rows, in, out = 203, 64, 100
	x, weight, bias := values(rows*in, 1), values(out*in, 2), values(out, 3)
	eachVersion(func(native bool) {
		must(t, torch.Do(func() {
			packed, b := Pack(torch.FromFloat32s(weight, out, in)), torch.FromFloat32s(bias, out)
			run := func(x []float32) []float32 {
				return opLinear.One(torch.FromFloat32s(x, len(x)/in, in), packed, b, nil, false, false, native).Float32s()
			}
			all := run(x)
			for _, row := range []int{0, 7, 8, 95, 96, 200, 202} {
				for i, v := range run(x[row*in : (row+1)*in]) {
					if v != all[row*out+i] {
						t.Fatalf("native %v, row %d, value %d: %v alone, %v among others", native, row, i, v, all[row*out+i])
					}
				}
			}
		}))
	})
}

func TestShapesThatDoNotFitAreErrors(t *testing.T) {
	for name, f := range map[string]func(){
		"inputs": func() {
			Linear(torch.FromFloat32s(values(10, 1), 2, 5), Pack(torch.FromFloat32s(values(12, 1), 3, 4)), torch.FromFloat32s(values(3, 1), 3), torch.Tensor{})
		},
		"outputs": func() {
			Linear(torch.FromFloat32s(values(8, 1), 2, 4), Pack(torch.FromFloat32s(values(12, 1), 3, 4)), torch.FromFloat32s(values(64, 1), 64), torch.Tensor{})
		},
		"residual": func() {
			Linear(torch.FromFloat32s(values(8, 1), 2, 4), Pack(torch.FromFloat32s(values(12, 1), 3, 4)), torch.FromFloat32s(values(3, 1), 3), torch.FromFloat32s(values(3, 1), 1, 3))
		},
		"weight": func() { Pack(torch.FromFloat32s(values(4, 1), 4)) },
	} {
		if torch.Do(f) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
