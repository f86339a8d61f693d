package link

import (
	"cmp"
	"slices"
)

// Numbered sorts values, leaves each there once, and tells the place of each: the vertices of a Forest.
func Numbered[T cmp.Ordered](values []T) (list []T, place map[T]int) {
	slices.Sort(values)
	list, place = slices.Compact(values), map[T]int{}
	for i, v := range list {
		place[v] = i
	}
	return list, place
}

// Forest is a union-find over 0..n-1 whose roots are the smallest members, so that the result does not depend on the
// order of unions.
type Forest struct{ parent []int32 }

// NewForest makes n components of one member.
func NewForest(n int) *Forest {
	f := &Forest{make([]int32, n)}
	for i := range f.parent {
		f.parent[i] = int32(i)
	}
	return f
}

// Root is the smallest member of n's component.
func (f *Forest) Root(n int32) int32 {
	for f.parent[n] != n {
		f.parent[n] = f.parent[f.parent[n]]
		n = f.parent[n]
	}
	return n
}

// Largest is the size of the largest component.
func (f *Forest) Largest() (largest int) {
	size := make([]int, len(f.parent))
	for n := range size {
		root := f.Root(int32(n))
		size[root]++
		largest = max(largest, size[root])
	}
	return largest
}

// Union joins the components of a and b.
func (f *Forest) Union(a, b int32) {
	a, b = f.Root(a), f.Root(b)
	if a > b {
		a, b = b, a
	}
	f.parent[b] = a
}
