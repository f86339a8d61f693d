package schemas

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// longestName is how much of a name is compared with others: what comes from outside may be a megabyte.
const longestName = 64

// Nearest lists the n of names that come closest to what somebody wrote: those that contain it first, then by edit distance, upper
// and lower case alike; of equals the shorter one first, and then in the order of names.
func Nearest(name string, names []string, n int) []string {
	near := slices.Clone(names)
	slices.SortStableFunc(near, func(a, b string) int {
		return cmp.Or(cmp.Compare(distance(name, a), distance(name, b)), cmp.Compare(len(a), len(b)))
	})
	return near[:min(n, len(near))]
}

// distance is how far what somebody wrote is from a name: -1 where they are one but for capitals, 0 where the name contains it.
func distance(wrote, name string) int {
	wrote, name = strings.ToLower(wrote[:min(len(wrote), longestName)]), strings.ToLower(name)
	switch {
	case wrote == name:
		return -1
	case len(wrote) > 2 && strings.Contains(name, wrote):
		return 0
	}
	return editDistance(wrote, name)
}

// Alike are the three nearest of names that somebody may have meant who wrote name: a third of the letters may be wrong.
func Alike(name string, names []string) []string {
	return slices.DeleteFunc(Nearest(name, names, 3), func(other string) bool { return distance(name, other) > max(1, min(len(name), longestName)/3) })
}

// Instead says what there is in place of a name that is not: the nearest of names, all of them where none is near and they are few, or else
// the first, with the number of the rest. "" where there is none at all.
func Instead(name string, names []string) string {
	const most = 40
	switch near := Alike(name, names); {
	case len(near) == 1:
		return "nearest is " + near[0]
	case len(near) > 1:
		return "nearest are " + strings.Join(near, ", ")
	case len(names) == 0:
		return ""
	case len(names) == 1:
		return "there is " + names[0]
	}
	return "there are " + Listed(names, most)
}

// Listed are names with commas between; of more than most, the first, with the number of the rest.
func Listed(names []string, most int) string {
	if more := len(names) - most; more > 0 {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(names, ", ")
}

// editDistance is how many letters are put in, left out, changed or exchanged with their neighbour.
func editDistance(a, b string) int {
	before, row := []int(nil), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j-1]+cost, row[j]+1, next[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
