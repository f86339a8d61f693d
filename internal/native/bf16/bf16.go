// Package bf16 multiplies with weights and inputs rounded to bf16 and adds up in fp32: twice the rate of fp32 on processors
// that have such an instruction (avx512_bf16), some hundred times slower on others, where only tests want it. What only reads
// weights packs them once (Pack, Linear, Gelu); training, whose weights change, multiplies matrices as they are (Layer).
package bf16

// #cgo CXXFLAGS: -O3 -march=haswell
// #cgo LDFLAGS: -lstdc++
// int crosssum_bf16(void);
import "C"

import "crosssum/internal/native/torch"

// Native tells whether the processor has the instruction.
func Native() bool { return C.crosssum_bf16() != 0 }

var (
	opPack   = torch.Custom("crosssum::bf16_pack")
	opLinear = torch.Custom("crosssum::bf16_linear")
	opLayer  = torch.Custom("crosssum::bf16_layer")

	opCompose = torch.Custom("crosssum::bf16_compose")
)

// Pack rounds a weight [out, in] and orders it for Linear and Gelu.
func Pack(weight torch.Tensor) torch.Tensor { return opPack.One(weight) }

// Linear is x weight^T + bias + residual in fp32, [rows, out]. x [rows, in] is fp32, or what Gelu gave; residual may be the
// zero Tensor. A row of the result depends on the same row of x and residual alone.
func Linear(x, packed, bias, residual torch.Tensor) torch.Tensor {
	return opLinear.One(x, packed, bias, residual, false, false, Native())
}

// Gelu is gelu(x weight^T + bias) rounded to bf16, [rows, out], as the input of another Linear; out must be even then.
func Gelu(x, packed, bias torch.Tensor) torch.Tensor {
	return opLinear.One(x, packed, bias, nil, true, true, Native())
}

// Layer is x weight^T in fp32, [rows, out], with gradients for both, products of rounded matrices too. x [rows, in] and weight
// [out, in] are fp32: the weight that an optimizer changes keeps all its bits. On a GPU the products are rounded to bf16 as well.
func Layer(x, weight torch.Tensor) torch.Tensor { return opLayer.One(x, weight, Native()) }

// Compose (called inside torch.Do) makes Layer multiply on the processor as on a GPU, with libtorch's products: for tests.
func Compose(on bool) { opCompose.Run(on) }
