package arrowfile

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"golang.org/x/sys/unix"
)

// Mapped is a file whose lists of int32 are read where they lie: they take no memory of the process, but pages of the
// system's cache while they are used.
type Mapped struct{ data []byte }

// Map calls use with every row of the file at path, and with views of its columns that are lists of int32, in order. The views
// are valid until Close, the row is not. The file must be uncompressed, and must not change.
func Map(path string, schema *arrow.Schema, use func(r Row, lists [][]int32) error) (m *Mapped, err error) {
	file, err := Open(path, schema)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.file.Stat()
	if err != nil {
		return nil, err
	}
	m = &Mapped{}
	if m.data, err = unix.Mmap(int(file.file.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED); err != nil {
		return nil, fmt.Errorf("%s: mapping it: %w", path, err)
	}
	for i := 0; i < file.Batches() && err == nil; i++ {
		err = file.Batch(i, func(record arrow.Record) error { return m.batch(file, i, record, use) })
	}
	// Nothing is kept of what was read to check it, and readers come from anywhere.
	if err = errors.Join(err, unix.Madvise(m.data, unix.MADV_DONTNEED), unix.Madvise(m.data, unix.MADV_RANDOM)); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// batch finds the lists of a batch in the mapping.
func (m *Mapped) batch(file *File, i int, record arrow.Record, use func(Row, [][]int32) error) error {
	spans, compressed, err := file.blocks[i].buffers(file.file)
	if err != nil || compressed {
		return broken(file.path, fmt.Errorf("batch %d cannot be mapped (compressed: %v): %v", i, compressed, err))
	}
	var offsets, values [][]int32 // of each list column
	next := 0
	for c, column := range record.Columns() {
		buffers := count(column.Data())
		if list, ok := column.(*array.List); ok && next+buffers <= len(spans) {
			ids, ok := list.ListValues().(*array.Int32)
			if !ok {
				return broken(file.path, fmt.Errorf("column %q is no list of int32", record.ColumnName(c)))
			}
			view, err := m.int32s(spans[next+buffers-1], ids.Len())
			if err != nil || !slices.Equal(view, ids.Int32Values()) { // an encoding that we do not know
				return broken(file.path, fmt.Errorf("batch %d, column %q cannot be mapped: %v", i, record.ColumnName(c), err))
			}
			offsets, values = append(offsets, list.Offsets()), append(values, view)
		}
		next += buffers
	}
	lists := make([][]int32, len(values))
	for row := range int(record.NumRows()) {
		for k := range values {
			from, to := offsets[k][row], offsets[k][row+1]
			lists[k] = values[k][from:to:to]
		}
		if err := use(Row{record, row}, lists); err != nil {
			return err
		}
	}
	return nil
}

// count is how many buffers of a message belong to a column.
func count(data arrow.ArrayData) (n int) {
	n = len(data.Buffers())
	for _, child := range data.Children() {
		n += count(child)
	}
	return n
}

// int32s is a piece of the mapping.
func (m *Mapped) int32s(at span, n int) ([]int32, error) {
	if n == 0 {
		return []int32{}, nil
	}
	if at.offset < 0 || at.length < int64(n)*4 || at.offset+int64(n)*4 > int64(len(m.data)) || at.offset%4 != 0 || n > math.MaxInt32 {
		return nil, fmt.Errorf("%d values at %d + %d of %d bytes", n, at.offset, at.length, len(m.data))
	}
	return unsafe.Slice((*int32)(unsafe.Pointer(&m.data[at.offset])), n), nil
}

// Close ends the mapping; a later look at a view ends the process.
func (m *Mapped) Close() error { return unix.Munmap(m.data) }
