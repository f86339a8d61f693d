package evidence

import (
	"math/bits"
	"slices"
)

// index finds which articles of a block have a token.
type index struct {
	postings []posting // by the upper bits of their tokens
	starts   []int32   // by the upper bits of a token: its first posting, or that of the next
	shift    int
	sums     []int64 // by row of the block
	touched  []int32 // rows whose sum is not 0
}

type posting struct {
	token  uint32
	row    int32
	weight int32
}

func newIndex(t *tokens) *index {
	x := &index{sums: make([]int64, t.rows())}
	n := 0
	for _, articles := range t.articles {
		if articles <= Proposes {
			n++
		}
	}
	width := max(bits.Len(uint(n)), 1)
	x.shift = 32 - width
	x.starts = make([]int32, 1<<width+1)
	for i, articles := range t.articles {
		if articles <= Proposes {
			x.starts[uint32(t.hashes[i])>>x.shift+1]++
		}
	}
	for i := 1; i < len(x.starts); i++ {
		x.starts[i] += x.starts[i-1]
	}
	x.postings = make([]posting, n)
	next := slices.Clone(x.starts)
	for row := range t.rows() {
		for i := t.offsets[row]; i < t.offsets[row+1]; i++ {
			if token := uint32(t.hashes[i]); t.articles[i] <= Proposes {
				at := &next[token>>x.shift]
				x.postings[*at] = posting{token, int32(row), t.weights[i]}
				*at++
			}
		}
	}
	return x
}

// ask sums up what an article shares with those of the block.
func (x *index) ask(t *tokens, row int) {
	x.touched = x.touched[:0]
	for i := t.offsets[row]; i < t.offsets[row+1]; i++ {
		if t.articles[i] > Proposes {
			continue
		}
		token := uint32(t.hashes[i])
		bucket := token >> x.shift
		for _, p := range x.postings[x.starts[bucket]:x.starts[bucket+1]] {
			if p.token != token {
				continue
			}
			if x.sums[p.row] == 0 {
				x.touched = append(x.touched, p.row)
			}
			x.sums[p.row] += int64(t.weights[i]) * int64(p.weight)
		}
	}
}
