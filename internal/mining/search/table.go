package search

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"unsafe"

	"github.com/zeebo/xxh3"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/ids"
	"crosssum/internal/fault"
	"crosssum/internal/native/nearest"
	"crosssum/schemas"
)

// table is what is kept in memory of an embeddings file: everything but the vectors. The place of a row counts from 1 in
// byte order of the ids; rows of sorted files stand at their places.
type table struct {
	path    string
	file    *arrowfile.File[schemas.EmbeddingRow]
	d       int            // width of the vectors
	rows    int            // number of rows
	ids     ids.List       // by place
	places  []int32        // by row; nil where rows are sorted by id
	centre  []float32      // mean of the vectors
	batches []int          // by record batch: its first row, and the number of rows at the end
	digests []xxh3.Uint128 // by place: of the vector's bytes; only where an earlier table is compared
	part    []bool         // by place: whether the row is searched in all of the other table; nil: every row
}

func invalid(format string, args ...any) error {
	return fault.New(schemas.InvalidInput, format, args...)
}

// scan reads an embeddings file once and checks it: one language, no id twice, every vector finite and of a length that
// an encoder gives. That of a text without a known token is zero: at cosine 0 with everything, it is nobody's counterpart,
// and no other row loses one. progress is called with the rows read so far. earlier: of the vectors, only the digests are wanted.
func scan(ctx context.Context, path string, digests, earlier bool, progress func(rows int)) (t *table, err error) {
	d, err := arrowfile.Dimension(path, "embedding")
	if err != nil {
		return nil, invalid("%v; embed the articles again", err)
	}
	file, err := arrowfile.Open[schemas.EmbeddingRow](path)
	if err != nil {
		return nil, named(err)
	}
	defer func() {
		if err != nil {
			t = nil
			file.Close()
		}
	}()
	s := &scanner{table: &table{path: path, file: file, d: d}, sums: make([]float64, d), sorted: true, digests: digests, earlier: earlier}
	for i := 0; i < file.Batches() && err == nil && ctx.Err() == nil; i++ {
		s.table.batches = append(s.table.batches, s.table.rows)
		err = file.Batch(i, s.batch)
		progress(s.table.rows)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, named(err)
	}
	return s.table, s.finish()
}

// scanner is the state of one scan.
type scanner struct {
	table    *table
	language string
	sums     []float64 // of the vectors
	sorted   bool      // rows so far
	digests  bool
	earlier  bool
}

func (s *scanner) batch(batch *arrowfile.Batch[schemas.EmbeddingRow]) error {
	t := s.table
	for i := range batch.Rows {
		row := batch.At(i)
		id := row.ID
		if t.rows == 0 {
			s.language = arrowfile.Clone(row.Language)
		} else if row.Language != s.language {
			return invalid("%s: row %d (%s) is of language %q, the rows before are of %q; a search takes one language a file",
				t.path, t.rows, id, row.Language, s.language)
		}
		if !s.earlier {
			if err := s.vector(id, row.Embedding); err != nil {
				return err
			}
		}
		if s.digests {
			t.digests = append(t.digests, xxh3.Hash128(bytesOf(row.Embedding)))
		}
		if t.rows > 0 && s.sorted {
			before := t.ids.At(int32(t.rows))
			if before == id {
				return invalid("%s: rows %d and %d have the same id %q", t.path, t.rows-1, t.rows, id)
			}
			s.sorted = before < id
		}
		if !t.ids.Add(id) || t.rows == math.MaxInt32-1 {
			return invalid("%s: row %d (%.60s): ids of %d bytes, or more than 4 GiB of them, are not searched", t.path, t.rows, id, len(id))
		}
		t.rows++
	}
	return nil
}

