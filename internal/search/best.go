package search

import (
	"fmt"

	"crosssum/internal/arrowfile"
	"crosssum/schemas"
)

// neighbour is a row of the other table with its score: a float64 dot product rounded once to fp32.
type neighbour struct {
	row   int32
	score float32
}

// lists holds the best neighbours found so far of every row of from, best first, in one array.
type lists struct {
	from, to *table
	keep     int
	entries  []neighbour // [rows of from, keep]
	counts   []int32     // by row of from
}

func newLists(from, to *table, keep int) *lists {
	return &lists{from: from, to: to, keep: keep, entries: make([]neighbour, len(from.ids)*keep), counts: make([]int32, len(from.ids))}
}

// before orders neighbours: larger score first, then smaller id.
func (l *lists) before(a, b neighbour) bool {
	if a.score != b.score {
		return a.score > b.score
	}
	return l.to.rank[a.row] < l.to.rank[b.row]
}

// add puts n into the list of row where it belongs; one that is in it already stays once.
func (l *lists) add(row int, n neighbour) {
	list := l.entries[row*l.keep : (row+1)*l.keep]
	count := int(l.counts[row])
	at := count
	for at > 0 && l.before(n, list[at-1]) {
		at--
	}
	if at == l.keep || (at > 0 && list[at-1] == n) {
		return
	}
	if count < l.keep {
		count++
		l.counts[row] = int32(count)
	}
	copy(list[at+1:count], list[at:count-1])
	list[at] = n
}

// safe tells whether no row with a score of at most bound can belong into the list of row.
func (l *lists) safe(row int, bound float64) bool {
	if int(l.counts[row]) < l.keep {
		return false
	}
	return l.entries[(row+1)*l.keep-1].score > float32(bound)
}

// write makes an Arrow file of schemas.Neighbour, sorted by (source_id, rank).
func (l *lists) write(path string) (rows int64, err error) {
	w, err := arrowfile.Create(path, schemas.Neighbour, false)
	if err != nil {
		return 0, err
	}
	for _, row := range l.from.order {
		for rank, n := range l.entries[row*l.keep : row*l.keep+int(l.counts[row])] {
			if err := w.Append(l.from.ids[row], int32(rank), l.to.ids[n.row], n.score); err != nil {
				return 0, err
			}
		}
	}
	rows = w.Rows()
	if err := w.Close(); err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	return rows, nil
}
