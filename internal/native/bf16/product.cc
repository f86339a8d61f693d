// What training multiplies: c = a b of fp32 matrices, both rounded to bf16, sums in fp32; and a linear layer made of three of them. On
// a GPU these are libtorch's products of bf16, whose results are rounded to bf16 as well.
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mm.h>
#include <immintrin.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <atomic>

#include "linear.h"

namespace bf16 {
namespace {

// b is packed and multiplied block by block, so that it fits the caches. A value is the sum over its blocks of kDepth in their order.
constexpr int64_t kDepth = 2048, kBlockPanels = 64;

// Operand is a matrix: element (row, column) is p[row * ld + column], or p[column * ld + row] where it is turned.
struct Operand {
  const float* p;
  int64_t ld;
  bool turned;
  const float* at(int64_t row, int64_t column) const { return turned ? p + column * ld + row : p + row * ld + column; }
};

Operand operand(const at::Tensor& t) {
  TORCH_CHECK(t.device().is_cpu() && t.scalar_type() == at::kFloat && t.dim() == 2 && t.numel() > 0,
              "bf16: a product of fp32 matrices on the CPU, not of ", t.toString(), " of ", t.sizes());
  const bool turned = t.stride(1) != 1 && t.size(1) != 1;
  TORCH_CHECK(!turned || t.stride(0) == 1 || t.size(0) == 1, "bf16: a matrix with strides ", t.strides());
  return {t.data_ptr<float>(), turned ? t.stride(1) : t.stride(0), turned};
}

inline uint32_t pair(float low, float high) { return uint32_t(round(low)) | uint32_t(round(high)) << 16; }

// pairs8 rounds 16 floats to 8 pairs.
inline __m256i pairs8(const float* x) {
  __m256i half[2];
  for (int h = 0; h < 2; h++) {
    const __m256i u = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + 8 * h));
    const __m256i even = _mm256_and_si256(_mm256_srli_epi32(u, 16), _mm256_set1_epi32(1));
    const __m256i up = _mm256_srli_epi32(_mm256_add_epi32(u, _mm256_add_epi32(even, _mm256_set1_epi32(0x7fff))), 16);
    const __m256i nan = _mm256_or_si256(_mm256_srli_epi32(u, 16), _mm256_set1_epi32(0x40));
    const __m256 f = _mm256_castsi256_ps(u);
    half[h] = _mm256_blendv_epi8(up, nan, _mm256_castps_si256(_mm256_cmp_ps(f, f, _CMP_UNORD_Q)));
  }
  return _mm256_permute4x64_epi64(_mm256_packus_epi32(half[0], half[1]), 0xd8);
}

