package link

import "container/heap"

// minimumCut parts a connected graph of at least two vertices by the cut of least weight (Stoer and Wagner, J. ACM 1997)
// and returns the side, 0 or 1, of every vertex. Cutting off the vertex of least degree bounds the weight; an edge as heavy
// as the bound is in no better cut, so its ends are merged beforehand (Padberg and Rinaldi). Of equal cuts the first found
// stands; every phase begins at the smallest vertex and takes the smallest of equally tight ones, so the cut depends on
// the graph alone.
func minimumCut(vertices []int, edges []edge) map[int]int {
	place := make(map[int]int, len(vertices))
	for i, v := range vertices {
		place[v] = i
	}
	least, apart := leastDegree(place, len(vertices), edges)
	merged := NewForest(len(vertices))
	for _, e := range edges {
		if e.weight >= least {
			merged.Union(int32(place[e.a]), int32(place[e.b]))
		}
	}
	near := make([]map[int]int64, len(vertices)) // weights between merged vertices; nil for those merged into another
	members := make([][]int, len(vertices))      // what a merged vertex stands for
	left := 0
	for i := range vertices {
		root := int(merged.Root(int32(i)))
		if members[root] = append(members[root], i); root == i {
			near[i] = map[int]int64{}
			left++
		}
	}
	for _, e := range edges {
		if a, b := int(merged.Root(int32(place[e.a]))), int(merged.Root(int32(place[e.b]))); a != b {
			near[a][b] += e.weight
			near[b][a] += e.weight
		}
	}
	for ; left > 1; left-- {
		s, t, weight := phase(near)
		if weight < least {
			least, apart = weight, append([]int(nil), members[t]...)
		}
		members[s] = append(members[s], members[t]...)
		for v, w := range near[t] {
			delete(near[v], t)
			if v != s {
				near[s][v] += w
				near[v][s] += w
			}
		}
		near[t] = nil
	}
	side := make(map[int]int, len(vertices))
	for _, i := range apart {
		side[vertices[i]] = 1
	}
	return side
}

// leastDegree is the cut that parts one vertex from the others: the one of least weight, ties to the smaller vertex.
func leastDegree(place map[int]int, n int, edges []edge) (weight int64, apart []int) {
	degree := make([]int64, n)
	for _, e := range edges {
		degree[place[e.a]] += e.weight
		degree[place[e.b]] += e.weight
	}
	least := 0
	for i, d := range degree {
		if d < degree[least] {
			least = i
		}
	}
	return degree[least], []int{least}
}

// phase adds the vertices that are left in the order of their tightness to those added. It returns the last two and the
// weight of the cut that parts the last one from all others.
func phase(near []map[int]int64) (s, t int, weight int64) {
	tight := make([]int64, len(near))
	added := make([]bool, len(near))
	queue := &tightest{}
	for v, others := range near {
		if others != nil {
			heap.Push(queue, entry{v, 0})
		}
	}
	s, t = -1, -1
	for queue.Len() > 0 {
		e := heap.Pop(queue).(entry)
		if added[e.vertex] || e.tight != tight[e.vertex] {
			continue // a newer entry of this vertex stands further up
		}
		added[e.vertex] = true
		s, t, weight = t, e.vertex, e.tight
		for v, w := range near[e.vertex] {
			if !added[v] {
				tight[v] += w
				heap.Push(queue, entry{v, tight[v]})
			}
		}
	}
	return s, t, weight
}

type entry struct {
	vertex int
	tight  int64
}

// tightest is a heap: greatest weight first, ties to the smaller vertex.
type tightest []entry

func (q tightest) Len() int { return len(q) }
func (q tightest) Less(i, j int) bool {
	return q[i].tight > q[j].tight || q[i].tight == q[j].tight && q[i].vertex < q[j].vertex
}
func (q tightest) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *tightest) Push(x any)   { *q = append(*q, x.(entry)) }
func (q *tightest) Pop() any {
	old := *q
	e := old[len(old)-1]
	*q = old[:len(old)-1]
	return e
}
