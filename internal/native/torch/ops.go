package torch

// Operators, named as in PyTorch. Dimensions may be negative: -1 is the last. Tensors broadcast.

var (
	opAdd, opAddScalar         = op("add.Tensor"), op("add.Scalar")
	opSub, opRsubScalar        = op("sub.Tensor"), op("rsub.Scalar")
	opMul, opMulScalar         = op("mul.Tensor"), op("mul.Scalar")
	opDiv, opDivScalar         = op("div.Tensor"), op("div.Scalar")
	opPow, opMaximum           = op("pow.Tensor_Scalar"), op("maximum")
	opMinimum, opClamp         = op("minimum"), op("clamp")
	opRsqrt, opSqrt, opExp     = op("rsqrt"), op("sqrt"), op("exp")
	opLog, opNeg, opAbs        = op("log"), op("neg"), op("abs")
	opTanh, opGelu, opRelu     = op("tanh"), op("gelu"), op("relu")
	opMatmul, opLinear         = op("matmul"), op("linear")
	opBmm, opAddmm, opBaddbmm  = op("bmm"), op("addmm"), op("baddbmm")
	opEmbedding, opLayerNorm   = op("embedding"), op("layer_norm")
	opSoftmax, opLogSoftmax    = op("softmax.int"), op("log_softmax.int")
	opMean, opSum              = op("mean.dim"), op("sum.dim_IntList")
	opAmax, opLogSumExp        = op("amax"), op("logsumexp")
	opNorm, opArgmax           = op("linalg_vector_norm"), op("argmax")
	opTopK, opIsFinite, opAll  = op("topk"), op("isfinite"), op("all")
	opEq, opEqScalar, opNe     = op("eq.Tensor"), op("eq.Scalar"), op("ne.Scalar")
	opLt, opLe, opGt, opGe     = op("lt.Tensor"), op("le.Tensor"), op("gt.Tensor"), op("ge.Tensor")
	opLogicalNot, opWhere      = op("logical_not"), op("where.self")
	opMaskedFill, opEqualExact = op("masked_fill.Scalar"), op("equal")
)

// Add is t + other.
func (t Tensor) Add(other Tensor) Tensor { return opAdd.one(t, other) }

// AddScaled is t + alpha other.
func (t Tensor) AddScaled(other Tensor, alpha float64) Tensor { return opAdd.one(t, other, alpha) }

// AddScalar is t + x.
func (t Tensor) AddScalar(x float64) Tensor { return opAddScalar.one(t, x) }

// Sub is t - other.
func (t Tensor) Sub(other Tensor) Tensor { return opSub.one(t, other) }

// RsubScalar is x - t.
func (t Tensor) RsubScalar(x float64) Tensor { return opRsubScalar.one(t, x) }

// Mul is t * other, value by value.
func (t Tensor) Mul(other Tensor) Tensor { return opMul.one(t, other) }

// MulScalar is t * x.
func (t Tensor) MulScalar(x float64) Tensor { return opMulScalar.one(t, x) }

// Div is t / other, value by value.
func (t Tensor) Div(other Tensor) Tensor { return opDiv.one(t, other) }

// DivScalar is t / x.
func (t Tensor) DivScalar(x float64) Tensor { return opDivScalar.one(t, x) }

// Pow is t^x.
func (t Tensor) Pow(x float64) Tensor { return opPow.one(t, x) }

// Maximum and Minimum take the larger and the smaller, value by value.
func (t Tensor) Maximum(other Tensor) Tensor { return opMaximum.one(t, other) }

// Minimum takes the smaller, value by value.
func (t Tensor) Minimum(other Tensor) Tensor { return opMinimum.one(t, other) }

// ClampMin is max(t, x).
func (t Tensor) ClampMin(x float64) Tensor { return opClamp.one(t, x) }

// Rsqrt is 1 / sqrt(t).
func (t Tensor) Rsqrt() Tensor { return opRsqrt.one(t) }

// Sqrt is the square root.
func (t Tensor) Sqrt() Tensor { return opSqrt.one(t) }

// Exp is e^t.
func (t Tensor) Exp() Tensor { return opExp.one(t) }

// Log is the natural logarithm.
func (t Tensor) Log() Tensor { return opLog.one(t) }

// Neg is -t.
func (t Tensor) Neg() Tensor { return opNeg.one(t) }

// Abs is |t|.
func (t Tensor) Abs() Tensor { return opAbs.one(t) }

// Tanh is the hyperbolic tangent.
func (t Tensor) Tanh() Tensor { return opTanh.one(t) }

// Relu is max(t, 0).
func (t Tensor) Relu() Tensor { return opRelu.one(t) }

// Gelu is x Phi(x), by erf: BERT's and XLM-R's "gelu".
func (t Tensor) Gelu() Tensor { return opGelu.one(t) }

