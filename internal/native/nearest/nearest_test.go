package nearest

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"testing"
)

// cone fills a block with n vectors of d values around a centre; unit tells how far: 0 is no spread.
func cone(t testing.TB, random *rand.Rand, n, d, keep int, centre []float32, spread float64) *Block {
	t.Helper()
	b, err := NewBlock(n, d, keep)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	b.Reset(n)
	for i := range n {
		v, sum := b.Vectors()[i*d:(i+1)*d], 0.0
		for k := range v {
			v[k] = centre[k] + float32(spread*random.NormFloat64())
			sum += float64(v[k]) * float64(v[k])
		}
		for k := range v {
			v[k] /= float32(math.Sqrt(sum))
		}
		b.Places()[i], b.Counts()[i] = int32(i), 0
	}
	return b
}

func quantize(rows, columns *Block, own, across []float32) {
	rows.Quantize(false, own, across, 0, rows.Rows())
	columns.Quantize(true, across, own, 0, columns.Rows())
}

// search runs a pair with two goroutines.
func search(t testing.TB, rows, columns *Block, same bool) int64 {
	p, err := NewPair(rows, columns, true, !same, same)
	if err != nil {
		t.Fatal(err)
	}
	each(rows.Rows(), p.Scan)
	each(columns.Rows(), p.Finish)
	exact, err := p.Close()
	if err != nil {
		t.Fatal(err)
	}
	return exact
}

func each(n int, f func(from, to int)) {
	var wait sync.WaitGroup
	for w := range 2 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for from := w * Stripe; from < n; from += 2 * Stripe {
				f(from, min(from+Stripe, n))
			}
		}()
	}
	wait.Wait()
}

func dot(a, b []float32) float64 {
	sum := 0.0
	for i, x := range a {
		sum += float64(x) * float64(b[i])
	}
	return sum
}

func brute(x, y *Block, d, keep int, same bool) []Neighbour {
	var out []Neighbour
	for i := range x.Rows() {
		var list []Neighbour
		for j := range y.Rows() {
			if !same || i != j {
				list = append(list, Neighbour{int32(j), float32(dot(x.Vectors()[i*d:(i+1)*d], y.Vectors()[j*d:(j+1)*d]))})
			}
		}
		slices.SortFunc(list, func(a, b Neighbour) int {
			if a.Score != b.Score {
				return map[bool]int{true: -1, false: 1}[a.Score > b.Score]
			}
			return int(a.Place - b.Place)
		})
		out = append(out, list[:keep]...)
	}
	return out
}

func TestBothDirectionsAreThoseOfBruteForceOnEveryInstructionSet(t *testing.T) {
	defer Force("")
	for _, instructions := range []string{"", "avx2"} {
		Force(instructions)
		random := rand.New(rand.NewPCG(3, 1))
		for _, c := range []struct {
			m, n, d, keep int
			spread        float64
		}{{1, 9, 3, 1, 1}, {13, 700, 16, 4, 1}, {400, 333, 77, 8, 0.02}, {500, 601, 384, 3, 0.5}, {200, 1100, 64, 64, 0}} {
			centre := make([]float32, c.d)
			for k := range centre {
				centre[k] = float32(random.NormFloat64())
			}
			keep := min(c.keep, c.m)
			a, b := cone(t, random, c.m, c.d, keep, centre, c.spread), cone(t, random, c.n, c.d, keep, centre, c.spread)
			for _, own := range [][]float32{centre, make([]float32, c.d)} {
				clear(a.Counts())
				clear(b.Counts())
				quantize(a, b, own, centre)
				search(t, a, b, false)
				if !slices.Equal(a.Lists(), brute(a, b, c.d, keep, false)) || !slices.Equal(b.Lists(), brute(b, a, c.d, keep, false)) {
					t.Errorf("%s: %+v: differs from brute force", Instructions(), c)
				}
			}
		}
	}
}

func BenchmarkPair(b *testing.B) {
	defer Force("")
	random := rand.New(rand.NewPCG(1, 2))
	const d = 768
	zero := make([]float32, d)
	x, y := cone(b, random, 10000, d, 8, zero, 1), cone(b, random, 16384, d, 8, zero, 1)
	for _, instructions := range []string{"", "avx2"} {
		Force(instructions)
		b.Run(Instructions(), func(b *testing.B) {
			start := processorSeconds()
			for range b.N {
				clear(x.Counts())
				clear(y.Counts())
				quantize(x, y, zero, zero)
				exact := search(b, x, y, false)
				b.ReportMetric(float64(exact)/float64(x.Rows()+y.Rows()), "exact/row")
			}
			b.ReportMetric(float64(x.Rows()*y.Rows()*d)*float64(b.N)/(processorSeconds()-start)/1e9, "GMAC/cpu-s")
		})
	}
}

// processorSeconds is what a busy machine does not change: the time that the process had a processor.
func processorSeconds() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()) / 1e9
}
