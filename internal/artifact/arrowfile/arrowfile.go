// Package arrowfile reads and writes the Arrow IPC files (random access format) that stages exchange: rows in, rows out,
// record batches of bounded size underneath. Vectors and numbers are written uncompressed, text with zstd.
package arrowfile

import (
	"errors"
	"fmt"
	"os"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// Row gives the values of one row by field index. It is valid until the next one.
type Row struct {
	record arrow.Record
	i      int
}

// Str is the string of field f.
func (r Row) Str(f int) string { return r.record.Column(f).(*array.String).Value(r.i) }

// Bool is the bool of field f.
func (r Row) Bool(f int) bool { return r.record.Column(f).(*array.Boolean).Value(r.i) }

// Int is the int32 or int64 of field f.
func (r Row) Int(f int) int64 {
	if c, ok := r.record.Column(f).(*array.Int32); ok {
		return int64(c.Value(r.i))
	}
	return r.record.Column(f).(*array.Int64).Value(r.i)
}

// Float is the float32 or float64 of field f.
func (r Row) Float(f int) float64 {
	if c, ok := r.record.Column(f).(*array.Float32); ok {
		return float64(c.Value(r.i))
	}
	return r.record.Column(f).(*array.Float64).Value(r.i)
}

// Strs is the list of strings of field f, newly allocated.
func (r Row) Strs(f int) []string {
	list := r.record.Column(f).(*array.List)
	from, to := list.ValueOffsets(r.i)
	values := list.ListValues().(*array.String)
	out := make([]string, 0, to-from)
	for j := from; j < to; j++ {
		out = append(out, values.Value(int(j)))
	}
	return out
}

// Vector is the fixed-size list of float32 of field f: a view into the batch, to be copied if kept.
func (r Row) Vector(f int) []float32 {
	list := r.record.Column(f).(*array.FixedSizeList)
	from, to := list.ValueOffsets(r.i)
	return list.ListValues().(*array.Float32).Float32Values()[from:to]
}

// Clone copies a string out of the batch. Strings of Row share the batch's memory, which Each frees.
func Clone(s string) string { return string(append([]byte(nil), s...)) }

// Each calls f with every row of the file at path in order. schema is what the file must have; nil takes any.
// A file that is truncated, foreign or of another schema is an error that names it.
func Each(path string, schema *arrow.Schema, f func(Row) error) error {
	return Batches(path, schema, func(record arrow.Record) error {
		for i := 0; i < int(record.NumRows()); i++ {
			if err := f(Row{record, i}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Batches calls f with every record batch of the file in order. The record is released when f returns.
func Batches(path string, schema *arrow.Schema, f func(arrow.Record) error) error {
	file, err := open(path, schema, memory.DefaultAllocator)
	if err != nil {
		return err
	}
	defer file.Close()
	for i := 0; i < file.Batches(); i++ {
		if err := file.Batch(i, f); err != nil {
			return err
		}
	}
	return nil
}

// File reads record batches in any order. It is not safe for concurrent use.
type File struct {
	path   string
	file   *os.File
	reader *ipc.FileReader
	blocks []block // of the batches
}

// Open opens the file at path. schema is what it must have; nil takes any. A file that is truncated, foreign or of
// another schema is an error that names it. The memory of a batch is used again for the next: nothing of it may be kept.
func Open(path string, schema *arrow.Schema) (*File, error) { return open(path, schema, &recycler{}) }

func open(path string, schema *arrow.Schema, allocator memory.Allocator) (f *File, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if p := recover(); p != nil {
			err = broken(path, p)
		}
		if err != nil {
			file.Close()
		}
	}()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	batches, err := check(file, info.Size())
	if err != nil {
		return nil, broken(path, err)
	}
	reader, err := ipc.NewFileReader(file, ipc.WithAllocator(&limited{allocator, roomFor(info.Size())}))
	if err != nil {
		return nil, broken(path, err)
	}
	if schema != nil && !reader.Schema().Equal(schema) {
		return nil, brokenError(fmt.Sprintf("%s: has columns %v, wanted %v", path, reader.Schema().Fields(), schema.Fields()))
	}
	return &File{path, file, reader, batches}, nil
}

// Batches is the number of record batches.
func (f *File) Batches() int { return f.reader.NumRecords() }

// Batch calls use with batch i, which is released when use returns. All its values can be read without a panic.
func (f *File) Batch(i int, use func(arrow.Record) error) error {
	record, err := f.batch(i)
	if err != nil {
		return err
	}
	defer record.Release()
	return use(record)
}

// batch reads and checks batch i.
func (f *File) batch(i int) (record arrow.Record, err error) {
	defer func() { // the library panics at much of what is wrong
		if p := recover(); p != nil {
			err = broken(f.path, fmt.Errorf("batch %d: %v", i, p))
		}
	}()
	if err = f.blocks[i].check(f.file); err == nil {
		record, err = f.reader.RecordAt(i)
	}
	if err != nil {
		return nil, broken(f.path, fmt.Errorf("batch %d: %w", i, err))
	}
	for c, column := range record.Columns() {
		if err := sound(column); err != nil {
			return nil, broken(f.path, fmt.Errorf("batch %d: column %q: %w", i, record.ColumnName(c), err))
		}
	}
	return record, nil
}

// recycler is Go's allocator, but keeps the largest buffer that was freed: the body of a record batch.
type recycler struct {
	memory.GoAllocator
	kept []byte
}

func (r *recycler) Allocate(size int) []byte {
	if b := r.kept; size <= cap(b) && size > cap(b)/2 {
		r.kept = nil
		return b[:size]
	}
	return r.GoAllocator.Allocate(size)
}

func (r *recycler) Reallocate(size int, b []byte) []byte {
	if size <= cap(b) {
		return b[:size]
	}
	larger := r.Allocate(size)
	copy(larger, b)
	r.Free(b)
	return larger
}

func (r *recycler) Free(b []byte) {
	if cap(b) > cap(r.kept) {
		r.kept = b
	}
}

// Close closes the file.
func (f *File) Close() error { return errors.Join(f.reader.Close(), f.file.Close()) }

// Rows counts the rows of the file at path.
func Rows(path string) (rows int64, err error) {
	return rows, Batches(path, nil, func(record arrow.Record) error {
		rows += record.NumRows()
		return nil
	})
}

// Schema reads the schema of the file at path.
func Schema(path string) (*arrow.Schema, error) {
	file, err := Open(path, nil)
	if err != nil {
		return nil, err
	}
	return file.reader.Schema(), file.Close()
}

// maxDimension bounds the width of a vector, which callers allocate by.
const maxDimension = 1 << 16

// Dimension is the width of the vectors in field f of the file at path.
func Dimension(path string, f string) (int, error) {
	schema, err := Schema(path)
	if err != nil {
		return 0, err
	}
	fields, _ := schema.FieldsByName(f)
	if len(fields) != 1 {
		return 0, brokenError(fmt.Sprintf("%s: has %d columns %q; wanted one", path, len(fields), f))
	}
	list, ok := fields[0].Type.(*arrow.FixedSizeListType)
	if !ok {
		return 0, brokenError(fmt.Sprintf("%s: column %q is %s, wanted a fixed-size list of float32", path, f, fields[0].Type))
	}
	if n := int(list.Len()); n < 1 || n > maxDimension {
		return 0, brokenError(fmt.Sprintf("%s: column %q has vectors of %d values; 1 to %d can be read", path, f, n, maxDimension))
	}
	return int(list.Len()), nil
}