// GeluTanh is the tanh approximation: T5's "gated-gelu", "gelu_new".
func (t Tensor) GeluTanh() Tensor { return opGelu.one(t, "tanh") }

// Matmul is the matrix product of the last two dimensions, broadcast over the others.
func (t Tensor) Matmul(other Tensor) Tensor { return opMatmul.one(t, other) }

// Bmm is the batched product [b, n, m] x [b, m, p].
func (t Tensor) Bmm(other Tensor) Tensor { return opBmm.one(t, other) }

// Addmm is beta t + alpha a b for matrices.
func (t Tensor) Addmm(a, b Tensor, beta, alpha float64) Tensor {
	return opAddmm.one(t, a, b, beta, alpha)
}

// Baddbmm is beta t + alpha a b for batches of matrices.
func (t Tensor) Baddbmm(a, b Tensor, beta, alpha float64) Tensor {
	return opBaddbmm.one(t, a, b, beta, alpha)
}

// Linear is x weight^T + bias, weight [out, in]; bias may be the zero Tensor.
func Linear(x, weight, bias Tensor) Tensor { return opLinear.one(x, weight, bias) }

// Embedding is the rows of weight [n, width] that ids (int64, any shape) name.
func Embedding(weight, ids Tensor) Tensor { return opEmbedding.one(weight, ids) }

// LayerNorm normalizes the last dimension; weight and bias have its length.
func LayerNorm(x, weight, bias Tensor, eps float64) Tensor {
	return opLayerNorm.one(x, []int{x.Size(-1)}, weight, bias, eps)
}

// Softmax over dim.
func (t Tensor) Softmax(dim int) Tensor { return opSoftmax.one(t, dim) }

// LogSoftmax over dim.
func (t Tensor) LogSoftmax(dim int) Tensor { return opLogSoftmax.one(t, dim) }

// LogSumExp over dims.
func (t Tensor) LogSumExp(dims []int, keepdim bool) Tensor { return opLogSumExp.one(t, dims, keepdim) }

// Mean over dims; none: over all.
func (t Tensor) Mean(dims []int, keepdim bool) Tensor { return opMean.one(t, dims, keepdim) }

// Sum over dims; none: over all.
func (t Tensor) Sum(dims []int, keepdim bool) Tensor { return opSum.one(t, dims, keepdim) }

// Amax is the largest value over dims; none: of all.
func (t Tensor) Amax(dims []int, keepdim bool) Tensor { return opAmax.one(t, dims, keepdim) }

// Argmax is the index (int64) of the largest value along dim.
func (t Tensor) Argmax(dim int) Tensor { return opArgmax.one(t, dim) }

// Norm is the Euclidean norm of all values, a tensor of one value.
func (t Tensor) Norm() Tensor { return opNorm.one(t) }

// TopK gives the k largest values along dim, sorted, and their indices. Which of equal values come first is libtorch's
// choice: where that matters, decide on the values in Go.
func (t Tensor) TopK(k, dim int) (values, indices Tensor) {
	out, _ := opTopK.call(t, k, dim)
	return wrap(out[0]), wrap(out[1])
}

// AllFinite tells whether no value is NaN or infinite.
func (t Tensor) AllFinite() bool { return opAll.one(opIsFinite.one(t)).Item() != 0 }

// Equal tells whether shape and all values are the same.
func (t Tensor) Equal(other Tensor) bool { return opEqualExact.number(t, other) != 0 }

// Eq, EqScalar, NeScalar, Lt, Le, Gt and Ge compare value by value into booleans.
func (t Tensor) Eq(other Tensor) Tensor { return opEq.one(t, other) }

// EqScalar is t == x.
func (t Tensor) EqScalar(x float64) Tensor { return opEqScalar.one(t, x) }

// NeScalar is t != x.
func (t Tensor) NeScalar(x float64) Tensor { return opNe.one(t, x) }

// Lt is t < other.
func (t Tensor) Lt(other Tensor) Tensor { return opLt.one(t, other) }

// Le is t <= other.
func (t Tensor) Le(other Tensor) Tensor { return opLe.one(t, other) }

// Gt is t > other.
func (t Tensor) Gt(other Tensor) Tensor { return opGt.one(t, other) }

// Ge is t >= other.
func (t Tensor) Ge(other Tensor) Tensor { return opGe.one(t, other) }

// Not is the negation of booleans.
func (t Tensor) Not() Tensor { return opLogicalNot.one(t) }

// Where takes a where condition (boolean) holds and b elsewhere.
func Where(condition, a, b Tensor) Tensor { return opWhere.one(condition, a, b) }

// MaskedFill puts x where mask (boolean) holds.
func (t Tensor) MaskedFill(mask Tensor, x float64) Tensor { return opMaskedFill.one(t, mask, x) }