// pack8 writes 8 pairs of 8 columns, ld apart, to `to`, pair after pair.
inline void pack8(const float* x, int64_t ld, uint32_t* to) {
  __m256 r[8], t[8];
  for (int i = 0; i < 8; i++) r[i] = _mm256_castsi256_ps(pairs8(x + i * ld));
  for (int i = 0; i < 8; i += 2) t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]), t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  for (int i = 0; i < 8; i += 4)
    for (int j = 0; j < 2; j++) {
      r[i + 2 * j] = _mm256_shuffle_ps(t[i + j], t[i + j + 2], 0x44);
      r[i + 2 * j + 1] = _mm256_shuffle_ps(t[i + j], t[i + j + 2], 0xee);
    }
  for (int i = 0; i < 4; i++) {
    _mm256_storeu_ps(reinterpret_cast<float*>(to + i * kPanel), _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
    _mm256_storeu_ps(reinterpret_cast<float*>(to + (i + 4) * kPanel), _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
  }
}

// pack makes a panel: pairs of `depth` rows of b, `out` (at most kPanel) columns.
void pack(const Operand& b, int64_t row, int64_t column, int64_t depth, int64_t out, uint32_t* to) {
  const auto value = [&](int64_t k, int64_t o) { return k < depth && o < out ? *b.at(row + k, column + o) : 0.f; };
  const int64_t n = pairs(depth);
  if (!b.turned) {
    for (int64_t i = 0; i < n; i++, to += kPanel) {
      if (out == kPanel && 2 * i + 1 < depth) {
        const float *low = b.at(row + 2 * i, column), *high = b.at(row + 2 * i + 1, column);
        for (int64_t o = 0; o < kPanel; o++) to[o] = pair(low[o], high[o]);
      } else {
        for (int64_t o = 0; o < kPanel; o++) to[o] = pair(value(2 * i, o), value(2 * i + 1, o));
      }
    }
    return;
  }
  for (int64_t o = 0; o < kPanel; o += 8)
    for (int64_t i = 0; i < n; i += 8) {
      if (o + 8 <= out && 2 * (i + 8) <= depth) {
        pack8(b.at(row + 2 * i, column + o), b.ld, to + i * kPanel + o);
        continue;
      }
      for (int64_t k = i; k < std::min(i + 8, n); k++)
        for (int64_t c = o; c < o + 8; c++) to[k * kPanel + c] = pair(value(2 * k, c), value(2 * k + 1, c));
    }
}

std::atomic<bool> compose_all{false};  // only tests set it: the processor multiplies as a GPU does

void composed(at::Tensor c, const at::Tensor& left, const at::Tensor& right, bool add) {
  for (const at::Tensor& t : {c, left, right})
    TORCH_CHECK(t.scalar_type() == at::kFloat && t.dim() == 2, "bf16: a product of fp32 matrices, not of ", t.toString(), " of ", t.sizes());
  const at::Tensor product = at::mm(left.to(at::kBFloat16), right.to(at::kBFloat16));
  TORCH_CHECK(c.sizes() == product.sizes(), "bf16: ", left.sizes(), " times ", right.sizes(), " into ", c.sizes());
  add ? c.add_(product) : c.copy_(product);
}

// mm_ is c = a b, or c += a b. c [rows, out] may have its rows apart; a and b may be turned.
void mm_(at::Tensor c, const at::Tensor& left, const at::Tensor& right, bool add, bool native) {
  if (!c.device().is_cpu() || compose_all) return composed(c, left, right, add);
  const Operand a = operand(left), b = operand(right), result = operand(c);
  const int64_t rows = left.size(0), depth = left.size(1), out = right.size(1);
  TORCH_CHECK(right.size(0) == depth && c.size(0) == rows && c.size(1) == out && !result.turned, "bf16: ", left.sizes(), " times ",
              right.sizes(), " into ", c.sizes());
  const int64_t room = std::min(panels(out), kBlockPanels) * pairs(std::min(depth, kDepth)) * kPanel;
  at::Tensor packed = at::empty({room}, at::TensorOptions().dtype(at::kInt));
  auto* to = static_cast<uint32_t*>(packed.data_ptr());
  for (int64_t column = 0; column < out; column += kBlockPanels * kPanel)
    for (int64_t k = 0; k < depth; k += kDepth) {
      const int64_t wide = std::min(out - column, kBlockPanels * kPanel), deep = std::min(depth - k, kDepth);
      at::parallel_for(0, panels(wide), 1, [&](int64_t from, int64_t end) {
        for (int64_t p = from; p < end; p++)
          pack(b, k, column + p * kPanel, deep, std::min(wide - p * kPanel, kPanel), to + p * pairs(deep) * kPanel);
      });
      const Product product{wide, deep, a.at(0, k), a.ld, a.turned, to, c.data_ptr<float>() + column, result.ld, add || k > 0};
      at::parallel_for(0, rows, 16, [&](int64_t from, int64_t end) { native ? avx512(product, from, end) : plain(product, from, end); });
    }
}

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Layer is y = x weight^T; dx = g weight, dweight = g^T x.
struct Layer : torch::autograd::Function<Layer> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& weight, bool native) {
    at::Tensor y = at::empty({x.size(0), weight.size(0)}, x.options());
    mm_(y, x, weight.t(), false, native);
    ctx->save_for_backward({x, weight});
    ctx->saved_data["native"] = native;
    return y;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const bool native = ctx->saved_data["native"].toBool();
    const at::Tensor g = grads[0].contiguous(), &x = saved[0], &weight = saved[1];
    at::Tensor dx = at::empty_like(x), dw = at::empty_like(weight);
    mm_(dx, g, weight, false, native);
    mm_(dw, g.t(), x, false, native);
    return {dx, dw, at::Tensor()};
  }
};

at::Tensor layer(const at::Tensor& x, const at::Tensor& weight, bool native) {
  TORCH_CHECK(x.dim() == 2 && weight.dim() == 2 && x.size(1) == weight.size(1), "bf16: x of ", x.sizes(), ", weight of ", weight.sizes());
  return Layer::apply(x.contiguous(), weight, native);
}

}  // namespace
}  // namespace bf16

TORCH_LIBRARY_FRAGMENT(crosssum, m) {
  m.def("bf16_mm_(Tensor(a!) c, Tensor a, Tensor b, bool add, bool native) -> ()", bf16::mm_);
  m.def("bf16_compose(bool on) -> ()", [](bool on) { bf16::compose_all = on; });
  m.def("bf16_layer(Tensor x, Tensor weight, bool native) -> Tensor", bf16::layer);
}
