package search

import (
	"fmt"
	"math"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/ids"
	"crosssum/internal/engine"
	"crosssum/internal/native/nearest"
	"crosssum/schemas"
)

// takeOver fills the lists with what still holds of an earlier search, and marks the rows that must be searched in all of
// the other table: those that are new or edited, and those whose full list lost a row. All others miss nothing but what
// is new or edited on the other side: a list that was the best of all earlier rows is, when it lost none, the best of the
// earlier rows that are left; and one that was not full held every earlier row.
//
// An earlier result that cannot be used is said in `ignored`: then every row is searched.
func (s *search) takeOver(e engine.EarlierSearch) (ignored string, err error) {
	reason := s.tryTakeOver(e)
	if reason == nil {
		return "", nil
	}
	if err := s.ctx.Err(); err != nil {
		return "", err
	}
	s.source.part, s.target.part = nil, nil
	if err := s.forward.clear(); err != nil {
		return "", err
	}
	return reason.Error(), s.backward.clear()
}

func (s *search) tryTakeOver(e engine.EarlierSearch) error {
	if (e.Backward == "") != s.same {
		return fmt.Errorf("the earlier search was of %s and %s", e.Source, e.Target)
	}
	source, err := s.since(e.Source, s.source)
	if err != nil {
		return err
	}
	target := source
	if !s.same {
		if target, err = s.since(e.Target, s.target); err != nil {
			return err
		}
	}
	taken := int64(0)
	progress := func() {
		taken += 10000
		s.report(schemas.Progress{Done: taken, Of: "lists taken over"})
	}
	if err := s.forward.takeOver(e.Forward, source, target, s.same, progress); err != nil || s.same {
		return err
	}
	return s.backward.takeOver(e.Backward, target, source, false, progress)
}

// history is an earlier table and where its rows are now.
type history struct {
	*table
	now   []int32 // by earlier place: place of the same row with the same vector; 0 where there is none
	index *ids.Index
}

// since compares a table with an earlier one, and marks its rows that are new or edited.
func (s *search) since(path string, t *table) (*history, error) {
	earlier, err := s.scan(path, true, true)
	if err != nil {
		return nil, err
	}
	earlier.close()
	if earlier.d != t.d {
		return nil, fmt.Errorf("%s has vectors of %d values, not %d", path, earlier.d, t.d)
	}
	h := &history{table: earlier, now: make([]int32, earlier.rows), index: ids.NewIndex(&earlier.ids)}
	t.part = make([]bool, t.rows)
	was := int32(1)
	for place := int32(1); int(place) <= t.rows; place++ {
		id := t.ids.At(place)
		for int(was) <= earlier.rows && earlier.ids.At(was) < id {
			was++
		}
		if int(was) <= earlier.rows && earlier.ids.At(was) == id && earlier.digests[was-1] == t.digests[place-1] {
			h.now[was-1] = place
		} else {
			t.part[place-1] = true
		}
	}
	return h, nil
}

// takeOver reads an earlier file of neighbours, checking that it has a list of the right length for every row.
// progress is called now and then.
func (l *lists) takeOver(path string, from, to *history, same bool, progress func()) error {
	length := to.rows
	if same {
		length--
	}
	r := &reader{lists: l, from: from, to: to, length: min(l.keep, max(length, 0)), path: path, progress: progress}
	if err := arrowfile.Each(path, r.entry); err != nil {
		return err
	}
	if r.length > 0 && (r.list != nil || int(r.source) != from.rows) {
		return fmt.Errorf("%s ends at row %d of %d", path, r.source, from.rows)
	}
	return nil
}

// reader is the state of reading one file of neighbours.
type reader struct {
	*lists
	from, to *history
	length   int // of every list
	path     string
	progress func()

	source int32               // earlier place of the row whose list is read
	list   []nearest.Neighbour // of earlier places; nil between lists
}

func (r *reader) entry(row *schemas.NeighbourRow) error {
	id, rank := row.SourceID, int(row.Rank)
	if r.list == nil {
		r.source++
		r.list = make([]nearest.Neighbour, 0, r.length)
	}
	n := nearest.Neighbour{Place: r.to.index.Place(row.TargetID), Score: row.Score}
	ok := int(r.source) <= r.from.rows && len(r.list) < r.length && r.from.ids.At(r.source) == id && rank == len(r.list) &&
		n.Place != 0 && !math.IsNaN(float64(n.Score))
	if last := len(r.list) - 1; ok && last >= 0 {
		l := r.list[last]
		ok = l.Score > n.Score || l.Score == n.Score && l.Place < n.Place
	}
	if !ok {
		return fmt.Errorf("%s: entry %d of %q is not of a search for %d neighbours in %s", r.path, rank, id, r.keep, r.to.path)
	}
	if r.list = append(r.list, n); len(r.list) < r.length {
		return nil
	}
	err := r.take()
	r.list = nil
	if r.source%10000 == 0 {
		r.progress()
	}
	return err
}

// take keeps what is left of a complete list.
func (r *reader) take() error {
	place := r.from.now[r.source-1]
	if place == 0 {
		return nil
	}
	left := make([]nearest.Neighbour, 0, r.keep)
	for _, n := range r.list {
		if now := r.to.now[n.Place-1]; now != 0 {
			left = append(left, nearest.Neighbour{Place: now, Score: n.Score})
		}
	}
	if len(left) < len(r.list) && len(r.list) == r.keep {
		r.lists.from.part[place-1] = true
	}
	return r.put(place, left)
}
