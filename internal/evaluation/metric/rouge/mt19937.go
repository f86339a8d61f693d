package rouge

import "sort"

// twister is MT19937 as numpy's legacy random state runs it.
type twister struct {
	state [624]uint32
	next  int
}

func newTwister(seed uint32) *twister {
	t := &twister{next: 624}
	t.state[0] = seed
	for i := 1; i < 624; i++ {
		t.state[i] = 1812433253*(t.state[i-1]^t.state[i-1]>>30) + uint32(i)
	}
	return t
}

func (t *twister) word() uint32 {
	if t.next == 624 {
		for i := range t.state {
			y := t.state[i]&0x80000000 | t.state[(i+1)%624]&0x7fffffff
			t.state[i] = t.state[(i+397)%624] ^ y>>1 ^ (y&1)*0x9908b0df
		}
		t.next = 0
	}
	y := t.state[t.next]
	t.next++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

// below draws an index under n by masked rejection; n = 1 draws nothing.
func (t *twister) below(n int) int {
	mask := uint32(n - 1)
	for shift := 1; shift < 32; shift *= 2 {
		mask |= mask >> shift
	}
	if mask == 0 {
		return 0
	}
	for {
		if i := t.word() & mask; i <= uint32(n-1) {
			return int(i)
		}
	}
}

// Interval is a 95 % bootstrap interval with the median of the resampled means.
type Interval struct{ Low, Mid, High float64 }

// Bootstrap resamples each column 1,000 times with replacement and gives the percentiles 2.5, 50 and 97.5 of the means,
// with the digits of numpy's random state seeded alike; columns are drawn one after the other. Columns have equal
// lengths; empty ones give zeros.
func Bootstrap(seed uint32, columns ...[]float64) []Interval {
	const samples = 1000
	t := newTwister(seed)
	out := make([]Interval, len(columns))
	for c, values := range columns {
		n := len(values)
		if n == 0 {
			continue
		}
		means := make([]float64, samples)
		for i := range means {
			sum := 0.0
			for range n {
				sum += values[t.below(n)]
			}
			means[i] = sum / float64(n)
		}
		sort.Float64s(means)
		out[c] = Interval{percentile(means, 0.025), percentile(means, 0.5), percentile(means, 0.975)}
	}
	return out
}

// percentile interpolates linearly between the closest ranks of sorted values.
func percentile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (sorted[i+1]-sorted[i])*(at-float64(i))
}
