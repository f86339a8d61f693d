// Label-smoothed cross-entropy of a linear head without bias. Logits are made chunk by chunk and turned into their
// gradient in place, so that [tokens, vocabulary] never exists.
#include <ATen/ops/mm.h>
#include <c10/core/GradMode.h>
#include <torch/library.h>

#include "common.h"

namespace kernels {

constexpr int64_t kChunkValues = 4 << 20;  // logits of one chunk

// row_loss returns (1 - e) * -log p[label] + e * mean over the vocabulary of -log p, and turns z into its gradient * scale.
double row_loss(float* z, int64_t n, int64_t label, double e, float scale) {
  __m256 s = _mm256_setzero_ps();
  for (int64_t i = 0; i < n; i += 8) s = _mm256_add_ps(s, load(z + i, n - i));
  const double mean = double(sum8(s)) / double(n), wanted = z[label];
  const double lse = softmax(z, n);
  const float uniform = float(e / double(n));
  for (int64_t i = 0; i < n; i++) z[i] = (z[i] - uniform) * scale;
  z[label] -= float(1 - e) * scale;
  return lse - (1 - e) * wanted - e * mean;
}

struct HeadLoss : Function<HeadLoss> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& hidden, const at::Tensor& weight, Ints labels, double e, double scale,
                            bool grads) {
    const int64_t rows = hidden.size(0), n = weight.size(0), chunk = std::max<int64_t>(16, kChunkValues / n);
    at::Tensor dh, dw;
    if (grads) dh = at::empty_like(hidden), dw = at::zeros_like(weight);
    std::vector<double> losses(rows);
    for (int64_t from = 0; from < rows; from += chunk) {
      const int64_t m = std::min(chunk, rows - from);
      at::Tensor h = hidden.narrow(0, from, m), z = at::mm(h, weight.t());
      float* pz = z.data_ptr<float>();
      at::parallel_for(0, m, 1, [&](int64_t a, int64_t b) {
        for (int64_t r = a; r < b; r++) losses[from + r] = row_loss(pz + r * n, n, labels[from + r], e, float(scale));
      });
      if (grads) {
        at::Tensor into = dh.narrow(0, from, m);
        at::mm_out(into, z, weight);
        dw.addmm_(z.t(), h);
      }
    }
    double sum = 0;
    for (double l : losses) sum += l;
    if (grads) ctx->save_for_backward({dh, dw});
    at::Tensor out = at::empty({}, hidden.options());
    *out.data_ptr<float>() = float(sum * scale);
    return out;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    auto saved = ctx->get_saved_variables();
    const float g = *grads[0].contiguous().data_ptr<float>();
    if (g != 1.f) saved[0].mul_(g), saved[1].mul_(g);
    return {saved[0], saved[1], at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

at::Tensor head_loss(const at::Tensor& hidden, const at::Tensor& weight, Ints labels, double smoothing, double scale) {
  at::Tensor h = contiguous(hidden, "hidden"), w = contiguous(weight, "weight");
  TORCH_CHECK(h.size(1) == w.size(1) && int64_t(labels.size()) == h.size(0), "kernels: hidden ", h.sizes(), ", head ", w.sizes(), ", ",
              labels.size(), " labels");
  TORCH_CHECK(smoothing >= 0 && smoothing < 1, "kernels: label smoothing ", smoothing);
  for (int64_t l : labels) TORCH_CHECK(l >= 0 && l < w.size(0), "kernels: label ", l, " in a vocabulary of ", w.size(0));
  return HeadLoss::apply(h, w, labels, smoothing, scale, c10::GradMode::is_enabled() && (h.requires_grad() || w.requires_grad()));
}

}  // namespace kernels

TORCH_LIBRARY_FRAGMENT(crosssum, m) {
  m.def("head_loss(Tensor hidden, Tensor weight, int[] labels, float smoothing, float scale) -> Tensor", kernels::head_loss);
}
