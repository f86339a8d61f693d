package safetensors

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
)

// Tensor is one tensor to be written: Data holds its values as little-endian bytes of type DType, row-major.
type Tensor struct {
	Name  string
	DType string
	Shape []int
	Data  []byte
}

// Float32Tensor makes an F32 tensor of values.
func Float32Tensor(name string, values []float32, shape ...int) Tensor {
	data := make([]byte, 4*len(values))
	for i, v := range values {
		binary.LittleEndian.PutUint32(data[4*i:], math.Float32bits(v))
	}
	return Tensor{Name: name, DType: "F32", Shape: shape, Data: data}
}

// Write makes the file at path, which must not exist, with the metadata that Hugging Face expects. The bytes depend on
// the tensors only, not on their order. The file is synchronized to disk before Write returns.
func Write(path string, tensors []Tensor) (err error) {
	tensors = slices.Clone(tensors)
	slices.SortFunc(tensors, func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	header, err := makeHeader(tensors)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if closed := file.Close(); err == nil {
			err = closed
		}
		if err != nil {
			os.Remove(path)
		}
	}()
	w := bufio.NewWriterSize(file, 1<<20)
	w.Write(header) // bufio keeps the first error for Flush
	for _, t := range tensors {
		w.Write(t.Data)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return file.Sync()
}

// makeHeader is the length, the JSON in name order, and spaces up to a multiple of eight bytes.
func makeHeader(tensors []Tensor) ([]byte, error) {
	type field struct {
		DType   string   `json:"dtype"`
		Shape   []int    `json:"shape"`
		Offsets [2]int64 `json:"data_offsets"`
	}
	var header bytes.Buffer
	header.WriteString(`{"__metadata__":{"format":"pt"}`)
	offset := int64(0)
	for i, t := range tensors {
		size, ok := sizes[t.DType]
		if !ok {
			return nil, fmt.Errorf("tensor %q: unknown type %q", t.Name, t.DType)
		}
		bytes := size
		for _, d := range t.Shape {
			bytes *= int64(d)
		}
		if bytes != int64(len(t.Data)) {
			return nil, fmt.Errorf("tensor %q: %d bytes for shape %v of %s", t.Name, len(t.Data), t.Shape, t.DType)
		}
		if t.Name == "__metadata__" || (i > 0 && tensors[i-1].Name == t.Name) {
			return nil, fmt.Errorf("tensor name %q is taken", t.Name)
		}
		shape := t.Shape
		if shape == nil {
			shape = []int{}
		}
		name, err := json.Marshal(t.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(field{t.DType, shape, [2]int64{offset, offset + bytes}})
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&header, ",%s:%s", name, value)
		offset += bytes
	}
	header.WriteByte('}')
	for header.Len()%8 != 0 {
		header.WriteByte(' ')
	}
	return append(binary.LittleEndian.AppendUint64(nil, uint64(header.Len())), header.Bytes()...), nil
}
