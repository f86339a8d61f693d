package sampling

import "crosssum/internal/model/random"

// passes are the shuffled passes of one pair without replacement: the mini-batches of a pair, joined, run through one
// permutation of its examples after the other. Where a mini-batch ends one pass and begins the next, the examples of the
// next that it holds already change places with the first ones that it does not, so that no example is twice in a
// mini-batch and every pass still holds each example once.
type passes struct {
	seed    uint64
	pair    uint32
	n, mini int // n >= mini

	pass  int // of order; order is nil before the first use
	order []uint32
}

// miniBatch is the mini-batch that `before` others of this pair precede. Successive calls are cheap; any order is right.
func (p *passes) miniBatch(before int) []uint32 {
	position := before * p.mini
	p.seek(position / p.n)
	offset := position % p.n
	out := append(make([]uint32, 0, p.mini), p.order[offset:min(offset+p.mini, p.n)]...)
	if missing := p.mini - len(out); missing > 0 {
		p.seek(p.pass + 1)
		out = append(out, p.order[:missing]...)
	}
	return out
}

// seek makes order that of the given pass. A pass depends on the one before only through the last examples of that
// one; with n >= 2 * mini those are as its own shuffle left them, so one shuffle back is enough; else from the start.
func (p *passes) seek(pass int) {
	if p.order != nil && p.pass == pass {
		return
	}
	if p.order == nil || p.pass > pass || p.n >= 2*p.mini && p.pass < pass-1 {
		p.pass = 0
		if p.n >= 2*p.mini {
			p.pass = max(pass-1, 0)
		}
		p.order = p.shuffled(p.pass)
	}
	for p.pass < pass {
		p.advance()
	}
}

func (p *passes) shuffled(pass int) []uint32 {
	return random.New(p.seed, random.Shuffle, uint32(pass), p.pair).Permutation(p.n)
}

// advance moves to the next pass. tail = how many examples of this pass the straddling mini-batch holds.
func (p *passes) advance() {
	next := p.shuffled(p.pass + 1)
	end := (p.pass + 1) * p.n
	if tail := end % p.mini; tail > 0 {
		held := make(map[uint32]bool, tail)
		for _, e := range p.order[p.n-tail:] {
			held[e] = true
		}
		next = heldLast(next, held, p.mini-tail)
	}
	p.order, p.pass = next, p.pass+1
}

// heldLast moves the first `missing` examples that are not held to the front; all else keeps its order.
func heldLast(order []uint32, held map[uint32]bool, missing int) []uint32 {
	out := make([]uint32, 0, len(order))
	var later []uint32
	for i, e := range order {
		switch {
		case len(out) == missing:
			return append(append(out, later...), order[i:]...)
		case held[e]:
			later = append(later, e)
		default:
			out = append(out, e)
		}
	}
	return append(out, later...)
}
