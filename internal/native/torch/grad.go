package torch

// #include <stdlib.h>
// #include "shim.h"
import "C"

// Gradients and updates in place.

var (
	opAdd_, opAddScalar_ = op("add_.Tensor"), op("add_.Scalar")
	opSub_               = op("sub_.Tensor")
	opMul_, opMulScalar_ = op("mul_.Tensor"), op("mul_.Scalar")
	opDiv_               = op("div_.Tensor")
	opAddcmul_           = op("addcmul_")
	opAddcdiv_           = op("addcdiv_")
	opCopy_, opZero_     = op("copy_"), op("zero_")
	opFill_, opLerp_     = op("fill_.Scalar"), op("lerp_.Scalar")
)

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

// Add_ is t += alpha other.
func (t Tensor) Add_(other Tensor, alpha float64) { opAdd_.in(t, other, alpha) }

// AddScalar_ is t += x.
func (t Tensor) AddScalar_(x float64) { opAddScalar_.in(t, x) }

// Sub_ is t -= other.
func (t Tensor) Sub_(other Tensor) { opSub_.in(t, other) }

// Mul_ is t *= other.
func (t Tensor) Mul_(other Tensor) { opMul_.in(t, other) }

// MulScalar_ is t *= x.
func (t Tensor) MulScalar_(x float64) { opMulScalar_.in(t, x) }

// Div_ is t /= other.
func (t Tensor) Div_(other Tensor) { opDiv_.in(t, other) }

// Addcmul_ is t += x a b.
func (t Tensor) Addcmul_(a, b Tensor, x float64) { opAddcmul_.in(t, a, b, x) }

// Addcdiv_ is t += x a / b.
func (t Tensor) Addcdiv_(a, b Tensor, x float64) { opAddcdiv_.in(t, a, b, x) }

// Lerp_ is t += x (other - t).
func (t Tensor) Lerp_(other Tensor, x float64) { opLerp_.in(t, other, x) }

// Copy_ takes other's values.
func (t Tensor) Copy_(other Tensor) { opCopy_.in(t, other) }

// Fill_ sets every value to x.
func (t Tensor) Fill_(x float64) { opFill_.in(t, x) }

// Zero_ sets every value to 0.
func (t Tensor) Zero_() { opZero_.in(t) }

// in runs an operator in place: its result is its first argument, of which no second handle is wanted.
func (o *operator) in(args ...any) { C.ct_free(o.one(args...).cell()) }

// Mask names a dropout mask: a pure function of these numbers and the shape.
type Mask struct {
	Seed  uint64
	Step  uint32
	Site  uint32 // which dropout of the model
	First uint32 // number of the first example (dimension 0) within the step's batch
}

// DropoutMask has t's shape, type and device: 0 with probability p, 1/(1-p) else. A value depends on seed, step, site,
// the example's number and the position within the example, not on threads or on how a batch is cut.
func (t Tensor) DropoutMask(p float64, m Mask) Tensor {
	var out C.int64_t
	check("DropoutMask", C.ct_dropout_mask(t.cell(), C.double(p), C.uint64_t(m.Seed), C.uint32_t(m.Step), C.uint32_t(m.Site),
		C.uint32_t(m.First), &out))
	return wrap(out)
}

// Dropout is t times its mask; t itself where p is 0.
func (t Tensor) Dropout(p float64, m Mask) Tensor {
	if p == 0 {
		return t
	}
	return t.Mul(t.DropoutMask(p, m))
}
