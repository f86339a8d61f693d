package torch

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// DType is the type of a tensor's values, numbered as in libtorch.
type DType int8

// The types used here.
const (
	Int32    DType = 3
	Int64    DType = 4
	Float16  DType = 5
	Float32  DType = 6
	Float64  DType = 7
	Bool     DType = 11
	BFloat16 DType = 15
)

// Size is the number of bytes of one value.
func (d DType) Size() int {
	switch d {
	case Bool:
		return 1
	case Float16, BFloat16:
		return 2
	case Int32, Float32:
		return 4
	}
	return 8
}

// Device is where a tensor lives.
type Device struct{ kind, index int8 }

// CPU is the processor.
var CPU = Device{0, -1}

// CUDA is a GPU, the first one 0.
func CUDA(index int) Device { return Device{1, int8(index)} }

// GPU is the number of a GPU, -1 for the processor.
func (d Device) GPU() int {
	if d == CPU {
		return -1
	}
	return int(d.index)
}

// String is "cpu" or "cuda:0".
func (d Device) String() string {
	if d == CPU {
		return "cpu"
	}
	return fmt.Sprintf("cuda:%d", d.index)
}

func elements(shape []int) (int, bool) {
	n := 1
	for _, d := range shape {
		if d < 0 || (d > 0 && n > (1<<46)/d) {
			return 0, false
		}
		n *= d
	}
	return n, true
}

func from[T any](values []T, dtype DType, shape []int) Tensor {
	var zero T
	return FromBytes(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), len(values)*int(unsafe.Sizeof(zero))), dtype, shape...)
}

// FromFloat32s copies values, in row-major order, into a new tensor.
func FromFloat32s(values []float32, shape ...int) Tensor { return from(values, Float32, shape) }

// FromInt64s copies values, in row-major order, into a new tensor.
func FromInt64s(values []int64, shape ...int) Tensor { return from(values, Int64, shape) }

// FromInts is FromInt64s for ints: token ids, positions.
func FromInts(values []int, shape ...int) Tensor { return from(values, Int64, shape) }

// Empty is a tensor whose values are whatever its memory held, to be filled through Memory.
func Empty(dtype DType, shape ...int) Tensor { return opEmpty.one(shape, dtype) }

// FromBytes copies the little-endian bytes of a tensor of any type, as a checkpoint stores it.
func FromBytes(raw []byte, dtype DType, shape ...int) Tensor {
	n, ok := elements(shape)
	if !ok || n*dtype.Size() != len(raw) {
		Failf("torch: %d bytes of data for shape %v of %d-byte values", len(raw), shape, dtype.Size())
	}
	dims := make([]C.int64_t, len(shape)+1)
	for i, d := range shape {
		dims[i] = C.int64_t(d)
	}
	var out C.int64_t
	check("FromBytes", C.ct_from(unsafe.Pointer(unsafe.SliceData(raw)), C.int64_t(len(raw)), C.int(dtype), &dims[0],
		C.int64_t(len(shape)), &out))
	return wrap(out)
}

func (t Tensor) info() (shape []int, dtype DType, grad bool) {
	var dims [16]C.int64_t
	var n C.int64_t
	var kind, requires C.int
	check("Shape", C.ct_info(t.cell(), &dims[0], C.int64_t(len(dims)), &n, &kind, &requires))
	shape = make([]int, n)
	for i := range shape {
		shape[i] = int(dims[i])
	}
	return shape, DType(kind), requires != 0
}

// Device is where the values lie.
func (t Tensor) Device() Device {
	var kind, index C.int
	check("Device", C.ct_device(t.cell(), &kind, &index))
	return Device{int8(kind), int8(index)}
}

// Shape is the length of each dimension.
func (t Tensor) Shape() []int { shape, _, _ := t.info(); return shape }

// Size is the length of dimension dim; -1 is the last.
func (t Tensor) Size(dim int) int {
	shape := t.Shape()
	if dim < 0 {
		dim += len(shape)
	}
	if dim < 0 || dim >= len(shape) {
		Failf("torch: dimension %d of a tensor of shape %v", dim, shape)
	}
	return shape[dim]
}

// Len is the number of values.
func (t Tensor) Len() int { n, _ := elements(t.Shape()); return n }

func copyOut[T any](t Tensor, dtype DType, values []T) []T {
	if values == nil {
		values = make([]T, t.Len())
	}
	var zero T
	check("copy to Go", C.ct_copy_out(t.cell(), C.int(dtype), unsafe.Pointer(unsafe.SliceData(values)),
		C.int64_t(len(values)*int(unsafe.Sizeof(zero)))))
	return values
}

// Float32s copies the values out, in row-major order, converted to float32.
func (t Tensor) Float32s() []float32 { return copyOut[float32](t, Float32, nil) }

// Float64s copies the values out, converted to float64.
func (t Tensor) Float64s() []float64 { return copyOut[float64](t, Float64, nil) }

// CopyFloat32s copies the values into values, which must have exactly their number.
func (t Tensor) CopyFloat32s(values []float32) {
	if values == nil {
		values = []float32{}
	}
	copyOut(t, Float32, values)
}

// Bytes copies the values out as little-endian bytes of type dtype, as a checkpoint stores them.
func (t Tensor) Bytes(dtype DType) []byte {
	return copyOut(t, dtype, make([]byte, t.Len()*dtype.Size()))
}

// Memory is the tensor's own memory, little-endian, not a copy: of a contiguous tensor on the CPU, as long as its handle lives. What
// is written there is the tensor's new value.
func (t Tensor) Memory() []byte {
	var data unsafe.Pointer
	var bytes C.int64_t
	check("Memory", C.ct_memory(t.cell(), &data, &bytes))
	return unsafe.Slice((*byte)(data), int(bytes))
}

// Item is the value of a tensor of one value.
func (t Tensor) Item() float64 {
	if n := t.Len(); n != 1 {
		Failf("torch: Item of a tensor of %d values", n)
	}
	return copyOut[float64](t, Float64, nil)[0]
}
