package link

import (
	"cmp"
	"math"
	"slices"
)

const (
	// InducedGap is how far under the threshold mutual neighbours of one component are still added.
	InducedGap = 0.10
	// componentLimit is the largest component that stays whole; larger ones are cut.
	componentLimit = 50
	// minimumCutLimit is the largest component that minimum cut is tried on; larger ones first lose their weakest edges.
	minimumCutLimit = 2000
)

// induction collects mutual neighbours: strong ones make components, weak ones are added within.
type induction struct{ strong, weak []contender }

// add takes a contender, unless it is too weak for even a near miss in a component.
func (n *induction) add(c contender) (taken bool) {
	switch {
	case c.accepted():
		n.strong = append(n.strong, c)
	case c.value >= float32(c.threshold-InducedGap-NearMiss):
		n.weak = append(n.weak, c)
	default:
		return false
	}
	return true
}

// run accepts the pairs within the pieces of the cut components. cut are the strong pairs that a cut parted: they are
// neither accepted, since they would leak, nor rejected for their score.
func (n *induction) run(threshold float64) (accepted, rejected, cut []contender) {
	piece := pieces(n.strong, threshold)
	for _, c := range n.strong {
		if piece[c.a] == piece[c.b] {
			accepted = append(accepted, c)
		} else {
			cut = append(cut, c)
		}
	}
	for _, c := range n.weak {
		a, known := piece[c.a]
		if b, ok := piece[c.b]; known && ok && a == b {
			c.rule, c.threshold = "induced", threshold-InducedGap
		}
		if c.accepted() {
			accepted = append(accepted, c)
		} else {
			rejected = append(rejected, c)
		}
	}
	return accepted, rejected, cut
}

// pieces gives each vertex of the strong edges the smallest vertex of its piece: a connected component of at most
// componentLimit vertices, or a part of a larger one.
func pieces(strong []contender, threshold float64) map[int32]int32 {
	strong = slices.Clone(strong)
	slices.SortFunc(strong, func(x, y contender) int { // strongest first, ties by id
		return cmp.Or(cmp.Compare(y.value, x.value), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})
	var ends []int32
	for _, c := range strong {
		ends = append(ends, c.a, c.b)
	}
	vertices, number := Numbered(ends)
	edges := make([]edge, len(strong))
	for i, c := range strong {
		// A fixed-point weight, so that no sum depends on its order; at least InducedGap, as the edge is strong.
		weight := int64(math.Round((float64(c.value) - threshold + InducedGap) * (1 << 30)))
		edges[i] = edge{number[c.a], number[c.b], max(weight, 1)}
	}
	piece := map[int32]int32{}
	for _, part := range loseWeakest(len(vertices), edges) {
		for _, group := range cutToLimit(part.vertices, part.edges) {
			for _, v := range group {
				piece[vertices[v]] = vertices[group[0]]
			}
		}
	}
	return piece
}

// edge joins vertices a and b.
type edge struct {
	a, b   int
	weight int64
}

// part is a connected piece: its vertices in order, and its edges.
type part struct {
	vertices []int
	edges    []edge
}

// loseWeakest removes edges, weakest first, from components above minimumCutLimit until none is left, and returns the
// components. edges come strongest first: an edge goes when, with every stronger one, it lies in too large a component.
func loseWeakest(n int, edges []edge) []part {
	whole, kept := NewForest(n), NewForest(n)
	size := make([]int, n)
	for i := range size {
		size[i] = 1
	}
	var left []edge
	for _, e := range edges {
		a, b := whole.Root(int32(e.a)), whole.Root(int32(e.b))
		if a != b {
			whole.Union(a, b)
			size[whole.Root(a)] = size[a] + size[b]
		}
		if size[whole.Root(a)] <= minimumCutLimit {
			kept.Union(int32(e.a), int32(e.b))
			left = append(left, e)
		}
	}
	place := make([]int, n) // of a root's part
	var parts []part
	for v := range n {
		root := kept.Root(int32(v)) // the smallest vertex, so it comes first
		if int(root) == v {
			place[v] = len(parts)
			parts = append(parts, part{})
		}
		p := &parts[place[root]]
		p.vertices = append(p.vertices, v)
	}
	for _, e := range left {
		p := &parts[place[kept.Root(int32(e.a))]]
		p.edges = append(p.edges, e)
	}
	return parts
}

// cutToLimit cuts a connected graph by minimum cuts until no piece has more than componentLimit vertices.
func cutToLimit(vertices []int, edges []edge) [][]int {
	var done [][]int
	for todo := []part{{vertices, edges}}; len(todo) > 0; {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if len(p.vertices) <= componentLimit {
			done = append(done, p.vertices)
			continue
		}
		side := minimumCut(p.vertices, p.edges)
		var halves [2]part
		for _, v := range p.vertices {
			h := &halves[side[v]]
			h.vertices = append(h.vertices, v)
		}
		for _, e := range p.edges {
			if side[e.a] == side[e.b] {
				h := &halves[side[e.a]]
				h.edges = append(h.edges, e)
			}
		}
		todo = append(todo, halves[0], halves[1])
	}
	return done
}
