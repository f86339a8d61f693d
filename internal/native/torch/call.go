package torch

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"unsafe"
)

// operator is one of libtorch's operators, looked up by name when it is first called.
type operator struct {
	name string       // "add.Tensor": name and overload as in native_functions.yaml
	id   atomic.Int64 // of the native table, plus 1
}

func op(name string) *operator { return &operator{name: name} }

func (o *operator) find() int64 {
	if id := o.id.Load(); id != 0 {
		return id - 1
	}
	name, overload, _ := strings.Cut(o.name, ".")
	if !strings.Contains(name, "::") {
		name = "aten::" + name
	}
	cname, coverload := C.CString(name), C.CString(overload)
	defer C.free(unsafe.Pointer(cname))
	defer C.free(unsafe.Pointer(coverload))
	var id C.int64_t
	check(o.name, C.ct_find(cname, coverload, &id))
	o.id.Store(int64(id) + 1)
	return int64(id)
}

// results is room for what an operator returns: tensors as cells, numbers as the bits of a float64.
type results [64]C.int64_t

// call runs the operator. Arguments: nil, Tensor, int, float64, bool, []int, []Tensor, DType, Device, string, in the
// order of the operator's schema; trailing ones take its defaults.
func (o *operator) call(args ...any) (out results, count int) {
	var buffer [48]int64
	words := encode(buffer[:0], o.name, args)
	var n C.int64_t
	id := o.find()
	check(o.name, C.ct_call(C.int64_t(id), (*C.int64_t)(unsafe.SliceData(words)), C.int64_t(len(words)), &out[0],
		C.int64_t(len(out)), &n))
	return out, int(n)
}

// one is call for operators with one tensor as result.
func (o *operator) one(args ...any) Tensor {
	out, _ := o.call(args...)
	return wrap(out[0])
}

// number is call for operators whose result is a number or a truth value (1 or 0).
func (o *operator) number(args ...any) float64 {
	out, _ := o.call(args...)
	return math.Float64frombits(uint64(out[0]))
}

func encode(words []int64, name string, args []any) []int64 {
	for _, arg := range args {
		switch v := arg.(type) {
		case nil:
			words = append(words, C.CT_NONE)
		case Tensor:
			if v.Defined() {
				words = append(words, C.CT_TENSOR, int64(v.cell()))
			} else {
				words = append(words, C.CT_NONE)
			}
		case int:
			words = append(words, C.CT_INT, int64(v))
		case float64:
			words = append(words, C.CT_DOUBLE, int64(math.Float64bits(v)))
		case bool:
			b := int64(0)
			if v {
				b = 1
			}
			words = append(words, C.CT_BOOL, b)
		case []int:
			words = append(words, C.CT_INTS, int64(len(v)))
			for _, n := range v {
				words = append(words, int64(n))
			}
		case []Tensor:
			words = append(words, C.CT_TENSORS, int64(len(v)))
			for _, t := range v {
				words = append(words, int64(t.cell()))
			}
		case DType:
			words = append(words, C.CT_INT, int64(v))
		case Device:
			words = append(words, C.CT_DEVICE, int64(v.kind), int64(v.index))
		case string:
			words = append(words, C.CT_STRING, int64(len(v)))
			for i := 0; i < len(v); i += 8 {
				var word [8]byte
				copy(word[:], v[i:])
				words = append(words, *(*int64)(unsafe.Pointer(&word)))
			}
		default:
			panic(fmt.Sprintf("torch: argument of type %T for %s", arg, name))
		}
	}
	return words
}
