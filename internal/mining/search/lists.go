package search

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/native/nearest"
	"crosssum/schemas"
)

// lists holds the best neighbours found so far of every row of from, by place, in a file without a name: in memory are
// those of a block. An entry whose place is 0 is none.
type lists struct {
	from, to *table
	keep     int
	file     *os.File
}

const entryBytes = 8

// newLists makes empty lists in a scratch file beside path.
func newLists(from, to *table, keep int, path string) (*lists, error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".lists-*")
	if err != nil {
		return nil, scratch(err)
	}
	l := &lists{from, to, keep, file}
	if err := cmp.Or(scratch(os.Remove(file.Name())), l.clear()); err != nil {
		file.Close()
		return nil, err
	}
	return l, nil
}

// clear empties all lists.
func (l *lists) clear() error {
	err := l.file.Truncate(0)
	if err == nil {
		err = l.file.Truncate(int64(l.from.rows) * int64(l.keep*entryBytes))
	}
	return scratch(err)
}

// scratch says that an error is one of a scratch file.
func scratch(err error) error {
	if err != nil {
		err = fmt.Errorf("search: scratch file: %w", err)
	}
	return err
}

// access calls f with every run of consecutive places of the block: where its lists stand in the file.
func (l *lists) access(b *nearest.Block, f func(bytes []byte, offset int64) (int, error)) error {
	places, bytes, size := b.Places(), bytesOf(b.Lists()), l.keep*entryBytes
	for first := 0; first < len(places); {
		end := first + 1
		for end < len(places) && places[end] == places[end-1]+1 {
			end++
		}
		if _, err := f(bytes[first*size:end*size], int64(places[first]-1)*int64(size)); err != nil {
			return scratch(err)
		}
		first = end
	}
	return nil
}

// load reads the lists of a block.
func (l *lists) load(b *nearest.Block) error {
	if err := l.access(b, l.file.ReadAt); err != nil {
		return err
	}
	entries, counts := b.Lists(), b.Counts()
	for i := range counts {
		n := 0
		for n < l.keep && entries[i*l.keep+n].Place != 0 {
			n++
		}
		counts[i] = int32(n)
	}
	return nil
}

// store writes the lists of a block.
func (l *lists) store(b *nearest.Block) error { return l.access(b, l.file.WriteAt) }

// put writes the list of one row.
func (l *lists) put(place int32, list []nearest.Neighbour) error {
	_, err := l.file.WriteAt(bytesOf(list), int64(place-1)*int64(l.keep*entryBytes))
	return scratch(err)
}

// write makes an Arrow file of schemas.NeighbourRow, sorted by (source_id, rank).
func (l *lists) write(path string, progress func()) (rows int64, err error) {
	w, err := arrowfile.Create[schemas.NeighbourRow](path)
	if err != nil {
		return 0, err
	}
	defer func() {
		rows = w.Rows()
		if closed := w.Close(); err == nil && closed != nil {
			err = fmt.Errorf("%s: %w", path, closed)
		}
	}()
	chunk := max(1, 1<<16/l.keep)
	entries := make([]nearest.Neighbour, chunk*l.keep)
	for first := 0; first < l.from.rows; first += chunk {
		n := min(chunk, l.from.rows-first)
		if _, err := l.file.ReadAt(bytesOf(entries[:n*l.keep]), int64(first)*int64(l.keep*entryBytes)); err != nil {
			return 0, scratch(err)
		}
		for i := range n {
			id := l.from.ids.At(int32(first + i + 1))
			for rank, e := range entries[i*l.keep : (i+1)*l.keep] {
				if e.Place == 0 {
					break
				}
				if err := w.Append(schemas.NeighbourRow{SourceID: id, Rank: int32(rank), TargetID: l.to.ids.At(e.Place), Score: e.Score}); err != nil {
					return 0, err
				}
			}
		}
		progress()
	}
	return 0, nil
}

func (l *lists) close() {
	if l != nil {
		l.file.Close()
	}
}
