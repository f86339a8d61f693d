// What the kernels share: checks, packed sequences, Philox masks, vector exp and tanh. AVX2 and FMA (-march=haswell).
#pragma once
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <immintrin.h>
#include <torch/csrc/autograd/custom_function.h>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace kernels {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;
using Ints = at::IntArrayRef;
using MaybeTensor = c10::optional<at::Tensor>;

// contiguous checks that t is an fp32 matrix (rows of packed tokens) and makes it contiguous.
inline at::Tensor contiguous(const at::Tensor& t, const char* name) {
  TORCH_CHECK(t.defined() && t.scalar_type() == at::kFloat && t.dim() == 2, "kernels: ", name, " must be an fp32 matrix, not ", t.toString(),
              " of ", t.sizes());
  return t.contiguous();
}

// together checks that t lies where the operator's first tensor does.
inline void together(const at::Tensor& first, const at::Tensor& t, const char* name) {
  TORCH_CHECK(t.device() == first.device(), "kernels: ", name, " lies on ", t.device(), ", and what it belongs to on ", first.device());
}

// A value that is no tensor, kept in the autograd graph.
template <class T>
struct Holder : torch::CustomClassHolder {
  T value;
  explicit Holder(T v) : value(std::move(v)) {}
};
template <class T>
c10::IValue hold(T v) {
  return c10::IValue::make_capsule(c10::intrusive_ptr<torch::CustomClassHolder>(c10::make_intrusive<Holder<T>>(std::move(v))));
}
template <class T>
const T& held(const c10::IValue& v) {
  return static_cast<Holder<T>*>(v.toCapsule().get())->value;
}

// rows of a task, so that one costs some tens of microseconds whatever its width
inline int64_t grain(int64_t width) { return std::max<int64_t>(1, 16384 / std::max<int64_t>(width, 1)); }

// ---- dropout ----

// Which mask a dropout draws: element e of row `position` of example x is kept if its 16 bits of
// Philox(counter {position << 12 | e / 8, x, step, 1 << 31 | site << 12 | head}, key seed) reach p * 65536. So a mask is a
// function of (seed, step, example, site, head, position): how a batch is cut and packed cannot change it.
struct Dropout {
  double p = 0;
  uint64_t seed = 0;
  uint32_t step = 0, site = 0;
  std::vector<int32_t> examples;  // [sequences] place of each sequence in the batch of the step
  Dropout(double p, int64_t seed, int64_t step, int64_t site, Ints examples, int64_t sequences)
      : p(p), seed(uint64_t(seed)), step(uint32_t(step)), site(uint32_t(site)), examples(examples.begin(), examples.end()) {
    TORCH_CHECK(p >= 0 && p < 1, "kernels: dropout rate ", p, " is not in [0, 1)");
    TORCH_CHECK(site >= 0 && site < 1 << 19, "kernels: dropout site ", site);
    TORCH_CHECK(p == 0 || int64_t(examples.size()) == sequences, "kernels: dropout needs an example number a sequence");
  }
  float scale() const { return float(1.0 / (1.0 - p)); }
  int32_t example(int64_t s) const { return p == 0 ? 0 : examples[s]; }
};

// 8 Philox4x32-10 blocks at once: counters {block0 + i, c1, c2, c3}, i = 0..7 -> 64 numbers of 16 bits.
inline void philox8(uint32_t block0, uint32_t c1, uint32_t c2, uint32_t c3, uint64_t key, uint16_t* out) {
  alignas(32) uint32_t x0[8], x1[8], x2[8], x3[8];
  for (int i = 0; i < 8; i++) x0[i] = block0 + i, x1[i] = c1, x2[i] = c2, x3[i] = c3;
  uint32_t k0 = uint32_t(key), k1 = uint32_t(key >> 32);
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 8; i++) {
      uint64_t a = uint64_t(0xD2511F53u) * x0[i], b = uint64_t(0xCD9E8D57u) * x2[i];
      uint32_t y0 = uint32_t(b >> 32) ^ x1[i] ^ k0, y2 = uint32_t(a >> 32) ^ x3[i] ^ k1;
      x1[i] = uint32_t(b), x3[i] = uint32_t(a), x0[i] = y0, x2[i] = y2;
    }
    k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
  }
  for (int i = 0; i < 8; i++) {
    const uint32_t words[4] = {x0[i], x1[i], x2[i], x3[i]};
    std::memcpy(out + 8 * i, words, 16);
  }
}

// mask_row writes what n values are multiplied with: 0, or 1 / (1 - p).
inline void mask_row(const Dropout& d, int32_t example, uint32_t head, uint32_t position, int64_t n, float* out) {
  if (d.p == 0) {
    for (int64_t i = 0; i < n; i++) out[i] = 1.f;
    return;
  }
  const uint32_t threshold = uint32_t(d.p * 65536 + 0.5);
  const float scale = d.scale();
  alignas(32) uint16_t bits[64];
  for (int64_t e = 0; e < n; e += 64) {
    philox8((position << 12) + uint32_t(e / 8), uint32_t(example), d.step, 0x80000000u | d.site << 12 | head, d.seed, bits);
    const int64_t m = std::min<int64_t>(64, n - e);
    for (int64_t i = 0; i < m; i++) out[e + i] = bits[i] >= threshold ? scale : 0.f;
  }
}

