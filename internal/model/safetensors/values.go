package safetensors

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// Equal tells whether two tensors have one type, one shape and the same bytes, a few megabytes at a time; false where one is not there.
func (f *File) Equal(a, b string) (bool, error) {
	x, known := f.entries[a]
	y, both := f.entries[b]
	if !known || !both || x.DType != y.DType || !slices.Equal(x.Shape, y.Shape) {
		return false, nil
	}
	pieces := [2][]byte{make([]byte, min(x.to-x.from, pieceBytes)), make([]byte, min(x.to-x.from, pieceBytes))}
	for at := int64(0); at < x.to-x.from; at += pieceBytes {
		for i, e := range []Entry{x, y} {
			pieces[i] = pieces[i][:min(pieceBytes, e.to-e.from-at)]
			if _, err := f.files[e.file].ReadAt(pieces[i], e.from+at); err != nil {
				return false, fmt.Errorf("%s: tensor %q: %w", f.files[e.file].Name(), e.Name, err)
			}
		}
		if !bytes.Equal(pieces[0], pieces[1]) {
			return false, nil
		}
	}
	return true, nil
}

// Watch makes report hear of every few megabytes of values that were read: the bytes so far, and those of all tensors.
// It comes before reading, and report is called by the goroutines that read.
func (f *File) Watch(report func(done, total int64)) { f.watch = report }

// size is the number of bytes of all tensors.
func (f *File) size() int64 {
	total := int64(0)
	for _, e := range f.entries {
		total += e.to - e.from
	}
	return total
}

// Float32s reads tensor name, of type F32, BF16 or F16, as float32.
func (f *File) Float32s(name string) ([]float32, error) {
	e, ok := f.entries[name]
	if ok && sizes[e.DType] > 4 { // before anything is allocated
		ok = false
	}
	var out []float32
	if ok {
		out = make([]float32, 0, e.Len())
	}
	return out, f.Each(name, func(values []float32) error {
		out = append(out, values...)
		return nil
	})
}

// Readable is an error where the tensor's values are of a type that is not read.
func (e Entry) Readable() error {
	if widening[e.DType] == nil {
		return fmt.Errorf("tensor %q is %s, wanted F32, BF16 or F16", e.Name, e.DType)
	}
	return nil
}

// pieceBytes is how much of a tensor is read at a time.
const pieceBytes = 4 << 20

// Each reads tensor name, of type F32, BF16 or F16, as float32, a few megabytes at a time: use gets all values in their
// order, in a slice that is used again. So a tensor needs no second room in memory.
func (f *File) Each(name string, use func(values []float32) error) error {
	e, ok := f.entries[name]
	if !ok {
		return fmt.Errorf("%s: no tensor %q", f.files[0].Name(), name)
	}
	if err := e.Readable(); err != nil {
		return fmt.Errorf("%s: %w", f.files[e.file].Name(), err)
	}
	widen := widening[e.DType]
	size := sizes[e.DType]
	raw := make([]byte, min(e.to-e.from, pieceBytes))
	values := make([]float32, int64(len(raw))/size)
	for at := e.from; at < e.to; {
		raw = raw[:min(int64(len(raw)), e.to-at)]
		if _, err := f.files[e.file].ReadAt(raw, at); err != nil {
			return fmt.Errorf("%s: tensor %q: %w", f.files[e.file].Name(), name, err)
		}
		values = values[:int64(len(raw))/size]
		widen(raw, values)
		if err := use(values); err != nil {
			return err
		}
		at += int64(len(raw))
		if done := f.done.Add(int64(len(raw))); f.watch != nil {
			f.watch(done, f.size())
		}
	}
	return nil
}

// widening makes float32 of the little-endian bytes of a type.
var widening = map[string]func(raw []byte, values []float32){
	"F32": func(raw []byte, values []float32) {
		for i := range values {
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
	},
	"BF16": func(raw []byte, values []float32) {
		for i := range values {
			values[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(raw[2*i:])) << 16)
		}
	},
	"F16": func(raw []byte, values []float32) {
		for i := range values {
			values[i] = Float16(binary.LittleEndian.Uint16(raw[2*i:]))
		}
	},
}

// Float16 widens an IEEE 754 binary16.
func Float16(h uint16) float32 {
	sign, exponent, fraction := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&1023)
	switch {
	case exponent == 31:
		return math.Float32frombits(sign | 255<<23 | fraction<<13)
	case exponent != 0:
		return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
	}
	value := float32(fraction) / (1 << 24)
	return math.Float32frombits(sign | math.Float32bits(value))
}
