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

// BatchBytes bounds a record batch, roughly: a batch is closed by the row that reaches it.
const BatchBytes = 8 << 20

// Writer appends rows to a new file. It is not safe for concurrent use.
type Writer struct {
	file    *os.File
	ipc     *ipc.FileWriter
	builder *array.RecordBuilder
	bytes   int
	batch   int // rows in the open batch
	rows    int64
	failed  error // of an Append: what the open batch holds is no rows
}

// Create makes path, which must not exist. zstd compresses buffers: for files of text.
func Create(path string, schema *arrow.Schema, zstd bool) (*Writer, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	options := []ipc.Option{ipc.WithSchema(schema), ipc.WithAllocator(memory.DefaultAllocator)}
	if zstd {
		options = append(options, ipc.WithZstd(), ipc.WithCompressConcurrency(1))
	}
	w, err := ipc.NewFileWriter(file, options...)
	if err != nil {
		file.Close()
		return nil, err
	}
	return &Writer{file: file, ipc: w, builder: array.NewRecordBuilder(memory.DefaultAllocator, schema)}, nil
}

// Append adds one row: a value a field, of type string, bool, int32, int64, float32, float64, []string, []int32 or []float32.
func (w *Writer) Append(values ...any) error {
	if len(values) != len(w.builder.Fields()) {
		return fmt.Errorf("arrowfile: %d values for %d fields", len(values), len(w.builder.Fields()))
	}
	for i, v := range values {
		if w.failed == nil {
			w.failed = w.append(i, v)
		}
	}
	if w.failed != nil {
		return w.failed
	}
	w.rows++
	w.batch++
	if w.bytes >= BatchBytes {
		return w.flush()
	}
	return nil
}

func (w *Writer) append(i int, v any) error {
	switch b := w.builder.Field(i).(type) {
	case *array.StringBuilder:
		if s, ok := v.(string); ok {
			b.Append(s)
			w.bytes += len(s) + 4
			return nil
		}
	case *array.BooleanBuilder:
		if yes, ok := v.(bool); ok {
			b.Append(yes)
			w.bytes++
			return nil
		}
	case *array.Int32Builder:
		if n, ok := v.(int32); ok {
			b.Append(n)
			w.bytes += 4
			return nil
		}
	case *array.Int64Builder:
		if n, ok := v.(int64); ok {
			b.Append(n)
			w.bytes += 8
			return nil
		}
	case *array.Float32Builder:
		if n, ok := v.(float32); ok {
			b.Append(n)
			w.bytes += 4
			return nil
		}
	case *array.Float64Builder:
		if n, ok := v.(float64); ok {
			b.Append(n)
			w.bytes += 8
			return nil
		}
	case *array.ListBuilder:
		if list, ok := v.([]string); ok {
			b.Append(true)
			for _, s := range list {
				b.ValueBuilder().(*array.StringBuilder).Append(s)
				w.bytes += len(s) + 4
			}
			return nil
		}
		if list, ok := v.([]int32); ok {
			b.Append(true)
			b.ValueBuilder().(*array.Int32Builder).AppendValues(list, nil)
			w.bytes += 4 * (len(list) + 1)
			return nil
		}
	case *array.FixedSizeListBuilder:
		if list, ok := v.([]float32); ok {
			if n := b.Type().(*arrow.FixedSizeListType).Len(); len(list) != int(n) {
				return fmt.Errorf("arrowfile: vector of %d values for a field of %d", len(list), n)
			}
			b.Append(true)
			b.ValueBuilder().(*array.Float32Builder).AppendValues(list, nil)
			w.bytes += 4 * len(list)
			return nil
		}
	}
	return fmt.Errorf("arrowfile: %T for field %d of type %s", v, i, w.builder.Field(i).Type())
}

func (w *Writer) flush() error {
	if w.failed != nil || w.batch == 0 {
		return w.failed
	}
	record := w.builder.NewRecord()
	defer record.Release()
	w.bytes, w.batch = 0, 0
	return w.ipc.Write(record)
}

// Rows is the number of rows appended so far.
func (w *Writer) Rows() int64 { return w.rows }

// Close writes the last batch and the footer, and closes the file. A Writer that is not closed leaves no readable file.
func (w *Writer) Close() error {
	err := errors.Join(w.flush(), w.ipc.Close())
	w.builder.Release()
	return errors.Join(err, w.file.Close())
}

// WriteRows writes n rows of text to a new file.
func WriteRows(path string, schema *arrow.Schema, n int, row func(i int) []any) error {
	w, err := Create(path, schema, true)
	if err != nil {
		return err
	}
	for i := range n {
		if err := w.Append(row(i)...); err != nil {
			return errors.Join(err, w.Close())
		}
	}
	return w.Close()
}
