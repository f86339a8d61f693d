// One step of AdamW (Loshchilov and Hutter, "Decoupled weight decay regularization"), as torch.optim.AdamW takes it, in place.
#include <torch/library.h>

#include "composed.h"

namespace kernels {

void adamw(at::Tensor parameter, const at::Tensor& gradient, at::Tensor first, at::Tensor second, double coefficient, double rate, double beta1,
           double beta2, double epsilon, double decay, int64_t step) {
  at::Tensor g = gradient.contiguous();
  for (const at::Tensor& t : {parameter, g, first, second})
    TORCH_CHECK(t.device() == parameter.device() && t.scalar_type() == at::kFloat && t.is_contiguous() && t.sizes() == parameter.sizes(),
                "kernels: adamw wants contiguous fp32 on ", parameter.device(), " of ", parameter.sizes(), ", not ", t.toString(), " of ",
                t.sizes());
  const float shrink = float(1 - rate * decay), c = float(coefficient), b1 = float(beta1), b2 = float(beta2), eps = float(epsilon);
  const float size = float(rate / (1 - std::pow(beta1, double(step))));                       // m_hat = m / (1 - beta1^t)
  const float root = float(1 / std::sqrt(1 - std::pow(beta2, double(step))));                 // v_hat = v / (1 - beta2^t)
  if (composes(parameter)) return composed::adamw(parameter, g, first, second, c, size, root, shrink, b1, b2, eps);
  float *p = parameter.data_ptr<float>(), *m = first.data_ptr<float>(), *v = second.data_ptr<float>();
  const float* x = g.data_ptr<float>();
  at::parallel_for(0, parameter.numel(), 1 << 14, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++) {
      const float y = x[i] * c;
      m[i] = b1 * m[i] + (1 - b1) * y;
      v[i] = b2 * v[i] + (1 - b2) * y * y;
      p[i] = p[i] * shrink - size * m[i] / (std::sqrt(v[i]) * root + eps);
    }
  });
}

}  // namespace kernels

TORCH_LIBRARY_FRAGMENT(crosssum, m) {
  m.def(
      "adamw(Tensor(a!) parameter, Tensor gradient, Tensor(b!) first, Tensor(c!) second, float coefficient, float rate, float beta1, "
      "float beta2, float epsilon, float decay, int step) -> ()",
      kernels::adamw);
}