// Sequences packed in the rows of a tensor: sequence s is rows start[s] to start[s] + length[s] - 1.
struct Sequences {
  std::vector<int32_t> start, length;
  Sequences(Ints starts, Ints lengths, int64_t rows) {
    TORCH_CHECK(starts.size() == lengths.size(), "kernels: ", starts.size(), " starts for ", lengths.size(), " lengths");
    for (size_t i = 0; i < starts.size(); i++) {
      TORCH_CHECK(starts[i] >= 0 && lengths[i] >= 0 && lengths[i] < 1 << 15 && starts[i] <= rows - lengths[i], "kernels: sequence ", i,
                  " (", lengths[i], " rows from ", starts[i], ") lies outside its tensor of ", rows, " rows or exceeds 32,767");
      start.push_back(int32_t(starts[i])), length.push_back(int32_t(lengths[i]));
    }
  }
  int64_t size() const { return int64_t(start.size()); }
  void cover(int64_t rows) const {  // every row belongs to exactly one sequence, in order
    int64_t next = 0;
    for (size_t i = 0; i < start.size(); i++) {
      TORCH_CHECK(start[i] == next, "kernels: sequences must follow each other without a gap");
      next += length[i];
    }
    TORCH_CHECK(next == rows, "kernels: sequences have ", next, " rows, the tensor ", rows);
  }
};

// each_row calls f(row, sequence, position) for every row of every sequence, in parallel: equal shares of the rows, however long
// the sequences are. The sequences cover all rows.
template <class F>
void each_row(const Sequences& s, int64_t width, F f) {
  const int64_t rows = s.size() > 0 ? s.start.back() + s.length.back() : 0;
  at::parallel_for(0, rows, grain(width), [&](int64_t from, int64_t to) {
    int64_t i = std::upper_bound(s.start.begin(), s.start.end(), int32_t(from)) - s.start.begin() - 1;
    for (int64_t row = from; row < to; row++) {
      while (row >= s.start[i] + s.length[i]) i++;
      f(row, i, int32_t(row - s.start[i]));
    }
  });
}

// ---- vector arithmetic ----

// exp of 8 floats, relative error about 2e-7 (Cephes' polynomial); underflows to 0.
inline __m256 exp8(__m256 x) {
  const __m256 low = _mm256_set1_ps(-87.3f);
  const __m256 under = _mm256_cmp_ps(x, low, _CMP_LT_OQ);
  x = _mm256_min_ps(_mm256_max_ps(x, low), _mm256_set1_ps(88.3f));
  __m256 n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504088896341f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  x = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693359375f), x);
  x = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.12194440e-4f), x);
  __m256 y = _mm256_set1_ps(1.9875691500e-4f);
  y = _mm256_fmadd_ps(y, x, _mm256_set1_ps(1.3981999507e-3f));
  y = _mm256_fmadd_ps(y, x, _mm256_set1_ps(8.3334519073e-3f));
  y = _mm256_fmadd_ps(y, x, _mm256_set1_ps(4.1665795894e-2f));
  y = _mm256_fmadd_ps(y, x, _mm256_set1_ps(1.6666665459e-1f));
  y = _mm256_fmadd_ps(y, x, _mm256_set1_ps(5.0000001201e-1f));
  y = _mm256_fmadd_ps(y, _mm256_mul_ps(x, x), _mm256_add_ps(x, _mm256_set1_ps(1.f)));
  __m256i e = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
  return _mm256_andnot_ps(under, _mm256_mul_ps(y, _mm256_castsi256_ps(e)));
}

// tanh(x) = 1 - 2 / (exp(2x) + 1)
inline __m256 tanh8(__m256 x) {
  const __m256 one = _mm256_set1_ps(1.f), two = _mm256_set1_ps(2.f);
  __m256 e = exp8(_mm256_mul_ps(two, _mm256_max_ps(_mm256_min_ps(x, _mm256_set1_ps(20.f)), _mm256_set1_ps(-20.f))));
  return _mm256_sub_ps(one, _mm256_div_ps(two, _mm256_add_ps(e, one)));
}

// lanes loads and stores the last n < 8 values of a row.
inline __m256i lanes(int64_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(int(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
inline __m256 load(const float* p, int64_t n) { return n >= 8 ? _mm256_loadu_ps(p) : _mm256_maskload_ps(p, lanes(n)); }
inline void store(float* p, int64_t n, __m256 v) { n >= 8 ? _mm256_storeu_ps(p, v) : _mm256_maskstore_ps(p, lanes(n), v); }

inline float sum8(__m256 v) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}
inline float max8(__m256 v) {
  __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_max_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_max_ss(s, _mm_shuffle_ps(s, s, 1)));
}

// softmax in place over n values; returns max + log of the sum.
inline float softmax(float* x, int64_t n) {
  __m256 m = _mm256_set1_ps(-INFINITY);
  for (int64_t i = 0; i < n; i += 8) {
    __m256 v = load(x + i, n - i);
    if (n - i < 8) v = _mm256_blendv_ps(_mm256_set1_ps(-INFINITY), v, _mm256_castsi256_ps(lanes(n - i)));
    m = _mm256_max_ps(m, v);
  }
  const float top = max8(m);
  __m256 s = _mm256_setzero_ps();
  for (int64_t i = 0; i < n; i += 8) {
    __m256 v = exp8(_mm256_sub_ps(load(x + i, n - i), _mm256_set1_ps(top)));
    if (n - i < 8) v = _mm256_and_ps(v, _mm256_castsi256_ps(lanes(n - i)));
    store(x + i, n - i, v);
    s = _mm256_add_ps(s, v);
  }
  const float sum = sum8(s), inverse = 1.f / sum;
  for (int64_t i = 0; i < n; i += 8) store(x + i, n - i, _mm256_mul_ps(load(x + i, n - i), _mm256_set1_ps(inverse)));
  return top + std::log(sum);
}

}  // namespace kernels
