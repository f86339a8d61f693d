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

// Map calls use with every row of the file at path in order. Lists of int32 are views that are valid until Close, the rest of a row
// until the next. The file must be uncompressed, and must not change.
func Map[T any](path string, use func(*T) error) (m *Mapped, err error) {
	file, err := Open[T](path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.disk.Stat()
	if err != nil {
		return nil, err
	}
	m = &Mapped{}
	if m.data, err = unix.Mmap(int(file.disk.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED); err != nil {
		return nil, fmt.Errorf("%s: mapping it: %w", path, err)
	}
	for i := 0; i < file.Batches() && err == nil; i++ {
		err = file.Batch(i, func(b *Batch[T]) error {
			lists, err := m.lists(file.file, i, b.columns)
			for row := 0; row < b.Rows && err == nil; row++ {
				r := b.At(row)
				for k, list := range lists {
					from, to := list.offsets[row], list.offsets[row+1]
					*b.fields[k].(*[]int32) = list.values[from:to:to]
				}
				err = use(r)
			}
			return err
		})
	}
	// Nothing is kept of what was read to check it, and readers come from anywhere.
	if err = errors.Join(err, unix.Madvise(m.data, unix.MADV_DONTNEED), unix.Madvise(m.data, unix.MADV_RANDOM)); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// lists are the values of a column in the mapping, and where each row's begin.
type lists struct{ offsets, values []int32 }

// lists finds the columns of a batch that are lists of int32 in the mapping.
func (m *Mapped) lists(f *file, i int, columns []arrow.Array) (map[int]lists, error) {
	spans, compressed, err := f.blocks[i].buffers(f.disk)
	if err != nil || compressed {
		return nil, broken(f.path, fmt.Errorf("batch %d cannot be mapped (compressed: %v): %v", i, compressed, err))
	}
	found, next := map[int]lists{}, 0
	for c, column := range columns {
		buffers := count(column.Data())
		if list, ok := column.(*array.List); ok && next+buffers <= len(spans) {
			if ids, ok := list.ListValues().(*array.Int32); ok {
				view, err := m.int32s(spans[next+buffers-1], ids.Len())
				if err != nil || !slices.Equal(view, ids.Int32Values()) { // an encoding that we do not know
					return nil, broken(f.path, fmt.Errorf("batch %d, column %d cannot be mapped: %v", i, c, err))
				}
				found[c] = lists{list.Offsets(), view}
			}
		}
		next += buffers
	}
	return found, nil
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
