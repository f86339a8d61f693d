package tokenizer

import (
	"maps"
	"slices"
)

// trie finds the pieces that a text begins with. The nodes below one stand in a row, by byte.
type trie struct {
	labels []byte
	below  []int32 // first node below; those below node i end where those below the next node with any begin
	count  []uint16
	ids    []int32 // -1: no piece ends here
}

func newTrie(ids map[string]int32) trie {
	pieces := slices.Sorted(maps.Keys(ids))
	t := trie{labels: []byte{0}, below: []int32{0}, count: []uint16{0}, ids: []int32{-1}}
	type job struct{ node, from, to, depth int }
	for jobs := []job{{0, 0, len(pieces), 0}}; len(jobs) > 0; {
		j := jobs[0]
		jobs = jobs[1:]
		for j.from < j.to && len(pieces[j.from]) == j.depth { // the empty piece is never found
			j.from++
		}
		t.below[j.node] = int32(len(t.labels))
		for from := j.from; from < j.to; {
			label, to := pieces[from][j.depth], from+1
			for to < j.to && pieces[to][j.depth] == label {
				to++
			}
			id := int32(-1)
			if len(pieces[from]) == j.depth+1 {
				id = ids[pieces[from]]
			}
			jobs = append(jobs, job{len(t.labels), from, to, j.depth + 1})
			t.labels, t.below, t.count, t.ids = append(t.labels, label), append(t.below, 0), append(t.count, 0), append(t.ids, id)
			t.count[j.node]++
			from = to
		}
	}
	return t
}

// prefixes calls found for every piece that text begins with, the shortest first.
func (t *trie) prefixes(text string, found func(length int, id int32)) {
	node := int32(0)
	for i := range len(text) {
		first := t.below[node]
		at, ok := slices.BinarySearch(t.labels[first:first+int32(t.count[node])], text[i])
		if !ok {
			return
		}
		if node = first + int32(at); t.ids[node] >= 0 {
			found(i+1, t.ids[node])
		}
	}
}
