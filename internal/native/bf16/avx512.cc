// Products with vdpbf16ps: each lane adds two products of bf16 to a sum in fp32. A value is one sum over the inputs in their
// order, so it depends on its own row alone: not on the rows beside it, their number or the threads.
#include <immintrin.h>

#include "linear.h"
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")

namespace bf16 {
namespace {

constexpr int64_t kRows = 96;  // whose inputs stay in the cache while the weights pass by

// gelu is x (1 + erf(x / sqrt(2))) / 2; erf by Abramowitz and Stegun 7.1.28, absolute error below 4e-7.
inline __m512 gelu(__m512 x) {
  const __m512 one = _mm512_set1_ps(1.f), z = _mm512_mul_ps(_mm512_abs_ps(x), _mm512_set1_ps(0.70710678f));
  __m512 p = _mm512_set1_ps(0.0000430638f);
  p = _mm512_fmadd_ps(p, z, _mm512_set1_ps(0.0002765672f));
  p = _mm512_fmadd_ps(p, z, _mm512_set1_ps(0.0001520143f));
  p = _mm512_fmadd_ps(p, z, _mm512_set1_ps(0.0092705272f));
  p = _mm512_fmadd_ps(p, z, _mm512_set1_ps(0.0422820123f));
  p = _mm512_fmadd_ps(p, z, _mm512_set1_ps(0.0705230784f));
  p = _mm512_fmadd_ps(p, z, one);
  p = _mm512_mul_ps(p, p), p = _mm512_mul_ps(p, p), p = _mm512_mul_ps(p, p), p = _mm512_mul_ps(p, p);
  const __m512 tail = _mm512_div_ps(_mm512_set1_ps(.5f), p);  // the smaller of Phi(x) and Phi(-x)
  const __mmask16 negative = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ);
  return _mm512_mul_ps(x, _mm512_mask_blend_ps(negative, _mm512_sub_ps(one, tail), tail));
}

// finish writes 16 sums (fewer at the end of a row) of output `column` of a row.
inline void finish(const Linear& l, __m512 sum, int64_t row, int64_t column) {
  const int64_t left = l.out - column, at = row * l.out + column;
  if (left <= 0) return;
  const __mmask16 lanes = left >= 16 ? 0xffff : __mmask16((1u << left) - 1);
  sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(lanes, l.bias + column));
  if (l.gelu) sum = gelu(sum);
  if (l.residual) sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(lanes, l.residual + at));
  if (l.y) {
    _mm512_mask_storeu_ps(l.y + at, lanes, sum);
  } else {
    _mm256_mask_storeu_epi16(l.half + at, lanes, (__m256i)_mm512_cvtneps_pbh(sum));
  }
}

// tile computes R rows of one panel: all sums stay in registers. x has the pairs of inputs, row after row.
template <int R>
inline __attribute__((always_inline)) void tile(const Linear& l, const uint32_t* x, const uint32_t* weight, int64_t row, int64_t column) {
  const int64_t n = pairs(l.in);
  __m512 sum[R][3];
#pragma GCC unroll 8
  for (int r = 0; r < R; r++) sum[r][0] = sum[r][1] = sum[r][2] = _mm512_setzero_ps();
  for (int64_t i = 0; i < n; i++) {
    const __m512bh a = (__m512bh)_mm512_loadu_si512(weight + i * kPanel), b = (__m512bh)_mm512_loadu_si512(weight + i * kPanel + 16),
                   c = (__m512bh)_mm512_loadu_si512(weight + i * kPanel + 32);
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      const __m512bh f = (__m512bh)_mm512_set1_epi32(int(x[r * n + i]));
      sum[r][0] = _mm512_dpbf16_ps(sum[r][0], f, a);
      sum[r][1] = _mm512_dpbf16_ps(sum[r][1], f, b);
      sum[r][2] = _mm512_dpbf16_ps(sum[r][2], f, c);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; r++) {
    finish(l, sum[r][0], row + r, column);
    finish(l, sum[r][1], row + r, column + 16);
    finish(l, sum[r][2], row + r, column + 32);
  }
}

// Room is memory for rounded inputs, one a thread, grown to the widest layer that it meets.
struct Room {
  uint32_t* entries = nullptr;
  int64_t size = 0;
  ~Room() { delete[] entries; }
  uint32_t* of(int64_t n) {
    if (size < n) {
      delete[] entries;
      entries = nullptr, size = 0;
      entries = new uint32_t[n];
      size = n;
    }
    return entries;
  }
};

// gather rounds rows from to to into pairs of inputs at `out`.
void gather(const Linear& l, int64_t from, int64_t to, uint32_t* out) {
  for (int64_t row = from; row < to; row++, out += pairs(l.in)) {
    const float* x = l.x + row * l.in;
    uint16_t* o = reinterpret_cast<uint16_t*>(out);
    if (l.in % 2) o[l.in] = 0;
    for (int64_t i = 0; i < l.in; i += 16) {
      const __mmask16 lanes = l.in - i >= 16 ? 0xffff : __mmask16((1u << (l.in - i)) - 1);
      _mm256_mask_storeu_epi16(o + i, lanes, (__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(lanes, x + i)));
    }
  }
}

}  // namespace

void avx512(const Linear& l, int64_t from, int64_t to) {
  const int64_t n = pairs(l.in);
  static thread_local Room room;
  for (int64_t top = from; top < to; top += kRows) {
    const int64_t end = to - top < kRows ? to : top + kRows;
    const uint32_t* x = l.rounded ? reinterpret_cast<const uint32_t*>(l.rounded) + top * n : nullptr;
    if (!l.rounded) {
      uint32_t* rounded = room.of(kRows * n);
      gather(l, top, end, rounded);
      x = rounded;
    }
    for (int64_t panel = 0; panel < panels(l.out); panel++) {
      const uint32_t* weight = l.weight + panel * n * kPanel;
      const int64_t column = panel * kPanel;
      int64_t row = top;
      for (; row + 8 <= end; row += 8) tile<8>(l, x + (row - top) * n, weight, row, column);
      for (; row + 2 <= end; row += 2) tile<2>(l, x + (row - top) * n, weight, row, column);
      if (row < end) tile<1>(l, x + (row - top) * n, weight, row, column);
    }
  }
}

}  // namespace bf16
