package fasttext

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// The library believes what a model file says of itself, and reads a word for ever where the file ends inside of it. check
// walks the file before the library does: everything that it names must be there, and inside of the matrices.
//
//	i32 magic, version | 12 x i32, f64: arguments | i32 words and labels, words, labels, i64 -, i64 pairs of the pruning |
//	entries: text, 0, i64, i8 | pairs: i32, i32 | u8 quantized | input | u8 output quantized | output
const (
	magic, version = 793712314, 12
	maxEntries     = 1 << 26
	maxWord        = 1 << 16
	centroids      = 256
)

// walk reads a model file; the first error stays.
type walk struct {
	r    *bufio.Reader
	left int64
	err  error
}

func check(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	w := &walk{r: bufio.NewReaderSize(file, 1<<20), left: info.Size()}
	if err := w.model(); err != nil {
		return err
	}
	if w.left != 0 {
		return fmt.Errorf("%d bytes follow its end", w.left)
	}
	return nil
}

func (w *walk) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

// skip passes over n values of size bytes.
func (w *walk) skip(n, size int64) {
	if w.err != nil {
		return
	}
	if n < 0 || n > w.left/size {
		w.fail("is cut off: %d bytes are left for %d values", w.left, n)
		return
	}
	w.left -= n * size
	for n *= size; n > 0 && w.err == nil; {
		part, err := w.r.Discard(int(min(n, 1<<20)))
		n, w.err = n-int64(part), err
	}
}

func (w *walk) number(size int64) int64 {
	var b [8]byte
	if w.err == nil && w.left < size {
		w.fail("is cut off")
	}
	if w.err == nil {
		_, w.err = io.ReadFull(w.r, b[:size])
		w.left -= size
	}
	switch v := binary.LittleEndian.Uint64(b[:]); size {
	case 1:
		return int64(int8(v))
	case 4:
		return int64(int32(v))
	default:
		return int64(v)
	}
}

// model walks the whole file.
func (w *walk) model() error {
	if m, v := w.number(4), w.number(4); w.err == nil && (m != magic || v != version) {
		return errors.New("is no fastText model of version 12")
	}
	dim := w.number(4)
	w.skip(7, 4)
	bucket := w.number(4)
	w.skip(3, 4)
	w.skip(1, 8)
	entries, words, labels := w.number(4), w.number(4), w.number(4)
	w.skip(1, 8)
	pruned := w.number(8)
	if w.err == nil && (dim < 1 || dim > maxWord || bucket < 0 || words < 0 || labels < 1 || entries > maxEntries || words+labels != entries) {
		return fmt.Errorf("has vectors of %d values, %d buckets, %d words and %d labels of %d", dim, bucket, words, labels, entries)
	}
	for i := int64(0); i < entries && w.err == nil; i++ {
		w.word()
		w.skip(1, 8)
		if kind := w.number(1); w.err == nil && (kind == 1) != (i >= words) {
			w.fail("entry %d of %d words is of kind %d", i, words, kind)
		}
	}
	last := bucket // rows of the input beyond the words
	if pruned >= 0 {
		last = 0
	}
	if w.err == nil && pruned > w.left/8 {
		w.fail("is cut off: %d bytes are left for %d pairs", w.left, pruned)
	}
	for i := int64(0); i < pruned && w.err == nil; i++ {
		w.skip(1, 4)
		row := w.number(4)
		if last = max(last, row+1); row < 0 {
			w.fail("pair %d names row %d", i, row)
		}
	}
	quantized := w.number(1) != 0
	w.matrix("input", quantized, words+last, dim)
	w.matrix("output", w.number(1) != 0 && quantized, labels, dim)
	return w.err
}

// word passes over a text and the zero behind it.
func (w *walk) word() {
	for n := 0; w.err == nil; n++ {
		if w.number(1) == 0 || w.err != nil {
			return
		}
		if n == maxWord {
			w.fail("has a word of more than %d bytes", maxWord)
		}
	}
}

// matrix walks one of at least so many rows.
//
//	i64 rows, columns, f32 values; or u8 norms, i64 rows, columns, i32 codes, codes, quantizer, and with norms a code a row, quantizer
func (w *walk) matrix(name string, quantized bool, rows, columns int64) {
	norms := quantized && w.number(1) != 0
	m, n := w.number(8), w.number(8)
	if w.err == nil && (m < rows || m > maxEntries || n != columns) {
		w.fail("%s is [%d, %d], and wanted [%d, %d]", name, m, n, rows, columns)
	}
	if w.err != nil {
		return
	}
	if !quantized {
		w.skip(m*n, 4)
		return
	}
	codes := w.number(4)
	w.skip(codes, 1)
	if parts := w.quantizer(n); w.err == nil && codes != m*parts {
		w.fail("%s has %d codes for %d rows of %d", name, codes, m, parts)
	}
	if norms {
		w.skip(m, 1)
		w.quantizer(1)
	}
}

// quantizer walks i32 width, parts, width of a part, of the last part; centroids. It gives the parts.
func (w *walk) quantizer(width int64) (parts int64) {
	d, parts, part, last := w.number(4), w.number(4), w.number(4), w.number(4)
	if w.err == nil && (d != width || part < 1 || last < 1 || last > part || parts < 1 || (parts-1)*part+last != d) {
		w.fail("a quantizer of %d values in %d parts of %d, the last of %d, for vectors of %d", d, parts, part, last, width)
	}
	w.skip(d*centroids, 4)
	return parts
}
