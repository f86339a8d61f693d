// Layers out of libtorch's operators.
#include "composed.h"

#include <ATen/ATen.h>
#include <torch/library.h>

#include <numeric>

namespace kernels {
namespace composed {

at::Tensor integers(const at::Tensor& t, const std::vector<int64_t>& values) {
  // From pinned memory the copy is one of the GPU's own works: from other memory it would wait for all before it.
  const auto options = at::TensorOptions().dtype(at::kLong).pinned_memory(t.is_cuda());
  at::Tensor out = at::empty({int64_t(values.size())}, options);
  if (!values.empty()) std::memcpy(out.data_ptr<int64_t>(), values.data(), values.size() * sizeof(int64_t));
  return out.to(t.device(), /*non_blocking=*/true);
}

namespace {

// drops says which values of [..., n] a dropout leaves out: where mask_row has 0. Examples, positions and heads are int64, of shapes
// that go together and end in 1. Philox's words are the low halves of int64; a product of two of them has its 64 bits, the sign's too.
at::Tensor drops(const Dropout& d, const at::Tensor& examples, const at::Tensor& positions, const at::Tensor& heads, int64_t n) {
  constexpr int64_t kLow = 0xffffffff;
  const auto options = positions.options();
  at::Tensor x0 = positions * 4096 + at::arange((n + 7) / 8, options), x1 = examples, x2 = at::full({1}, int64_t(d.step), options),
             x3 = heads + (int64_t(0x80000000u) | int64_t(d.site) << 12);
  uint32_t k0 = uint32_t(d.seed), k1 = uint32_t(d.seed >> 32);
  for (int round = 0; round < 10; round++) {
    const at::Tensor a = x0 * int64_t(0xD2511F53), b = x2 * int64_t(0xCD9E8D57);
    x0 = b.bitwise_right_shift(32).bitwise_and(kLow).bitwise_xor(x1).bitwise_xor(int64_t(k0));
    x2 = a.bitwise_right_shift(32).bitwise_and(kLow).bitwise_xor(x3).bitwise_xor(int64_t(k1));
    x1 = b.bitwise_and(kLow), x3 = a.bitwise_and(kLow);
    k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
  }
  const int64_t threshold = int64_t(d.p * 65536 + 0.5);
  std::vector<at::Tensor> eighths;
  for (const at::Tensor& x : {x0, x1, x2, x3}) {
    eighths.push_back(x.bitwise_and(0xffff).lt(threshold));
    eighths.push_back(x.bitwise_right_shift(16).lt(threshold));
  }
  return at::stack(eighths, -1).flatten(-2).narrow(-1, 0, n);
}

// drop is x without what is left out, the rest larger.
at::Tensor drop(const at::Tensor& x, const Dropout& d, const at::Tensor& out) { return (x * double(d.scale())).masked_fill(out, 0.0); }

// dropout is that of rows, which the sequences cover.
at::Tensor dropout(const at::Tensor& x, const Sequences& s, const Dropout& d) {
  if (d.p == 0) return x;
  std::vector<int64_t> examples, positions;
  for (int64_t i = 0; i < s.size(); i++)
    for (int64_t t = 0; t < s.length[i]; t++) examples.push_back(d.example(i)), positions.push_back(t);
  const at::Tensor place = integers(x, positions).unsqueeze(1);
  return drop(x, d, drops(d, integers(x, examples).unsqueeze(1), place, at::zeros({1}, place.options()), x.size(1)));
}

// Padded is where packed rows stand when every sequence takes as many places as the longest.
struct Padded {
  int64_t sequences, longest;
  at::Tensor rows;     // [sequences * longest]: the row at each place; behind a sequence's end, its last
  at::Tensor places;   // [rows]: the place of each row of a sequence
  at::Tensor lengths;  // [sequences]
  Padded(const at::Tensor& like, const Sequences& s) : sequences(s.size()), longest(0) {
    for (int32_t n : s.length) {
      TORCH_CHECK(n > 0, "kernels: attention of an empty sequence");
      longest = std::max<int64_t>(longest, n);
    }
    std::vector<int64_t> row, place;
    for (int64_t i = 0; i < sequences; i++)
      for (int64_t t = 0; t < longest; t++) {
        row.push_back(s.start[i] + std::min<int64_t>(t, s.length[i] - 1));
        if (t < s.length[i]) place.push_back(i * longest + t);
      }
    rows = integers(like, row), places = integers(like, place), lengths = integers(like, {s.length.begin(), s.length.end()});
  }
  // pad is packed rows [rows, heads * width] as [sequences, heads, longest, width].
  at::Tensor pad(const at::Tensor& x, int64_t heads) const {
    return x.index_select(0, rows).view({sequences, longest, heads, -1}).transpose(1, 2);
  }
  // pack is pad's inverse.
  at::Tensor pack(const at::Tensor& x) const { return x.transpose(1, 2).reshape({sequences * longest, -1}).index_select(0, places); }
};

}  // namespace

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double epsilon) {
  return x * x.square().mean(-1, true).add(epsilon).rsqrt() * weight;
}

at::Tensor dropout_add(const MaybeTensor& residual, const at::Tensor& x, const Sequences& s, const Dropout& d) {
  const at::Tensor y = dropout(x, s, d);
  return residual ? *residual + y : y;
}

at::Tensor gated_gelu(const at::Tensor& a, const at::Tensor& b, const Sequences& s, const Dropout& d) {
  return dropout(at::gelu(a, "tanh") * b, s, d);
}

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const MaybeTensor& bias, const Sequences& queries,
                     const Sequences& keys, const Dropout& d, int64_t heads, int64_t offset, bool causal) {
  if (queries.size() == 0) return at::zeros_like(q);
  const Padded from(q, queries), to(q, keys);
  const at::Tensor times = at::arange(from.longest, from.rows.options()), seen = at::arange(to.longest, from.rows.options());
  at::Tensor scores = at::matmul(from.pad(q, heads), to.pad(k, heads).transpose(2, 3));  // [sequences, heads, queries, keys]
  if (bias) {
    // Row t of [heads, queries, keys] is the bias from distance -offset - t on: a window of it that moves to the left.
    const int64_t reach = bias->size(1) / 2;
    scores = scores + bias->unfold(1, to.longest, 1).narrow(1, reach - offset - (from.longest - 1), from.longest).flip(1);
  }
  at::Tensor unseen = seen.ge(to.lengths.view({-1, 1, 1, 1}));
  if (causal) unseen = unseen.logical_or(seen.gt((times + offset).unsqueeze(1)));
  at::Tensor p = scores.masked_fill(unseen, -INFINITY).softmax(-1);
  if (d.p > 0) {
    const at::Tensor examples = integers(q, {d.examples.begin(), d.examples.end()});
    p = drop(p, d, drops(d, examples.view({-1, 1, 1, 1}), times.unsqueeze(1), at::arange(heads, times.options()).view({-1, 1, 1}), to.longest));
  }
  return from.pack(at::matmul(p, to.pad(v, heads)));
}

at::Tensor row_losses(at::Tensor z, const at::Tensor& labels, double smoothing, double scale) {
  const int64_t rows = z.size(0), n = z.size(1);
  const at::Tensor lse = z.logsumexp(1), wanted = z.gather(1, labels.unsqueeze(1)).squeeze(1), mean = z.mean(1, false, at::kDouble);
  z.sub_(lse.unsqueeze(1)).exp_().sub_(smoothing / double(n)).mul_(scale);
  const at::Tensor places = at::arange(rows, labels.options()) * n + labels;
  z.view({-1}).index_add_(0, places, at::full({rows}, -(1 - smoothing) * scale, z.options()));
  return (lse.to(at::kDouble) - wanted.to(at::kDouble) * (1 - smoothing) - mean * smoothing).sum();
}

}  // namespace composed

void compose(bool on) { compose_all = on; }

}  // namespace kernels

TORCH_LIBRARY_FRAGMENT(crosssum, m) { m.def("compose(bool on) -> ()", kernels::compose); }
