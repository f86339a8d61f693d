// The optimizers' steps out of libtorch's operators, in place. Means and sums are formed in double, as in the kernels.
#include <ATen/ATen.h>

#include "composed.h"

namespace kernels {
namespace composed {

at::Tensor square_sum(const at::Tensor& t) {
  const at::NoGradGuard no_grad;
  return at::linalg_vector_norm(t, 2, c10::nullopt, false, at::kDouble).square();
}

void adafactor(at::Tensor parameter, const at::Tensor& gradient, at::Tensor row, const MaybeTensor& column, float coefficient, float rate,
               float beta2, float epsilon, float threshold, float decay) {
  const at::NoGradGuard no_grad;
  at::Tensor update = gradient * coefficient;
  const at::Tensor squares = update.square().add_(epsilon);
  if (parameter.dim() == 2) {
    row.mul_(beta2).add_(squares.mean(1, false, at::kDouble).to(at::kFloat), 1 - beta2);
    column->mul_(beta2).add_(squares.mean(0, false, at::kDouble).to(at::kFloat), 1 - beta2);
    update.mul_(column->rsqrt()).mul_((row / row.mean(0, false, at::kDouble)).to(at::kFloat).rsqrt().unsqueeze(1));
  } else {
    row.mul_(beta2).add_(squares, 1 - beta2);
    update.mul_(row.rsqrt());
  }
  const at::Tensor rms = (square_sum(update) / double(parameter.numel())).sqrt();
  parameter.mul_(1 - decay * rate);
  parameter.sub_(update.mul_((rms / threshold).clamp_min(1).reciprocal().mul(rate).to(at::kFloat)));
}

void adamw(at::Tensor parameter, const at::Tensor& gradient, at::Tensor first, at::Tensor second, float coefficient, float size, float root,
           float shrink, float beta1, float beta2, float epsilon) {
  const at::NoGradGuard no_grad;
  const at::Tensor g = gradient * coefficient;
  first.mul_(beta1).add_(g, 1 - beta1);
  second.mul_(beta2).addcmul_(g, g, 1 - beta2);
  parameter.mul_(shrink).addcdiv_(first, second.sqrt().mul_(root).add_(epsilon), -size);
}

}  // namespace composed
}  // namespace kernels
