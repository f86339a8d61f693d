package neardup

import (
	"cmp"
	"slices"
)

const (
	crowd     = 256       // texts that share a band: more are not compared one by one
	mostNear  = 255       // near texts of one text that are listed
	setBytes  = 256 << 20 // of shingle sets that are held at a time
	mostPairs = 1 << 20   // proposed pairs that are held at a time
)

// Near is a pair of texts, a < b, with the Jaccard similarity of their shingles.
type Near struct {
	A, B    int32
	Jaccard float32
}

// text is what is held of one while its language is at work.
type text struct {
	signature Signature
	shingles  int32
	first     bool // of those that are equal to it: the only one that is compared
	crowded   bool // it stands near so many that not all were compared
	near      int32
}

// finder finds near texts among those of a language. sets calls its argument with the shingles of the articles of rising numbers: it reads
// the file again, so that memory does not grow with the length of texts.
type finder struct {
	texts     []text
	threshold float64
	sets      func(wanted []int32, use func(n int32, shingles []uint64)) error
	near      []Near
}

// find compares every two texts that share a band of their signatures.
func (f *finder) find(progress func(band int)) error {
	type entry struct {
		key uint64
		n   int32
	}
	var entries []entry
	var proposed [][2]int32
	for band := range Bands {
		entries = entries[:0]
		for n := range f.texts {
			if t := &f.texts[n]; t.first && t.shingles > 0 {
				entries = append(entries, entry{t.signature.Band(band), int32(n)})
			}
		}
		slices.SortFunc(entries, func(a, b entry) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.n, b.n)) })
		for len(entries) > 0 {
			same := 1
			for same < len(entries) && entries[same].key == entries[0].key {
				same++
			}
			group := entries[:same]
			entries = entries[same:]
			for i, a := range group {
				if len(group) > crowd {
					f.texts[a.n].crowded = true
					continue
				}
				for _, b := range group[i+1:] {
					if f.proposes(a.n, b.n, band) {
						proposed = append(proposed, [2]int32{a.n, b.n})
					}
				}
			}
			if len(proposed) >= mostPairs {
				if err := f.verify(proposed); err != nil {
					return err
				}
				proposed = proposed[:0]
			}
		}
		progress(band + 1)
	}
	err := f.verify(proposed)
	slices.SortFunc(f.near, func(x, y Near) int { return cmp.Or(cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B)) })
	return err
}

func (f *finder) proposes(a, b int32, band int) bool {
	x, y := &f.texts[a], &f.texts[b]
	if float64(min(x.shingles, y.shingles)) < f.threshold*float64(max(x.shingles, y.shingles)) {
		return false // whatever they share
	}
	return x.signature.firstShared(&y.signature, band) && x.signature.Similarity(&y.signature) >= f.threshold-allowance
}

// verify keeps the proposed pairs whose sets are as similar as the threshold asks, in chunks whose sets fit into memory.
func (f *finder) verify(proposed [][2]int32) error {
	slices.SortFunc(proposed, func(x, y [2]int32) int { return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1])) })
	for len(proposed) > 0 {
		held, bytes, n := map[int32][]uint64{}, 0, 0
		for n < len(proposed) && (n == 0 || bytes < setBytes) {
			for _, a := range proposed[n] {
				if _, known := held[a]; !known {
					held[a], bytes = nil, bytes+8*int(f.texts[a].shingles)+64
				}
			}
			n++
		}
		wanted := make([]int32, 0, len(held))
		for a := range held {
			wanted = append(wanted, a)
		}
		slices.Sort(wanted)
		if err := f.sets(wanted, func(a int32, shingles []uint64) { held[a] = shingles }); err != nil {
			return err
		}
		for _, p := range proposed[:n] {
			if j := Jaccard(held[p[0]], held[p[1]]); j >= f.threshold {
				f.add(Near{p[0], p[1], float32(j)})
			}
		}
		proposed = proposed[n:]
	}
	return nil
}

// add lists a pair, unless one of the two has as many as are listed: both are crowded then, which keeps them out of test as surely.
func (f *finder) add(near Near) {
	a, b := &f.texts[near.A], &f.texts[near.B]
	if a.near == mostNear || b.near == mostNear {
		a.crowded, b.crowded = true, true
		return
	}
	a.near, b.near = a.near+1, b.near+1
	f.near = append(f.near, near)
}
