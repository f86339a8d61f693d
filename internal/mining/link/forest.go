package link

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

// Union joins the components of a and b.
func (f *Forest) Union(a, b int32) {
	a, b = f.Root(a), f.Root(b)
	if a > b {
		a, b = b, a
	}
	f.parent[b] = a
}
