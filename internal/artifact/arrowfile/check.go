package arrowfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	flatbuffers "github.com/google/flatbuffers/go"
)

// ErrBroken is what every error about the content of a file is: one that is truncated, foreign, of other columns, or changed
// by a disk or a hand. Reading it again cannot help. An error of the disk itself is none.
var ErrBroken = errors.New("the file is broken")

type brokenError string

func (e brokenError) Error() string        { return string(e) }
func (e brokenError) Is(target error) bool { return target == ErrBroken }

// broken names a file and what is wrong with it: an error, or what the library panicked with.
func broken(path string, what any) error {
	var disk *fs.PathError
	if err, ok := what.(error); ok && errors.As(err, &disk) {
		return err
	}
	return brokenError(fmt.Sprintf("%s: not a readable Arrow file (IPC, random access): %v", path, what))
}

// The library that reads Arrow files believes what their flatbuffers say: it allocates by their counts, and follows their
// offsets, which can lead in a circle. check walks a footer before the library does, and gives each table and string a
// price that the bytes of the footer must pay.
//
// A file ends with: footer | i32 its bytes | "ARROW1".

const (
	magic    = "ARROW1"
	maxDepth = 8 // of a column's type

	maxMetadata = 64 << 20 // bytes of a footer, which are 24 a batch, and of the message before a batch
)

// Fields of the tables, by their place in the vtable; see Arrow's File.fbs and Schema.fbs.
const (
	footerSchema, footerDictionaries, footerBatches, footerMetadata = 4 + 2*1, 4 + 2*2, 4 + 2*3, 4 + 2*4
	schemaFields, schemaMetadata                                    = 4 + 2*1, 4 + 2*2
	messageKind, messageHeader, dictionaryData, batchBuffers        = 4 + 2*1, 4 + 2*2, 4 + 2*1, 4 + 2*2
	batchCompression                                                = 4 + 2*3
	fieldName, fieldType, fieldChildren, fieldMetadata              = 4 + 2*0, 4 + 2*2, 4 + 2*5, 4 + 2*6
	pairKey, pairValue                                              = 4 + 2*0, 4 + 2*1
)

// notRead are the types whose rows need no bytes, so that a file of a hundred bytes can claim any number of rows.
var notRead = map[byte]string{0: "no type", 1: "null", 13: "struct", 14: "union", 22: "run-end encoded"}

type walk struct {
	size   int64 // of the file
	budget int   // bytes that tables and strings can still be
}

// check gives the places of the batches of a file of size bytes, or tells what is wrong with its footer or a dictionary. It
// panics where a flatbuffer leads out of itself.
func check(r io.ReaderAt, size int64) (batches []block, err error) {
	tail := make([]byte, 4+len(magic))
	if size < int64(2*len(tail)) {
		return nil, fmt.Errorf("%d bytes are too few", size)
	}
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil {
		return nil, err
	}
	length := int64(binary.LittleEndian.Uint32(tail))
	if string(tail[4:]) == magic && length > maxMetadata {
		return nil, fmt.Errorf("has a footer of %d bytes; %d are read at most", length, maxMetadata)
	}
	if string(tail[4:]) != magic || length < 8 || length > size-int64(2*len(tail)) {
		return nil, errors.New("has no footer: it is cut off, or of another format")
	}
	b := make([]byte, length)
	if _, err := r.ReadAt(b, size-int64(len(tail))-length); err != nil {
		return nil, err
	}
	w := &walk{size: size, budget: 4*len(b) + 1024}
	footer := flatbuffers.Table{Bytes: b, Pos: flatbuffers.GetUOffsetT(b)}
	schema, ok := table(footer, footerSchema)
	if !ok {
		return nil, errors.New("has no schema")
	}
	w.metadata(footer, footerMetadata)
	w.metadata(schema, schemaMetadata)
	if w.tables(schema, schemaFields, func(t flatbuffers.Table) { w.field(t, 1) }) == 0 {
		return nil, errors.New("has no columns")
	}
	for _, b := range w.blocks(footer, footerDictionaries) { // the library reads them at once
		if err := b.check(r); err != nil {
			return nil, fmt.Errorf("dictionary: %w", err)
		}
	}
	return w.blocks(footer, footerBatches), nil
}

