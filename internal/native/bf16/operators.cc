// The products as operators of libtorch.
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include "linear.h"

namespace bf16 {
namespace {

const float* floats(const at::Tensor& t, at::IntArrayRef shape, const char* name) {
  TORCH_CHECK(t.device().is_cpu() && t.scalar_type() == at::kFloat && t.is_contiguous() && t.sizes() == shape, "bf16: ", name,
              " must be fp32 of ", shape, " on the CPU, not ", t.toString(), " of ", t.sizes());
  return t.data_ptr<float>();
}

at::Tensor pack(const at::Tensor& weight) {
  TORCH_CHECK(weight.dim() == 2 && weight.size(0) > 0 && weight.size(1) > 0, "bf16: a weight of ", weight.sizes());
  const at::Tensor w = weight.contiguous();
  const int64_t out = w.size(0), in = w.size(1), n = pairs(in);
  const float* from = floats(w, {out, in}, "weight");
  at::Tensor packed = at::zeros({panels(out), n, 2 * kPanel}, w.options().dtype(at::kBFloat16));
  auto* to = static_cast<uint16_t*>(packed.data_ptr());
  for (int64_t o = 0; o < out; o++)
    for (int64_t i = 0; i < in; i++) to[((o / kPanel * n + i / 2) * kPanel + o % kPanel) * 2 + i % 2] = round(from[o * in + i]);
  return packed;
}

at::Tensor linear(const at::Tensor& input, const at::Tensor& packed, const at::Tensor& bias, const c10::optional<at::Tensor>& residual,
                  bool gelu, bool half, bool native) {
  const at::Tensor x = input.contiguous(), b = bias.contiguous();
  TORCH_CHECK(x.dim() == 2 && b.dim() == 1, "bf16: x of ", x.sizes(), ", bias of ", b.sizes());
  Linear l{};
  l.rows = x.size(0), l.in = x.size(1), l.out = b.size(0), l.gelu = gelu;
  TORCH_CHECK(packed.scalar_type() == at::kBFloat16 && packed.device().is_cpu() && packed.is_contiguous() &&
                  packed.sizes() == at::IntArrayRef({panels(l.out), pairs(l.in), 2 * kPanel}),
              "bf16: weight packed as ", packed.sizes(), " for ", l.in, " inputs and ", l.out, " outputs");
  l.weight = static_cast<const uint32_t*>(packed.data_ptr());
  l.bias = floats(b, {l.out}, "bias");
  if (x.scalar_type() == at::kBFloat16) {
    TORCH_CHECK(l.in % 2 == 0 && x.device().is_cpu(), "bf16: x of ", x.toString(), " ", x.sizes());
    l.rounded = static_cast<const uint16_t*>(x.data_ptr());
  } else {
    l.x = floats(x, {l.rows, l.in}, "x");
  }
  at::Tensor added;
  if (residual && residual->defined()) {
    added = residual->contiguous();
    l.residual = floats(added, {l.rows, l.out}, "residual");
  }
  at::Tensor y = at::empty({l.rows, l.out}, b.options().dtype(half ? at::kBFloat16 : at::kFloat));
  if (half) {
    l.half = static_cast<uint16_t*>(y.data_ptr());
  } else {
    l.y = y.data_ptr<float>();
  }
  at::parallel_for(0, l.rows, 96, [&](int64_t from, int64_t to) { native ? avx512(l, from, to) : plain(l, from, to); });
  return y;
}

}  // namespace
}  // namespace bf16

extern "C" int crosssum_bf16(void) { return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512dq") ? 1 : 0; }

TORCH_LIBRARY_FRAGMENT(crosssum, m) {
  m.def("bf16_pack(Tensor weight) -> Tensor", bf16::pack);
  m.def("bf16_linear(Tensor x, Tensor packed, Tensor bias, Tensor? residual, bool gelu, bool half, bool native) -> Tensor", bf16::linear);
}
