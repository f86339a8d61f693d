package search

import (
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"crosssum/internal/arrowfile"
	"crosssum/internal/engine"
	"crosssum/schemas"
)

// table is what is kept in memory of an embeddings file: everything but the vectors.
type table struct {
	path  string
	d     int       // width of the vectors
	ids   []string  // by row
	norms []float64 // by row: lengths of the vectors
	order []int     // rows in byte order of their ids
	rank  []int32   // by row: place in order; smaller id, smaller rank
}

func invalid(format string, args ...any) error {
	return &engine.Error{Type: schemas.InvalidInput, Message: fmt.Sprintf(format, args...)}
}

// scan reads an embeddings file once and checks it: one language, no id twice, every vector finite and not zero.
func scan(path string) (*table, error) {
	d, err := arrowfile.Dimension(path, "embedding")
	if err != nil {
		return nil, invalid("%v; embed the articles again", err)
	}
	if d < 1 || d > 1<<16 {
		return nil, invalid("%s: vectors of %d values", path, d)
	}
	t := &table{path: path, d: d}
	language := ""
	err = arrowfile.Each(path, schemas.Embedding(d), func(row arrowfile.Row) error {
		at, id := len(t.ids), arrowfile.Clone(row.Str(1))
		if l := row.Str(0); at == 0 {
			language = arrowfile.Clone(l)
		} else if l != language {
			return invalid("%s: row %d (%s) is of language %q, the rows before are of %q; a search takes one language a file",
				path, at, id, l, language)
		}
		sum := 0.0
		for _, x := range row.Vector(3) {
			sum += float64(x) * float64(x)
		}
		if math.IsNaN(sum) || math.IsInf(sum, 0) {
			return &engine.Error{Type: schemas.NotFinite,
				Message: fmt.Sprintf("%s: row %d (%s): the vector holds NaN or infinity; check the encoder", path, at, id)}
		}
		if sum == 0 {
			return invalid("%s: row %d (%s): the vector is zero and has no neighbours; its text has no token that the encoder knows",
				path, at, id)
		}
		t.ids, t.norms = append(t.ids, id), append(t.norms, math.Sqrt(sum))
		return nil
	})
	if err != nil {
		return nil, named(err)
	}
	t.sort()
	for i := 1; i < len(t.order); i++ {
		if a, b := t.order[i-1], t.order[i]; t.ids[a] == t.ids[b] {
			return nil, invalid("%s: rows %d and %d have the same id %q", path, a, b, t.ids[a])
		}
	}
	return t, nil
}

func (t *table) sort() {
	t.order = make([]int, len(t.ids))
	for i := range t.order {
		t.order[i] = i
	}
	slices.SortFunc(t.order, func(a, b int) int {
		if t.ids[a] < t.ids[b] {
			return -1
		} else if t.ids[a] > t.ids[b] {
			return 1
		}
		return a - b
	})
	t.rank = make([]int32, len(t.ids))
	for place, row := range t.order {
		t.rank[row] = int32(place)
	}
}

// named gives an unclassified error of a file its type: such a file does not become readable by trying again.
func named(err error) error {
	if e, ok := err.(*engine.Error); ok {
		return e
	}
	return invalid("%v", err)
}

// block is some rows of a table with their vectors, [rows, d].
type block struct {
	*table
	from    int // row of the first vector
	vectors []float32
}

func (b *block) rows() int { return len(b.vectors) / b.d }

// blocks reads the vectors again, in blocks of at most size rows, and calls f with each. A block is valid until f
// returns.
func (t *table) blocks(size int, f func(*block) error) error {
	b := &block{table: t, vectors: make([]float32, 0, min(size, len(t.ids))*t.d)}
	flush := func() error {
		if len(b.vectors) == 0 {
			return nil
		}
		err := f(b)
		b.from += b.rows()
		b.vectors = b.vectors[:0]
		return err
	}
	err := arrowfile.Batches(t.path, schemas.Embedding(t.d), func(record arrow.Record) error {
		list := record.Column(3).(*array.FixedSizeList)
		values := list.ListValues().(*array.Float32).Float32Values()
		first, _ := list.ValueOffsets(0)
		values = values[first : int(first)+int(record.NumRows())*t.d]
		for len(values) > 0 {
			n := min(len(values), size*t.d-len(b.vectors))
			b.vectors = append(b.vectors, values[:n]...)
			values = values[n:]
			if b.rows() == size {
				if err := flush(); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	if err == nil && b.from != len(t.ids) {
		err = fmt.Errorf("%s: changed while it was read", t.path)
	}
	return err
}
