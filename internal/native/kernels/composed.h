// The operators out of libtorch's own, for tensors of any device: what a GPU runs, and, where a test asks for it, the processor.
// Their backward passes are autograd's. Equations, arguments and dropout masks (bit for bit) are those of the kernels.
#pragma once
#include <atomic>

#include "common.h"

namespace kernels {

inline std::atomic<bool> compose_all{false};  // only tests set it

// composes says whether an operator on t is composed.
inline bool composes(const at::Tensor& t) { return !t.device().is_cpu() || compose_all; }

namespace composed {

// integers are values as int64 on the device of t; a GPU is not waited for.
at::Tensor integers(const at::Tensor& t, const std::vector<int64_t>& values);

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double epsilon);
at::Tensor dropout_add(const MaybeTensor& residual, const at::Tensor& x, const Sequences& s, const Dropout& d);
at::Tensor gated_gelu(const at::Tensor& a, const at::Tensor& b, const Sequences& s, const Dropout& d);
// bias [heads, 2 reach + 1] or none
at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const MaybeTensor& bias, const Sequences& queries,
                     const Sequences& keys, const Dropout& d, int64_t heads, int64_t offset, bool causal);

// row_losses is the sum of the rows' losses, a double, and turns logits z [rows, vocabulary] into their gradient times scale.
at::Tensor row_losses(at::Tensor z, const at::Tensor& labels, double smoothing, double scale);

// The optimizers' arguments are floats, as in the kernels: 1 - 0.999f is not 0.001.
void adafactor(at::Tensor parameter, const at::Tensor& gradient, at::Tensor row, const MaybeTensor& column, float coefficient, float rate,
               float beta2, float epsilon, float threshold, float decay);
void adamw(at::Tensor parameter, const at::Tensor& gradient, at::Tensor first, at::Tensor second, float coefficient, float size, float root,
           float shrink, float beta1, float beta2, float epsilon);
at::Tensor square_sum(const at::Tensor& t);  // a double

}  // namespace composed
}  // namespace kernels
