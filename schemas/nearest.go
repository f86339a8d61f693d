package schemas

import (
	"cmp"
	"slices"
	"strings"
)

// longestName is how much of a name is compared with others: what comes from outside may be a megabyte.
const longestName = 64

// Nearest lists the n of names that come closest to what somebody wrote: those that contain it first, then by edit distance, upper
// and lower case alike; of equals in the order of names.
func Nearest(name string, names []string, n int) []string {
	name = strings.ToLower(name[:min(len(name), longestName)])
	distance := func(other string) int {
		other = strings.ToLower(other)
		if len(name) > 2 && strings.Contains(other, name) {
			return 0
		}
		return editDistance(name, other)
	}
	near := slices.Clone(names)
	slices.SortStableFunc(near, func(a, b string) int { return cmp.Compare(distance(a), distance(b)) })
	return near[:min(n, len(near))]
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost = 1 + min(diagonal, row[j], row[j-1])
			}
			diagonal, row[j] = row[j], cost
		}
	}
	return row[len(b)]
}
