// Package safetensors reads and writes Hugging Face's safetensors files, single and sharded. Nothing in a file is
// trusted: sizes and offsets are checked against the file's length before anything is allocated.
//
// Layout: u64 length of the header, little endian; the header, JSON: name -> {dtype, shape, data_offsets [from, to)},
// offsets counted from the end of the header; the values, little endian, row-major.
package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"

	"crosssum/schemas"
)

// MaxHeader is the longest header that is read: safetensors' own limit.
const MaxHeader = 100 << 20

// sizes of the known types in bytes.
var sizes = map[string]int64{"BOOL": 1, "U8": 1, "I8": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2, "I32": 4, "U32": 4, "F32": 4,
	"F64": 8, "I64": 8, "U64": 8}

// Entry describes one tensor.
type Entry struct {
	Name  string
	DType string // "F32", "BF16", "F16", ...
	Shape []int

	file     int // of File.files
	from, to int64
}

// Len is the number of values.
func (e Entry) Len() int {
	n := 1
	for _, d := range e.Shape {
		n *= d
	}
	return n
}

// File is an open model: one safetensors file, or the shards that an index names. It is safe for concurrent reads.
type File struct {
	files   []*os.File
	entries map[string]Entry

	watch func(done, total int64) // nil: nobody watches
	done  atomic.Int64            // bytes of values read
}

// Open opens a .safetensors file, a .safetensors.index.json, or the folder that holds model.safetensors or its index.
func Open(path string) (*File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		single := filepath.Join(path, "model.safetensors")
		if _, err := os.Stat(single); errors.Is(err, os.ErrNotExist) {
			return openSharded(filepath.Join(path, "model.safetensors.index.json"))
		}
		path = single
	}
	if filepath.Ext(path) == ".json" {
		return openSharded(path)
	}
	return open(path)
}

func open(paths ...string) (*File, error) {
	f := &File{entries: map[string]Entry{}}
	for _, path := range paths {
		if err := f.add(path); err != nil {
			f.Close()
			return nil, err
		}
	}
	return f, nil
}

func openSharded(path string) (*File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > MaxHeader {
		return nil, fmt.Errorf("%s: %d bytes are too many for an index", path, info.Size())
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var index struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(raw, &index); err != nil {
		return nil, fmt.Errorf("%s: not an index of safetensors: %w", path, schemas.InJSONsWords(err))
	}
	if len(index.WeightMap) == 0 {
		return nil, fmt.Errorf("%s: has no weight_map", path)
	}
	var shards []string
	for _, shard := range slices.Compact(slices.Sorted(maps.Values(index.WeightMap))) {
		if shard != filepath.Base(shard) || filepath.Ext(shard) != ".safetensors" {
			return nil, fmt.Errorf("%s: names %q, which is no safetensors file beside it", path, shard)
		}
		shard = filepath.Join(filepath.Dir(path), shard)
		if _, err := os.Stat(shard); errors.Is(err, os.ErrNotExist) { // told from a model that is not there at all
			return nil, fmt.Errorf("%s names the shard %s, which is not there: copy it too", path, filepath.Base(shard))
		}
		shards = append(shards, shard)
	}
	f, err := open(shards...)
	if err != nil {
		return nil, err
	}
	for name := range index.WeightMap {
		if _, ok := f.entries[name]; !ok {
			f.Close()
			return nil, fmt.Errorf("%s: tensor %q is in no shard", path, name)
		}
	}
	return f, nil
}

func (f *File) add(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	f.files = append(f.files, file)
	info, err := file.Stat()
	if err != nil {
		return err
	}
	entries, err := parse(file, info.Size())
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for name, e := range entries {
		if _, twice := f.entries[name]; twice {
			return fmt.Errorf("%s: tensor %q is in another shard too", path, name)
		}
		e.file = len(f.files) - 1
		f.entries[name] = e
	}
	return nil
}

// parse reads and checks the header of a file of size bytes. Offsets in the entries count from the file's start.
func parse(r io.ReaderAt, size int64) (map[string]Entry, error) {
	var prefix [8]byte
	if _, err := r.ReadAt(prefix[:], 0); err != nil {
		return nil, fmt.Errorf("not a safetensors file: %d bytes long", size)
	}
	length := binary.LittleEndian.Uint64(prefix[:])
	if length > MaxHeader || int64(length) > size-8 {
		return nil, fmt.Errorf("not a safetensors file, or cut off: a header of %d bytes in a file of %d", length, size)
	}
	raw := make([]byte, length)
	if _, err := r.ReadAt(raw, 8); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	fields, err := header(raw)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	if m, ok := fields["__metadata__"]; ok { // free text
		if err := json.Unmarshal(m, &map[string]string{}); err != nil {
			return nil, fmt.Errorf("header: __metadata__: %w", schemas.InJSONsWords(err))
		}
		delete(fields, "__metadata__")
	}
	start := 8 + int64(length)
	entries := make(map[string]Entry, len(fields))
	for _, name := range slices.Sorted(maps.Keys(fields)) { // of several faults the same one is told each time
		e, err := parseEntry(name, fields[name], size-start)
		if err != nil {
			return nil, fmt.Errorf("header: tensor %q: %w", name, err)
		}
		entries[name] = e
	}
	if err := contiguous(entries, size-start); err != nil {
		return nil, err
	}
	for name, e := range entries {
		e.from, e.to = e.from+start, e.to+start
		entries[name] = e
	}
	return entries, nil
}

// header takes a JSON object apart. A name that stands twice is an error, as it is to the format's own library.
func header(raw []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("no JSON object")
	}
	fields := map[string]json.RawMessage{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, schemas.InJSONsWords(err)
		}
		name := t.(string) // as keys are
		if _, twice := fields[name]; twice {
			return nil, fmt.Errorf("tensor %q stands twice: which is meant? Write the file again with the safetensors library", name)
		}
		var field json.RawMessage
		if err := d.Decode(&field); err != nil {
			return nil, schemas.InJSONsWords(err)
		}
		fields[name] = field
	}
	if _, err := d.Token(); err != nil {
		return nil, schemas.InJSONsWords(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more follows the object")
	}
	return fields, nil
}

