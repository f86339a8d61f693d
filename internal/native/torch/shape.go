package torch

import "math"

// Making tensors, and their shapes, parts and types.

var (
	opZeros, opFull, opArange   = op("zeros"), op("full"), op("arange.start_step")
	opZerosLike, opEmptyLike    = op("zeros_like"), op("empty_like")
	opNewZeros                  = op("new_zeros")
	opEmpty, opNormal_          = op("empty.memory_format"), op("normal_")
	opTranspose, opPermute      = op("transpose.int"), op("permute")
	opView, opReshape           = op("view"), op("reshape")
	opContiguous, opClone       = op("contiguous"), op("clone")
	opExpand, opUnsqueeze       = op("expand"), op("unsqueeze")
	opSqueeze, opSlice          = op("squeeze.dim"), op("slice.Tensor")
	opIndexSelect, opGather     = op("index_select"), op("gather")
	opCat, opStack              = op("cat"), op("stack")
	opToDType, opToDevice       = op("to.dtype"), op("to.dtype_layout")
	opDetach, opSelect          = op("detach"), op("select.int")
	opTriu, opRepeat, opCumsum  = op("triu"), op("repeat_interleave.self_int"), op("cumsum")
	opMaskedSelect, opIndexAdd_ = op("masked_select"), op("index_add_")
)

// Zeros of type dtype.
func Zeros(dtype DType, shape ...int) Tensor { return opZeros.one(shape, dtype) }

// Normal_ fills t with draws from N(0, std^2) of libtorch's own generator: for measurements, not for what must repeat.
func (t Tensor) Normal_(std float64) { opNormal_.in(t, 0.0, std) }

// Full of one value.
func Full(x float64, dtype DType, shape ...int) Tensor { return opFull.one(shape, x, dtype) }

// Arange is from, from+1, ..., to-1 as int64.
func Arange(from, to int) Tensor { return opArange.one(from, to, 1, Int64) }

// ZerosLike has t's shape, type and device.
func (t Tensor) ZerosLike() Tensor { return opZerosLike.one(t) }

// NewZeros has t's type and device, and a shape of its own.
func (t Tensor) NewZeros(shape ...int) Tensor { return opNewZeros.one(t, shape) }

// Transpose swaps two dimensions (a view).
func (t Tensor) Transpose(a, b int) Tensor { return opTranspose.one(t, a, b) }

// Permute orders the dimensions anew (a view).
func (t Tensor) Permute(dims ...int) Tensor { return opPermute.one(t, dims) }

// View is the same memory in another shape; one -1 is computed. Fails where the memory does not allow it.
func (t Tensor) View(shape ...int) Tensor { return opView.one(t, shape) }

// Reshape is View where possible, a copy elsewhere.
func (t Tensor) Reshape(shape ...int) Tensor { return opReshape.one(t, shape) }

// Expand repeats dimensions of length 1 without copying; -1 leaves one as it is.
func (t Tensor) Expand(shape ...int) Tensor { return opExpand.one(t, shape) }

// Unsqueeze adds a dimension of length 1.
func (t Tensor) Unsqueeze(dim int) Tensor { return opUnsqueeze.one(t, dim) }

// Squeeze removes dimension dim if its length is 1.
func (t Tensor) Squeeze(dim int) Tensor { return opSqueeze.one(t, dim) }

// Contiguous is t in row-major memory.
func (t Tensor) Contiguous() Tensor { return opContiguous.one(t) }

// Clone is a copy.
func (t Tensor) Clone() Tensor { return opClone.one(t) }

// Detach is t without its gradient history (same memory).
func (t Tensor) Detach() Tensor { return opDetach.one(t) }

// Slice is from <= i < to along dim (a view).
func (t Tensor) Slice(dim, from, to int) Tensor { return opSlice.one(t, dim, from, to) }

// Select is index i along dim, which goes away (a view).
func (t Tensor) Select(dim, i int) Tensor { return opSelect.one(t, dim, i) }

// IndexSelect takes the entries index (int64, one dimension) along dim.
func (t Tensor) IndexSelect(dim int, index Tensor) Tensor { return opIndexSelect.one(t, dim, index) }

// Gather takes along dim the entry that index names at each place.
func (t Tensor) Gather(dim int, index Tensor) Tensor { return opGather.one(t, dim, index) }

// RepeatInterleave repeats each entry along dim.
func (t Tensor) RepeatInterleave(repeats, dim int) Tensor { return opRepeat.one(t, repeats, dim) }

// Cumsum is the running sum along dim.
func (t Tensor) Cumsum(dim int) Tensor { return opCumsum.one(t, dim) }

// MaskedSelect is the values where mask holds, in row-major order, in one dimension.
func (t Tensor) MaskedSelect(mask Tensor) Tensor { return opMaskedSelect.one(t, mask) }

// Triu keeps the values on and above diagonal d and zeroes the rest.
func (t Tensor) Triu(d int) Tensor { return opTriu.one(t, d) }

// Cat joins along an existing dimension.
func Cat(dim int, parts ...Tensor) Tensor { return opCat.one(parts, dim) }

// Stack joins along a new dimension.
func Stack(dim int, parts ...Tensor) Tensor { return opStack.one(parts, dim) }

// To converts the values to dtype; t itself where it has it already.
func (t Tensor) To(dtype DType) Tensor { return opToDType.one(t, dtype) }

// ToDevice moves to device; t itself where it is there already.
func (t Tensor) ToDevice(device Device) Tensor { return opToDevice.one(t, nil, nil, device) }

// CausalMask is [n, n] of float32: 0 on and below the diagonal, minus infinity above.
func CausalMask(n int) Tensor { return Full(math.Inf(-1), Float32, n, n).Triu(1) }