func (w *walk) spend(bytes int) {
	if w.budget -= bytes; bytes < 0 || w.budget < 0 {
		panic("its footer says more than it has bytes for")
	}
}

// table is the table at a field of t.
func table(t flatbuffers.Table, field flatbuffers.VOffsetT) (flatbuffers.Table, bool) {
	o := flatbuffers.UOffsetT(t.Offset(field))
	if o == 0 {
		return t, false
	}
	return flatbuffers.Table{Bytes: t.Bytes, Pos: t.Indirect(o + t.Pos)}, true
}

// tables calls use with every table of a vector of them, and counts them.
func (w *walk) tables(t flatbuffers.Table, field flatbuffers.VOffsetT, use func(flatbuffers.Table)) int {
	o := flatbuffers.UOffsetT(t.Offset(field))
	if o == 0 {
		return 0
	}
	n, from := t.VectorLen(o), t.Vector(o)
	for i := range n {
		w.spend(8)
		use(flatbuffers.Table{Bytes: t.Bytes, Pos: t.Indirect(from + flatbuffers.UOffsetT(4*i))})
	}
	return n
}

func (w *walk) text(t flatbuffers.Table, field flatbuffers.VOffsetT) string {
	o := flatbuffers.UOffsetT(t.Offset(field))
	if o == 0 {
		return ""
	}
	b := t.ByteVector(o + t.Pos)
	w.spend(len(b))
	return string(b)
}

func (w *walk) metadata(t flatbuffers.Table, field flatbuffers.VOffsetT) {
	w.tables(t, field, func(pair flatbuffers.Table) {
		w.text(pair, pairKey)
		w.text(pair, pairValue)
	})
}

func (w *walk) field(t flatbuffers.Table, depth int) {
	name, kind := w.text(t, fieldName), t.GetByteSlot(fieldType, 0)
	if what, bad := notRead[kind]; bad {
		panic(fmt.Sprintf("column %.60q: is of a type that is not read (%s): leave it out, or cast it to another", name, what))
	}
	if depth > maxDepth {
		panic(fmt.Sprintf("column %.60q: its type is nested deeper than %d", name, maxDepth))
	}
	w.metadata(t, fieldMetadata)
	w.tables(t, fieldChildren, func(child flatbuffers.Table) { w.field(child, depth+1) })
}

// block is where a record batch lies: its metadata, a message, and behind it the buffers of its columns.
type block struct{ offset, metadata, body int64 }

// blocks lists the blocks of a vector, which must lie in the file: struct {i64 offset, i32 metadata, i32 -, i64 body}.
func (w *walk) blocks(t flatbuffers.Table, field flatbuffers.VOffsetT) (list []block) {
	o := flatbuffers.UOffsetT(t.Offset(field))
	if o == 0 {
		return nil
	}
	n, from := t.VectorLen(o), t.Vector(o)
	w.spend(n)
	for i := range n {
		raw := t.Bytes[int(from)+24*i:][:24]
		b := block{int64(binary.LittleEndian.Uint64(raw)), int64(int32(binary.LittleEndian.Uint32(raw[8:]))), int64(binary.LittleEndian.Uint64(raw[16:]))}
		if b.offset < 8 || b.metadata < 8 || b.metadata > maxMetadata || b.body < 0 || b.offset > w.size || b.metadata > w.size-b.offset || b.body > w.size-b.offset-b.metadata {
			panic(fmt.Sprintf("batch %d: %+v in a file of %d bytes: it is cut off", i, b, w.size))
		}
		list = append(list, b)
	}
	return list
}

// check looks whether the buffers that a message names, struct {i64 offset, i64 length}, lie in its body.
func (b block) check(r io.ReaderAt) error {
	_, _, err := b.buffers(r)
	return err
}

// span is a piece of a file.
type span struct{ offset, length int64 }