// vector checks a vector and adds it to the mean.
func (s *scanner) vector(id string, vector []float32) error {
	square, sums := 0.0, s.sums[:len(vector)]
	for k, x := range vector {
		sums[k] += float64(x)
		square += float64(x) * float64(x)
	}
	switch {
	case math.IsNaN(square) || math.IsInf(square, 0):
		return &fault.Error{Type: schemas.NotFinite,
			Message: fmt.Sprintf("%s: row %d (%s): the vector holds NaN or infinity; check the encoder", s.table.path, s.table.rows, id)}
	case square != 0 && square < 1e-18 || square > 1e18:
		return invalid("%s: row %d (%s): the vector is %.3g long; embeddings are of about unit length", s.table.path, s.table.rows, id, math.Sqrt(square))
	}
	return nil
}

// finish puts ids and digests into the order of places.
func (s *scanner) finish() error {
	t := s.table
	t.batches = append(t.batches, t.rows)
	t.centre = make([]float32, t.d)
	for k, sum := range s.sums {
		t.centre[k] = float32(sum / float64(max(t.rows, 1)))
	}
	if s.sorted {
		return nil
	}
	order := make([]int32, t.rows) // place as read, by place
	for i := range order {
		order[i] = int32(i + 1)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(t.ids.At(a), t.ids.At(b)), cmp.Compare(a, b))
	})
	read, digests := t.ids, t.digests
	t.ids, t.digests, t.places = ids.List{}, nil, make([]int32, t.rows)
	for i, row := range order {
		if i > 0 && read.At(order[i-1]) == read.At(row) {
			return invalid("%s: rows %d and %d have the same id %q", t.path, order[i-1]-1, row-1, read.At(row))
		}
		t.ids.Add(read.At(row))
		t.places[row-1] = int32(i + 1)
		if s.digests {
			t.digests = append(t.digests, digests[row-1])
		}
	}
	return nil
}

// named gives an unclassified error of a file its type: such a file does not become readable by trying again.
func named(err error) error {
	if e, ok := err.(*fault.Error); ok {
		return e
	}
	return invalid("%v", err)
}

func bytesOf[T any](values []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), len(values)*int(unsafe.Sizeof(*new(T))))
}

func (t *table) place(row int) int32 {
	if t.places == nil {
		return int32(row + 1)
	}
	return t.places[row]
}

// whole tells whether the row at a place is searched in all of the other table.
func (t *table) whole(place int32) bool { return t.part == nil || t.part[place-1] }

func (t *table) close() {
	if t != nil {
		t.file.Close()
	}
}

// span is a block to be read: those of the rows from..to-1 of a table that are of one kind.
type span struct {
	from, to, rows int
	whole          bool
}

// spans cuts a table into blocks of at most size rows: first those searched in all of the other table, then the rest.
func (t *table) spans(size int) (list []span) {
	for _, whole := range []bool{true, false} {
		s := span{whole: whole}
		for row := range t.rows {
			if t.whole(t.place(row)) != whole {
				continue
			}
			if s.rows == size {
				list = append(list, s)
				s = span{whole: whole}
			}
			if s.rows == 0 {
				s.from = row
			}
			s.rows++
			s.to = row + 1
		}
		if s.rows > 0 {
			list = append(list, s)
		}
	}
	return list
}

// load reads the vectors of a span.
func (t *table) load(b *nearest.Block, s span) error {
	b.Reset(s.rows)
	vectors, places, at := b.Vectors(), b.Places(), 0
	changed := invalid("%s: changed while it was read", t.path)
	first, _ := slices.BinarySearch(t.batches, s.from+1) // batches[first-1] <= from
	for i := first - 1; i < len(t.batches)-1 && t.batches[i] < s.to; i++ {
		if i >= t.file.Batches() {
			return changed
		}
		if err := t.file.Batch(i, func(batch *arrowfile.Batch[schemas.EmbeddingRow]) error {
			if batch.Rows != t.batches[i+1]-t.batches[i] {
				return changed
			}
			for row := max(s.from, t.batches[i]); row < min(s.to, t.batches[i+1]); row++ {
				if place := t.place(row); t.whole(place) == s.whole {
					copy(vectors[at*t.d:(at+1)*t.d], batch.At(row-t.batches[i]).Embedding)
					places[at] = place
					at++
				}
			}
			return nil
		}); err != nil {
			return named(err)
		}
	}
	return nil
}