// contiguous refuses values that do not follow one another from the first byte to the last: two tensors over one range, holes, and bytes
// that are of none.
func contiguous(entries map[string]Entry, room int64) error {
	order := slices.SortedFunc(maps.Values(entries), func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to), cmp.Compare(a.Name, b.Name))
	})
	end := int64(0)
	for _, e := range order {
		switch {
		case e.from < end:
			return fmt.Errorf("header: the values of tensor %q begin at byte %d, within another's, which end at %d: write the file again with the safetensors library",
				e.Name, e.from, end)
		case e.from > end:
			return fmt.Errorf("header: %d bytes before the values of tensor %q are of no tensor: write the file again with the safetensors library", e.from-end, e.Name)
		}
		end = e.to
	}
	if end < room {
		return fmt.Errorf("%d bytes follow the values of the last tensor: the file is not what its header says: copy it again", room-end)
	}
	return nil
}

func parseEntry(name string, raw json.RawMessage, room int64) (Entry, error) {
	var field struct {
		DType   string  `json:"dtype"`
		Shape   []int64 `json:"shape"`
		Offsets []int64 `json:"data_offsets"`
	}
	if err := json.Unmarshal(raw, &field); err != nil {
		return Entry{}, schemas.InJSONsWords(err)
	}
	size, ok := sizes[field.DType]
	if !ok {
		return Entry{}, fmt.Errorf("unknown type %q", field.DType)
	}
	length := size
	shape := make([]int, len(field.Shape))
	for i, d := range field.Shape {
		if d < 0 || (d > 0 && length > room/d) {
			return Entry{}, fmt.Errorf("shape %v does not fit the %d bytes of values: the file is cut off, or its header wrong: copy it again", field.Shape, room)
		}
		length *= d
		shape[i] = int(d)
	}
	if len(field.Offsets) != 2 || field.Offsets[0] < 0 || field.Offsets[1] < field.Offsets[0] || field.Offsets[1] > room || field.Offsets[1]-field.Offsets[0] != length {
		return Entry{}, fmt.Errorf("offsets %v for %d bytes, of %d in the file: it is cut off, or its header wrong: copy it again", field.Offsets, length, room)
	}
	return Entry{Name: name, DType: field.DType, Shape: shape, from: field.Offsets[0], to: field.Offsets[1]}, nil
}

// Names lists the tensors in byte order.
func (f *File) Names() []string {
	return slices.Sorted(maps.Keys(f.entries))
}

// Entry describes tensor name; false where there is none.
func (f *File) Entry(name string) (Entry, bool) { e, ok := f.entries[name]; return e, ok }

// Close closes the files.
func (f *File) Close() error {
	var errs []error
	for _, file := range f.files {
		errs = append(errs, file.Close())
	}
	return errors.Join(errs...)
}
