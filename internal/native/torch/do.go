// Package torch is the tensor layer: libtorch's operators on gotorch's tensor type, in code that reads like PyTorch.
//
// Tensors are made inside Do (or DoGrad) and freed when it returns; Scope and Block free earlier, Keep frees later. A
// failure inside libtorch (a wrong shape, an index out of range, no memory) ends the function and is Do's error; it
// never ends the process. Nothing depends on the garbage collector.
//
//	err := torch.Do(func() {
//		hidden := torch.Linear(x, weight, bias).Gelu()
//		result = hidden.Mean([]int{1}, false).Float32s()
//	})
//
// A Tensor belongs to the goroutine that made it; kept tensors may be used by any one goroutine at a time.
package torch

// #cgo noescape ct_call
// #cgo nocallback ct_call
// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/wangkuiyi/gotorch"
)

// Tensor is a handle of an at::Tensor. The zero value stands for "no tensor" where one is optional.
type Tensor struct{ t gotorch.Tensor }

// Defined tells whether there is a tensor at all.
func (t Tensor) Defined() bool { return t.t.T != nil }

func (t Tensor) cell() C.int64_t { return C.int64_t(uintptr(unsafe.Pointer(t.t.T))) }

func wrap(cell C.int64_t) Tensor {
	// The cell is C memory; the conversion through a pointer is what vet accepts for an address from C.
	return Tensor{gotorch.Tensor{T: *(**unsafe.Pointer)(unsafe.Pointer(&cell))}}
}

// Error is a failure of libtorch or of code that called Fail.
type Error struct {
	Op  string // operator, or "" for Fail
	Err error
}

func (e *Error) Error() string {
	if e.Op == "" {
		return e.Err.Error()
	}
	return "torch: " + e.Op + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// Fail ends the innermost Do, which returns err.
func Fail(err error) { panic(&Error{Err: err}) }

// Failf is Fail with a formatted error.
func Failf(format string, args ...any) { Fail(fmt.Errorf(format, args...)) }

// check ends the innermost Do when native code answered with a message.
func check(op string, message C.ct_error) {
	if message == nil {
		return
	}
	text := C.GoString(message)
	C.free(unsafe.Pointer(message))
	panic(&Error{Op: op, Err: fmt.Errorf("%s", text)})
}

// Do runs f without gradients on one operating-system thread and frees every tensor made in it that was not kept.
// It may be nested.
func Do(f func()) error { return do(0, f) }

// DoGrad is Do with gradients recorded.
func DoGrad(f func()) error { return do(1, f) }

func do(grad C.int, f func()) (err error) {
	runtime.LockOSThread() // gradient mode, scopes and OpenMP's team belong to the thread
	defer runtime.UnlockOSThread()
	var was C.int
	depth := C.ct_enter(grad, &was)
	defer func() {
		C.ct_leave(depth, was)
		if p := recover(); p != nil {
			failure, ok := p.(*Error)
			if !ok {
				panic(p)
			}
			err = failure
			if failure.Op == "" {
				err = failure.Err
			}
		}
	}()
	f()
	return nil
}

// NoGrad runs f inside a DoGrad without recording gradients (an optimizer's update).
func NoGrad(f func()) {
	was := C.ct_grad_mode(0)
	defer C.ct_grad_mode(was)
	f()
}

// Scope runs f and frees what it made and did not keep.
func Scope(f func()) {
	var was C.int
	grad := C.ct_grad_mode(0)
	C.ct_grad_mode(grad)
	depth := C.ct_enter(grad, &was)
	f()
	C.ct_leave(depth, was)
}

// Block runs f and frees everything it made but its result, which goes to the scope outside.
func Block(f func() Tensor) Tensor { return Blocks(func() []Tensor { return []Tensor{f()} })[0] }

// Blocks is Block with several results. Undefined tensors stay undefined.
func Blocks(f func() []Tensor) []Tensor {
	var was C.int
	grad := C.ct_grad_mode(0)
	C.ct_grad_mode(grad)
	depth := C.ct_enter(grad, &was)
	results := append([]Tensor(nil), f()...)
	cells := make([]C.int64_t, 0, len(results))
	for _, t := range results {
		if t.Defined() {
			cells = append(cells, t.cell())
		}
	}
	check("Block", C.ct_leave_with(depth, unsafe.SliceData(cells), C.int64_t(len(cells))))
	next := 0
	for i, t := range results {
		if t.Defined() {
			results[i] = wrap(cells[next])
			next++
		}
	}
	return results
}

// Keep returns a second handle of the same tensor that lives until Free.
func (t Tensor) Keep() Tensor {
	var out C.int64_t
	check("Keep", C.ct_keep(t.cell(), &out))
	return wrap(out)
}

// Free ends a kept tensor. Freeing twice, or no tensor, does nothing; a later use is an error.
func (t Tensor) Free() {
	if t.Defined() {
		C.ct_free(t.cell())
	}
}

// Live is the number of handles alive in the process: for tests of leaks.
func Live() int { return int(C.ct_live()) }
