package arrowfile_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/fault"
	"crosssum/internal/testkit/smalldisk"
	"crosssum/schemas"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	flatbuffers "github.com/google/flatbuffers/go"
)

// small files of the kinds that stages exchange: text with zstd, vectors without, lists, two batches, metadata, a dictionary.
func small(t testing.TB) map[string][]byte {
	t.Helper()
	metadata := arrow.NewMetadata([]string{"articles"}, []string{"0"})
	return map[string][]byte{
		"articles.arrow": whole(t, 1, nil, schemas.ArticleRow{Language: "english", ID: "a", URL: "u", Title: "t", Summary: "s", Text: "x", Images: []string{"i1", "i2"}, Digest: "d"},
			schemas.ArticleRow{Language: "english", ID: "b", Summary: "s", Text: strings.Repeat("x", 3000), Label: "train", Digest: "d"}),
		"embeddings.arrow": whole(t, 3, nil, schemas.EmbeddingRow{Language: "english", ID: "a", TextDigest: "d", Embedding: []float32{1, 2, 3}},
			schemas.EmbeddingRow{Language: "english", ID: "b", TextDigest: "d", Embedding: []float32{4, 5, 6}}),
		"part.arrow":       whole(t, 2, &metadata, schemas.VectorRow{TextDigest: "d", Embedding: []float32{1, 2}}),
		"empty.arrow":      whole[schemas.NeighbourRow](t, 1, nil),
		"dictionary.arrow": dictionary(t),
	}
}