// buffers are those of a batch, in the order of its columns, in the file.
func (b block) buffers(r io.ReaderAt) (spans []span, compressed bool, err error) {
	raw := make([]byte, b.metadata)
	if _, err := r.ReadAt(raw, b.offset); err != nil {
		return nil, false, err
	}
	switch binary.LittleEndian.Uint32(raw) { // of its length
	case 0:
	case math.MaxUint32:
		raw = raw[8:]
	default: // of Arrow before 0.15
		raw = raw[4:]
	}
	message := flatbuffers.Table{Bytes: raw, Pos: flatbuffers.GetUOffsetT(raw)}
	batch, ok := table(message, messageHeader)
	if kind := message.GetByteSlot(messageKind, 0); ok && kind == 2 { // a dictionary
		batch, ok = table(batch, dictionaryData)
	} else if kind != 3 {
		ok = false
	}
	o := flatbuffers.UOffsetT(batch.Offset(batchBuffers))
	if !ok || o == 0 {
		return nil, false, errors.New("its message is not of a batch")
	}
	for i, from := 0, int(batch.Vector(o)); i < batch.VectorLen(o); i++ {
		buffer := raw[from+16*i:][:16]
		offset, length := int64(binary.LittleEndian.Uint64(buffer)), int64(binary.LittleEndian.Uint64(buffer[8:]))
		if offset < 0 || length < 0 || offset > b.body || length > b.body-offset {
			return nil, false, fmt.Errorf("buffer %d is %d + %d of %d bytes", i, offset, length, b.body)
		}
		spans = append(spans, span{b.offset + b.metadata + offset, length})
	}
	return spans, batch.Offset(batchCompression) != 0, nil
}

// sound checks what the library leaves to the reading of a value: that offsets rise and stay inside, and that lists have
// their values. Columns of types that Row does not read are not looked into.
func sound(column arrow.Array) error {
	n := column.Data().Offset() + column.Len()
	if b := column.Data().Buffers(); len(b) > 0 && b[0] != nil && b[0].Len() < (n+7)/8 {
		return fmt.Errorf("a validity bitmap of %d bytes for %d rows", b[0].Len(), n)
	}
	switch c := column.(type) {
	case *array.Boolean:
		if b := c.Data().Buffers()[1]; n > 0 && (b == nil || b.Len() < (n+7)/8) {
			return fmt.Errorf("too few bytes for %d rows", n)
		}
	case *array.String:
		if c.Len() > 0 {
			return rising(c.ValueOffsets(), c.Data().Buffers()[2].Len())
		}
	case *array.List:
		if c.Len() > 0 {
			if err := rising(c.Offsets()[c.Data().Offset():][:c.Len()+1], c.ListValues().Len()); err != nil {
				return err
			}
		}
		return sound(c.ListValues())
	case *array.FixedSizeList:
		if width := int(c.DataType().(*arrow.FixedSizeListType).Len()); width < 1 || c.ListValues().Len()/width < n {
			return fmt.Errorf("%d values for %d lists of %d", c.ListValues().Len(), n, width)
		}
		return sound(c.ListValues())
	}
	return nil
}

func rising(offsets []int32, end int) error {
	last := int32(0)
	for i, offset := range offsets {
		if offset < last {
			return fmt.Errorf("offset %d is %d, behind %d", i, offset, last)
		}
		last = offset
	}
	if int(last) > end {
		return fmt.Errorf("offsets lead to %d of %d", last, end)
	}
	return nil
}

// limited is an allocator with a bound on what is held at a time: compressed buffers say themselves how long they will be.
type limited struct {
	memory.Allocator
	room int
}

// roomFor is what the batches of a file of size bytes may take: 256 MiB, and 32 times what they are compressed.
func roomFor(size int64) int { return 256<<20 + 32*int(size) }

func (l *limited) take(bytes int) {
	if l.room -= bytes; l.room < 0 {
		panic(fmt.Sprintf("a batch is %d bytes larger than a file of this size may have", -l.room))
	}
}

func (l *limited) Allocate(size int) []byte {
	l.take(size)
	return l.Allocator.Allocate(size)
}

func (l *limited) Reallocate(size int, b []byte) []byte {
	l.take(size - len(b))
	return l.Allocator.Reallocate(size, b)
}

func (l *limited) Free(b []byte) {
	l.room += len(b)
	l.Allocator.Free(b)
}
