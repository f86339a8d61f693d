package link

import (
	"math/rand"
	"testing"
)

// weightOf is the weight of the edges that a set of vertices (as bits) cuts.
func weightOf(set uint, edges []edge) int64 {
	var sum int64
	for _, e := range edges {
		if set>>e.a&1 != set>>e.b&1 {
			sum += e.weight
		}
	}
	return sum
}

func TestTheMinimumCutIsTheLeastOfAllCuts(t *testing.T) {
	random := rand.New(rand.NewSource(2))
	for range 300 {
		n := 2 + random.Intn(9)
		var edges []edge
		for v := 1; v < n; v++ { // a random tree, and some more
			edges = append(edges, edge{random.Intn(v), v, 1 + random.Int63n(9)})
		}
		for range random.Intn(2 * n) {
			if a, b := random.Intn(n), random.Intn(n); a != b {
				edges = append(edges, edge{a, b, 1 + random.Int63n(9)})
			}
		}
		least := int64(1 << 60)
		for set := uint(1); set < 1<<n-1; set++ {
			least = min(least, weightOf(set, edges))
		}
		vertices := make([]int, n)
		for i := range vertices {
			vertices[i] = i
		}
		var set uint
		for v, side := range minimumCut(vertices, edges) {
			set |= uint(side) << v
		}
		if set == 0 || set == 1<<n-1 || weightOf(set, edges) != least {
			t.Fatalf("cut %b of weight %d, the least is %d: %v", set, weightOf(set, edges), least, edges)
		}
	}
}

// chain makes strong edges between successive vertices; the weaker ones are given.
func chain(n int, weak map[int]float32) []contender {
	var out []contender
	for i := range n - 1 {
		value := float32(0.9)
		if w, ok := weak[i]; ok {
			value = w
		}
		out = append(out, contender{a: int32(i), b: int32(i + 1), value: value, score: value, threshold: 0.7})
	}
	return out
}

func TestComponentsAboveFiftyAreCutAtTheirWeakestEdges(t *testing.T) {
	piece := pieces(chain(50, nil), 0.7)
	if piece[49] != 0 {
		t.Error("a component of 50 was cut")
	}
	piece = pieces(chain(80, map[int]float32{39: 0.71}), 0.7)
	if piece[39] != 0 || piece[40] != 40 || piece[79] != 40 {
		t.Errorf("the weakest edge, 39-40, was not the one cut: %v", piece)
	}
}

func TestComponentsAboveTwoThousandLoseTheirWeakestEdgesFirst(t *testing.T) {
	weak := map[int]float32{}
	for i := 49; i < 2500; i += 50 {
		weak[i] = 0.71 + float32(i)/1e5
	}
	piece := pieces(chain(2500, weak), 0.7)
	size := map[int32]int{}
	for _, p := range piece {
		size[p]++
	}
	for p, n := range size {
		if n > 50 || p%50 != 0 {
			t.Errorf("piece %d of %d vertices: not cut at the weak edges", p, n)
		}
	}
}

func TestInducedPairsJoinOneComponentAndCutEdgesAreNotAccepted(t *testing.T) {
	var n induction
	for _, c := range chain(60, map[int]float32{29: 0.72}) {
		n.add(c)
	}
	for _, c := range []contender{
		{a: 3, b: 9, value: 0.61, threshold: 0.7},   // within a piece
		{a: 3, b: 40, value: 0.65, threshold: 0.7},  // across the cut
		{a: 4, b: 9, value: 0.59, threshold: 0.7},   // too weak
		{a: 70, b: 71, value: 0.65, threshold: 0.7}, // in no component
	} {
		n.add(c)
	}
	accepted, rejected, cut := n.run(0.7)
	induced := 0
	for _, c := range accepted {
		if c.a < 30 != (c.b < 30) {
			t.Errorf("%d-%d crosses the cut", c.a, c.b)
		}
		if c.rule == "induced" {
			induced++
			if c.a != 3 || c.b != 9 {
				t.Errorf("%d-%d was induced", c.a, c.b)
			}
		}
	}
	if len(cut) != 1 || induced != 1 || len(accepted) != 59 {
		t.Errorf("%d cut, %d induced, %d accepted; want 1, 1, 59", len(cut), induced, len(accepted))
	}
	near := 0
	for _, c := range rejected {
		if c.near() {
			near++
		}
	}
	if len(rejected) != 3 || near != 1 {
		t.Errorf("rejected %v: 0.59 misses the lowered threshold nearly, 0.65 the whole one by far", rejected)
	}
}