// whole are the bytes of a file of rows.
func whole[T any](t testing.TB, width int, metadata *arrow.Metadata, rows ...T) (raw []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.arrow")
	w, err := arrowfile.CreateVectors[T](path, width, metadata)
	for _, row := range rows {
		err = errors.Join(err, w.Append(row))
	}
	if err = errors.Join(err, w.Close()); err == nil {
		raw, err = os.ReadFile(path)
	}
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// dictionary is a file as others write it: two batches of a column of two words.
func dictionary(t testing.TB) []byte {
	words := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
	schema := arrow.NewSchema([]arrow.Field{{Name: "word", Type: words}}, nil)
	file, err := os.Create(filepath.Join(t.TempDir(), "d"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w, err := ipc.NewFileWriter(file, ipc.WithSchema(schema))
	if err != nil {
		t.Fatal(err)
	}
	builder := array.NewDictionaryBuilder(memory.DefaultAllocator, words).(*array.BinaryDictionaryBuilder)
	err = errors.Join(builder.AppendString("x"), builder.AppendString("y"), builder.AppendString("x"))
	record := array.NewRecord(schema, []arrow.Array{builder.NewArray()}, 3)
	raw, read := []byte(nil), error(nil)
	if err = errors.Join(err, w.Write(record), w.Write(record), w.Close()); err == nil {
		raw, read = os.ReadFile(file.Name())
	}
	if err = errors.Join(err, read); err != nil {
		t.Fatal(err)
	}
	return raw
}

// readAll opens the file at path in every way there is, and looks at every value.
func readAll(path string) error {
	_, dimension := arrowfile.Dimension(path, "embedding")
	_, rows := arrowfile.Rows(path)
	articles := arrowfile.Each(path, func(r *schemas.ArticleRow) error {
		_ = fmt.Sprint(*r)
		return nil
	})
	vectors := arrowfile.Each(path, func(r *schemas.EmbeddingRow) error {
		_ = fmt.Sprint(*r)
		return nil
	})
	for _, err := range []error{dimension, rows, articles, vectors} {
		if err != nil && (!errors.Is(err, arrowfile.ErrBroken) || !strings.Contains(err.Error(), path)) {
			return fmt.Errorf("not an error that names the file: %w", err)
		}
	}
	var says *fault.Error
	err := arrowfile.Pick(path, func(r *schemas.DeletionRow) error {
		_ = fmt.Sprint(*r)
		return nil
	}, "label", "text_digest")
	if err != nil && (!errors.Is(err, arrowfile.ErrBroken) && !errors.As(err, &says) || !strings.Contains(err.Error(), path)) {
		return fmt.Errorf("not an error that names the file: %w", err)
	}
	return nil
}

func TestAFileCutOffAnywhereIsNamed(t *testing.T) {
	dir := t.TempDir()
	for name, raw := range small(t) {
		path := filepath.Join(dir, name)
		for n := range raw {
			if err := os.WriteFile(path, raw[:n], 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := arrowfile.Rows(path); !errors.Is(err, arrowfile.ErrBroken) || !strings.Contains(err.Error(), path) {
				t.Fatalf("%s, %d of %d bytes: %v", name, n, len(raw), err)
			}
		}
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := arrowfile.Rows(path); err != nil {
			t.Error(err)
		}
	}
}

// TestWhatAFooterOrABufferClaimsIsNotAllocated: each change makes a file of some 1000 bytes claim gigabytes.
func TestWhatAFooterOrABufferClaimsIsNotAllocated(t *testing.T) {
	files := small(t)
	vectors, text := files["embeddings.arrow"], files["articles.arrow"]
	block := blockOf(vectors)
	start, metadata := int(binary.LittleEndian.Uint64(vectors[block:])), int(binary.LittleEndian.Uint32(vectors[block+8:]))
	frame := bytes.Index(text, []byte{0x28, 0xb5, 0x2f, 0xfd}) // of zstd; the length of what it holds stands before it
	for what, c := range map[string]struct {
		raw   []byte
		at    int
		bytes []byte
	}{
		"body of a batch":     {vectors, block + 16, binary.LittleEndian.AppendUint64(nil, 1<<40)},
		"metadata of a batch": {vectors, block + 8, binary.LittleEndian.AppendUint32(nil, 1<<30)},
		"start of a batch":    {vectors, block, binary.LittleEndian.AppendUint64(nil, 1<<62)},
		"compressed buffer":   {text, frame - 8, binary.LittleEndian.AppendUint64(nil, 1<<36)},
		"uncompressed buffer": {vectors, start + bytes.LastIndex(vectors[start:start+metadata], binary.LittleEndian.AppendUint64(nil, 24)), binary.LittleEndian.AppendUint64(nil, 100<<20)},
		"footer":              {vectors, len(vectors) - 10, binary.LittleEndian.AppendUint32(nil, 1<<31)},
	} {
		raw := bytes.Clone(c.raw)
		copy(raw[c.at:], c.bytes)
		path := filepath.Join(t.TempDir(), "x.arrow")
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
		_, broken := arrowfile.Rows(path)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := readAll(path)
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; broken == nil || err != nil || got > 64<<20 {
			t.Errorf("%s: %v, %v, %d MiB allocated", what, broken, err, got>>20)
		}
	}
}

// blockOf is where the footer of a file has its first block: i64 offset, i32 metadata, i32 -, i64 body.
func blockOf(raw []byte) int {
	start := len(raw) - 10 - int(binary.LittleEndian.Uint32(raw[len(raw)-10:]))
	footer := flatbuffers.Table{Bytes: raw[start:], Pos: flatbuffers.GetUOffsetT(raw[start:])}
	return start + int(footer.Vector(flatbuffers.UOffsetT(footer.Offset(4+2*3))))
}

func FuzzFile(f *testing.F) {
	for _, raw := range small(f) {
		f.Add(raw)
	}
	path := filepath.Join(f.TempDir(), "x.arrow")
	f.Fuzz(func(t *testing.T, raw []byte) {
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := readAll(path); err != nil {
			t.Error(err)
		}
	})
}

func TestAFullDiskIsAnErrorOfTheWriter(t *testing.T) {
	want := filepath.Join(t.TempDir(), "x.arrow")
	write := func(path string) error {
		w, err := arrowfile.CreateVectors[schemas.EmbeddingRow](path, 64, nil)
		for i := 0; i < 3000 && err == nil; i++ {
			err = w.Append(schemas.EmbeddingRow{Language: "english", ID: fmt.Sprint(i), TextDigest: strings.Repeat("d", 4000), Embedding: make([]float32, 64)})
		}
		if w != nil {
			err = errors.Join(err, w.Close())
		}
		return err
	}
	if err := write(want); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(want)
	if err != nil {
		t.Fatal(err)
	}
	disk := smalldisk.New(t, "16m")
	path := filepath.Join(disk.Dir, "x.arrow")
	for _, room := range []int64{0, 8192, 6 << 20, info.Size() - 4096} { // at the start, in the first and second batch, in the footer
		disk.Fill(room)
		if err := write(path); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), path) {
			t.Errorf("room for %d of %d: %v", room, info.Size(), err)
		}
		if _, err := arrowfile.Rows(path); !errors.Is(err, arrowfile.ErrBroken) {
			t.Errorf("room for %d of %d: what was written can be read: %v", room, info.Size(), err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		disk.Free()
	}
	if err := write(path); err != nil {
		t.Error(err)
	}
}

func TestAFaultOfTheReaderIsNotTheFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.arrow")
	if err := os.WriteFile(path, small(t)["part.arrow"], 0o644); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("the panic of the function that reads was taken for a broken file")
		}
	}()
	t.Error(arrowfile.Each(path, func(*schemas.VectorRow) error { panic("a fault of ours") }))
}

func TestAColumnWhoseRowsNeedNoBytesIsRefusedByName(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "nothing", Type: arrow.Null, Nullable: true}}, nil)
	path := filepath.Join(t.TempDir(), "x.arrow")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := ipc.NewFileWriter(file, ipc.WithSchema(schema))
	if err != nil {
		t.Fatal(err)
	}
	record := array.NewRecord(schema, []arrow.Array{array.NewNull(1 << 60)}, 1<<60)
	if err := errors.Join(w.Write(record), w.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := arrowfile.Rows(path); !errors.Is(err, arrowfile.ErrBroken) || !strings.Contains(err.Error(), `column "nothing"`) {
		t.Errorf("%v", err)
	}
}
