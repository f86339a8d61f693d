// Package arrowfile reads and writes the Arrow IPC files (random access format) that stages exchange: rows in, rows out,
// record batches of bounded size underneath. Vectors and numbers are written uncompressed, text with zstd.
package arrowfile

import (
	"errors"
	"fmt"
	"os"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// Clone copies a string out of the batch whose memory the strings of a row share.
func Clone(s string) string { return string(append([]byte(nil), s...)) }

// Names copies strings of which there are few, and holds each once.
type Names map[string]string

// Clone is Clone, with one copy of equal strings.
func (n *Names) Clone(s string) string {
	if *n == nil {
		*n = Names{}
	}
	known, ok := (*n)[s]
	if !ok {
		known = Clone(s)
		(*n)[known] = known
	}
	return known
}

// file is an Arrow file of any columns.
type file struct {
	path   string
	disk   *os.File
	reader *ipc.FileReader
	blocks []block // of the batches
}

func openFile(path string, allocator memory.Allocator) (f *file, err error) {
	disk, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if p := recover(); p != nil {
			err = broken(path, p)
		}
		if err != nil {
			disk.Close()
		}
	}()
	info, err := disk.Stat()
	if err != nil {
		return nil, err
	}
	batches, err := check(disk, info.Size())
	if err != nil {
		return nil, broken(path, err)
	}
	reader, err := ipc.NewFileReader(disk, ipc.WithAllocator(&limited{allocator, roomFor(info.Size())}))
	if err != nil {
		return nil, broken(path, err)
	}
	return &file{path, disk, reader, batches}, nil
}

// Batches is the number of record batches.
func (f *file) Batches() int { return f.reader.NumRecords() }

// batch reads and checks batch i.
func (f *file) batch(i int) (record arrow.Record, err error) {
	defer func() { // the library panics at much of what is wrong
		if p := recover(); p != nil {
			err = broken(f.path, fmt.Errorf("batch %d: %v", i, p))
		}
	}()
	if err = f.blocks[i].check(f.disk); err == nil {
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
func (f *file) Close() error { return errors.Join(f.reader.Close(), f.disk.Close()) }

// Rows counts the rows of the file at path.
func Rows(path string) (rows int64, err error) {
	file, err := openFile(path, memory.DefaultAllocator)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	for i := range file.Batches() {
		record, err := file.batch(i)
		if err != nil {
			return 0, err
		}
		rows += record.NumRows()
		record.Release()
	}
	return rows, nil
}

// Schema reads the schema of the file at path.
func Schema(path string) (*arrow.Schema, error) {
	file, err := openFile(path, memory.DefaultAllocator)
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
