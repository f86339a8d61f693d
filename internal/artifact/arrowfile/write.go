package arrowfile

import (
	"errors"
	"os"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// BatchBytes bounds a record batch, roughly: a batch is closed by the row that reaches it.
const BatchBytes = 8 << 20

// Writer appends rows to a new file. It is not safe for concurrent use.
type Writer[T any] struct {
	file   *os.File
	ipc    *ipc.FileWriter
	open   *Builder[T] // batch
	bytes  int         // in it
	batch  int         // rows in it
	rows   int64
	failed error // of an Append: what the open batch holds is no rows
}

// Create makes path, which must not exist, for rows without vectors.
func Create[T any](path string) (*Writer[T], error) { return CreateVectors[T](path, 1, nil) }

// CreateVectors makes path, which must not exist, for rows whose vectors have width values. metadata may be nil.
func CreateVectors[T any](path string, width int, metadata *arrow.Metadata) (*Writer[T], error) {
	schema := SchemaOf[T](width, metadata)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	options := []ipc.Option{ipc.WithSchema(schema), ipc.WithAllocator(memory.DefaultAllocator)}
	if compressed[T]() {
		options = append(options, ipc.WithZstd(), ipc.WithCompressConcurrency(1))
	}
	w, err := ipc.NewFileWriter(file, options...)
	if err != nil {
		file.Close()
		return nil, err
	}
	return &Writer[T]{file: file, ipc: w, open: NewBuilder[T](schema)}, nil
}

// Append adds one row.
func (w *Writer[T]) Append(row T) error {
	if w.failed != nil {
		return w.failed
	}
	bytes, err := w.open.Add(row)
	if err != nil {
		w.failed = err
		return err
	}
	w.rows++
	w.batch++
	if w.bytes += bytes; w.bytes >= BatchBytes {
		return w.flush()
	}
	return nil
}

func (w *Writer[T]) flush() error {
	if w.failed != nil || w.batch == 0 {
		return w.failed
	}
	record := w.open.NewRecord()
	defer record.Release()
	w.bytes, w.batch = 0, 0
	return w.ipc.Write(record)
}

// Rows is the number of rows appended so far.
func (w *Writer[T]) Rows() int64 { return w.rows }

// Close writes the last batch and the footer, and closes the file. A writer that is not closed leaves no readable file. Of nil it
// does nothing.
func (w *Writer[T]) Close() error {
	if w == nil {
		return nil
	}
	err := errors.Join(w.flush(), w.ipc.Close())
	w.open.Release()
	return errors.Join(err, w.file.Close())
}

// WriteRows writes n rows to a new file.
func WriteRows[T any](path string, n int, row func(i int) T) error {
	w, err := Create[T](path)
	if err != nil {
		return err
	}
	for i := range n {
		if err := w.Append(row(i)); err != nil {
			return errors.Join(err, w.Close())
		}
	}
	return w.Close()
}
