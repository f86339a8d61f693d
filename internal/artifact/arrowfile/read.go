package arrowfile

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"crosssum/internal/fault"
	"crosssum/schemas"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// Each calls f with every row of the file at path in order; a row is valid until the next one.
// A file that is truncated, foreign or of other columns is an error that names it.
func Each[T any](path string, f func(*T) error) error {
	return Pick(path, f)
}

// Pull turns around what calls a function with one row after the other, as Each does: rows come when they are asked for.
func Pull[T any](each func(use func(T) error) error) (next func() (T, error, bool), stop func()) {
	return iter.Pull2(func(yield func(T, error) bool) {
		stopped := errors.New("stopped")
		err := each(func(row T) error {
			if !yield(row, nil) {
				return stopped
			}
			return nil
		})
		if err != nil && err != stopped {
			yield(*new(T), err)
		}
	})
}

// Pick is Each for a file that may have other columns too: names are those that it has for T's, in their order.
// A null in one of them is an error. No names: it is Each.
func Pick[T any](path string, f func(*T) error, names ...string) error {
	file, err := open[T](path, memory.DefaultAllocator, names)
	if err != nil {
		return err
	}
	defer file.Close()
	for i := range file.Batches() {
		err := file.Batch(i, func(b *Batch[T]) error {
			for i := range b.Rows {
				if err := f(b.At(i)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// File reads record batches of rows T in any order. It is not safe for concurrent use.
type File[T any] struct {
	*file
	at     []int // column of each field, where they are picked
	row    T
	fields []any
}

// Open opens the file at path. One that is truncated, foreign or of other columns is an error that names it. The memory of a
// batch is used again for the next: nothing of it may be kept.
func Open[T any](path string) (*File[T], error) { return open[T](path, &recycler{}, nil) }

func open[T any](path string, allocator memory.Allocator, picked []string) (f *File[T], err error) {
	f = &File[T]{}
	if f.file, err = openFile(path, allocator); err != nil {
		return nil, err
	}
	_, f.fields = columns(&f.row)
	if picked != nil {
		if err := f.pick(picked); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return f, nil
	}
	has, width := f.reader.Schema(), 1
	for _, column := range has.Fields() {
		if vector, ok := column.Type.(*arrow.FixedSizeListType); ok && vector.Len() > 0 {
			width = int(vector.Len())
		}
	}
	if wanted := SchemaOf[T](width, nil); !has.Equal(wanted) {
		return nil, errors.Join(brokenError(fmt.Sprintf("%s: has columns %v, wanted %v", path, has.Fields(), wanted.Fields())), f.Close())
	}
	return f, nil
}

// pick finds the columns that are read of a file that may have others.
func (f *File[T]) pick(names []string) error {
	for i, name := range names {
		at := f.reader.Schema().FieldIndices(name)
		if len(at) != 1 {
			return fault.New(schemas.InvalidInput, "%s: has %d columns %q; wanted one", f.path, len(at), name)
		}
		is, wanted := f.reader.Schema().Field(at[0]).Type, typeOf(f.fields[i], 1)
		vector, ok := is.(*arrow.FixedSizeListType)
		if ok = ok && wanted.ID() == is.ID() && vector.Elem().ID() == arrow.FLOAT32; !ok && !arrow.TypeEqual(is, wanted) {
			return fault.New(schemas.InvalidInput, "%s: column %q is %s; wanted %s", f.path, name, is, strings.TrimSuffix(wanted.String(), "[1]"))
		}
		f.at = append(f.at, at[0])
	}
	return nil
}

// Batch calls use with batch i, which is released when use returns. All its values can be read without a panic.
func (f *File[T]) Batch(i int, use func(*Batch[T]) error) error {
	record, err := f.batch(i)
	if err != nil {
		return err
	}
	defer record.Release()
	b := &Batch[T]{int(record.NumRows()), &f.row, f.fields, record.Columns()}
	if f.at != nil {
		b.columns = nil
		for _, at := range f.at {
			column := record.Column(at)
			if nulls(column) {
				return fault.New(schemas.InvalidInput, "%s: column %q holds nulls", f.path, record.ColumnName(at))
			}
			b.columns = append(b.columns, column)
		}
	}
	defer func() { f.row = *new(T) }() // which would keep the batch's memory
	return use(b)
}

func nulls(column arrow.Array) bool {
	if list, ok := column.(interface{ ListValues() arrow.Array }); ok && nulls(list.ListValues()) {
		return true
	}
	return column.NullN() > 0
}
