// Label-smoothed cross-entropy of a linear head without bias. Logits are made chunk by chunk and turned into their
// gradient in place, so that [tokens, vocabulary] never exists.
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/mm.h>
#include <c10/core/GradMode.h>
#include <torch/library.h>

#include "composed.h"

namespace kernels {

// Logits of one chunk: 16 MiB; of large vocabularies as many rows as the head's weight is worth reading for (128 MB of 250,112).
constexpr int64_t kChunkValues = 4 << 20, kChunkRows = 128;

// Products are those of the head, in fp32 or of numbers rounded to bf16.
struct Products {
  bool bf16, native;
  // multiply is c = a b, or c += a b.
  void multiply(at::Tensor c, const at::Tensor& a, const at::Tensor& b, bool add) const {
    if (bf16) {
      static const auto mm = c10::Dispatcher::singleton().findSchemaOrThrow("crosssum::bf16_mm_", "")
                                 .typed<void(at::Tensor, const at::Tensor&, const at::Tensor&, bool, bool)>();
      mm.call(c, a, b, add, native);
    } else if (add) {
      c.addmm_(a, b);
    } else {
      at::mm_out(c, a, b);
    }
  }
};

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
                            bool grads, const Products& products) {
    const int64_t rows = hidden.size(0), n = weight.size(0), chunk = std::max<int64_t>(kChunkRows, kChunkValues / n);
    at::Tensor dh, dw, logits = at::empty({std::min(chunk, rows), n}, hidden.options());
    if (grads) dh = at::empty_like(hidden), dw = at::empty_like(weight);
    std::vector<double> losses(rows);
    const bool compose = composes(hidden);
    at::Tensor places, total;
    if (compose) places = composed::integers(hidden, labels.vec()), total = at::zeros({}, hidden.options().dtype(at::kDouble));
    for (int64_t from = 0; from < rows; from += chunk) {
      const int64_t m = std::min(chunk, rows - from);
      at::Tensor h = hidden.narrow(0, from, m), z = logits.narrow(0, 0, m);
      products.multiply(z, h, weight.t(), false);
      if (compose) {
        total.add_(composed::row_losses(z, places.narrow(0, from, m), e, scale));
      } else {
        float* pz = z.data_ptr<float>();
        at::parallel_for(0, m, 1, [&](int64_t a, int64_t b) {
          for (int64_t r = a; r < b; r++) losses[from + r] = row_loss(pz + r * n, n, labels[from + r], e, float(scale));
        });
      }
      if (grads) {
        products.multiply(dh.narrow(0, from, m), z, weight, false);
        products.multiply(dw, z.t(), h, from > 0);
      }
    }
    if (grads) ctx->save_for_backward({dh, dw});
    if (compose) return total.mul_(scale).to(at::kFloat);
    double sum = 0;
    for (double l : losses) sum += l;
    at::Tensor out = at::empty({}, hidden.options());
    *out.data_ptr<float>() = float(sum * scale);
    return out;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    auto saved = ctx->get_saved_variables();
    const at::Tensor& g = grads[0];
    if (composes(g) || *g.contiguous().data_ptr<float>() != 1.f) saved[0].mul_(g), saved[1].mul_(g);
    return {saved[0], saved[1], at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

at::Tensor head_loss(const at::Tensor& hidden, const at::Tensor& weight, Ints labels, double smoothing, double scale, bool bf16,
                     bool native) {
  at::Tensor h = contiguous(hidden, "hidden"), w = contiguous(weight, "weight");
  TORCH_CHECK(h.size(1) == w.size(1) && int64_t(labels.size()) == h.size(0), "kernels: hidden ", h.sizes(), ", head ", w.sizes(), ", ",
              labels.size(), " labels");
  together(h, w, "weight");
  TORCH_CHECK(smoothing >= 0 && smoothing < 1, "kernels: label smoothing ", smoothing);
  for (int64_t l : labels) TORCH_CHECK(l >= 0 && l < w.size(0), "kernels: label ", l, " in a vocabulary of ", w.size(0));
  return HeadLoss::apply(h, w, labels, smoothing, scale, c10::GradMode::is_enabled() && (h.requires_grad() || w.requires_grad()),
                         Products{bf16, native});
}

}  // namespace kernels

TORCH_LIBRARY_FRAGMENT(crosssum, m) {
  m.def("head_loss(Tensor hidden, Tensor weight, int[] labels, float smoothing, float scale, bool bf16, bool native) -> Tensor",
        kernels::head_loss);
}
