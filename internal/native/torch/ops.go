package torch

// Operators, named as in PyTorch. Dimensions may be negative: -1 is the last. Tensors broadcast.

var (
	opAdd, opMulScalar, opTanh             = op("add.Tensor"), op("mul.Scalar"), op("tanh")
	opGelu, opMatmul, opLinear             = op("gelu"), op("matmul"), op("linear")
	opEmbedding, opLayerNorm, opLogSoftmax = op("embedding"), op("layer_norm"), op("log_softmax.int")
	opSum                                  = op("sum.dim_IntList")
	opFull, opZerosLike, opNewZeros        = op("full"), op("zeros_like"), op("new_zeros")
	opEmpty, opNormal_, opTranspose        = op("empty.memory_format"), op("normal_"), op("transpose.int")
	opView, opContiguous, opSlice          = op("view"), op("contiguous"), op("slice.Tensor")
	opIndexSelect, opToDevice, opDetach    = op("index_select"), op("to.dtype_layout"), op("detach")
	opSelect                               = op("select.int")
)

// Add is t + other.
func (t Tensor) Add(other Tensor) Tensor { return opAdd.one(t, other) }

// MulScalar is t * x.
func (t Tensor) MulScalar(x float64) Tensor { return opMulScalar.one(t, x) }

// Tanh is the hyperbolic tangent.
func (t Tensor) Tanh() Tensor { return opTanh.one(t) }

// Gelu is x Phi(x), by erf: BERT's and XLM-R's "gelu".
func (t Tensor) Gelu() Tensor { return opGelu.one(t) }

// Matmul is the matrix product of the last two dimensions, broadcast over the others.
func (t Tensor) Matmul(other Tensor) Tensor { return opMatmul.one(t, other) }

// Linear is x weight^T + bias, weight [out, in]; bias may be the zero Tensor.
func Linear(x, weight, bias Tensor) Tensor { return opLinear.one(x, weight, bias) }

// Embedding is the rows of weight [n, width] that ids (int64, any shape) name.
func Embedding(weight, ids Tensor) Tensor { return opEmbedding.one(weight, ids) }

// LayerNorm normalizes the last dimension; weight and bias have its length.
func LayerNorm(x, weight, bias Tensor, eps float64) Tensor {
	return opLayerNorm.one(x, []int{x.Size(-1)}, weight, bias, eps)
}

// LogSoftmax over dim.
func (t Tensor) LogSoftmax(dim int) Tensor { return opLogSoftmax.one(t, dim) }

// Sum over dims; none: over all.
func (t Tensor) Sum(dims []int, keepdim bool) Tensor { return opSum.one(t, dims, keepdim) }

// Normal_ fills t with draws from N(0, std^2) of libtorch's own generator: for measurements, not for what must repeat.
func (t Tensor) Normal_(std float64) { opNormal_.in(t, 0.0, std) }

// Full of one value.
func Full(x float64, dtype DType, shape ...int) Tensor { return opFull.one(shape, x, dtype) }

// ZerosLike has t's shape, type and device.
func (t Tensor) ZerosLike() Tensor { return opZerosLike.one(t) }

// NewZeros has t's type and device, and a shape of its own.
func (t Tensor) NewZeros(shape ...int) Tensor { return opNewZeros.one(t, shape) }

// Transpose swaps two dimensions (a view).
func (t Tensor) Transpose(a, b int) Tensor { return opTranspose.one(t, a, b) }

// View is the same memory in another shape; one -1 is computed. Fails where the memory does not allow it.
func (t Tensor) View(shape ...int) Tensor { return opView.one(t, shape) }

// Contiguous is t in row-major memory.
func (t Tensor) Contiguous() Tensor { return opContiguous.one(t) }

// Detach is t without its gradient history (same memory).
func (t Tensor) Detach() Tensor { return opDetach.one(t) }

// Slice is from <= i < to along dim (a view).
func (t Tensor) Slice(dim, from, to int) Tensor { return opSlice.one(t, dim, from, to) }

// Select is index i along dim, which goes away (a view).
func (t Tensor) Select(dim, i int) Tensor { return opSelect.one(t, dim, i) }

// IndexSelect takes the entries index (int64, one dimension) along dim.
func (t Tensor) IndexSelect(dim int, index Tensor) Tensor { return opIndexSelect.one(t, dim, index) }

// ToDevice moves to device; t itself where it is there already.
func (t Tensor) ToDevice(device Device) Tensor { return opToDevice.one(t, nil, nil, device) }
