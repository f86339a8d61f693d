package torch

// #include <stdlib.h>
// #include "shim.h"
import "C"

// Gradients and updates in place.

var opCopy_ = op("copy_")

// RequiresGrad marks a leaf as a parameter (or not) and returns it.
func (t Tensor) RequiresGrad(on bool) Tensor {
	flag := C.int(0)
	if on {
		flag = 1
	}
	check("RequiresGrad", C.ct_requires_grad(t.cell(), flag))
	return t
}

// Backward adds the gradient of t, a tensor of one value, to the Grad of every parameter it came from.
func (t Tensor) Backward() { t.BackwardFrom(Tensor{}) }

// BackwardFrom is Backward where the gradient of t, a tensor of any shape, is known: the part of the way behind t has been gone.
func (t Tensor) BackwardFrom(gradient Tensor) {
	check("Backward", C.ct_backward(t.cell(), gradient.cell()))
}

// Grad is the gradient collected so far, as a tensor that shares its memory; undefined where there is none.
func (t Tensor) Grad() Tensor {
	var out C.int64_t
	check("Grad", C.ct_grad(t.cell(), &out))
	return wrap(out)
}

// ClearGrad forgets the gradient and frees its memory.
func (t Tensor) ClearGrad() { check("ClearGrad", C.ct_clear_grad(t.cell())) }

// Copy_ takes other's values.
func (t Tensor) Copy_(other Tensor) { opCopy_.in(t, other) }

// in runs an operator in place: its result is its first argument, of which no second handle is wanted.
func (o *operator) in(args ...any) { C.ct_free(o.one(args...).cell()) }
