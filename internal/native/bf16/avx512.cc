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

// lanes are the first `left` of 16, at most all.
inline __mmask16 lanes(int64_t left) { return left >= 16 ? 0xffff : __mmask16((1u << left) - 1); }

// Layer writes the sums of a tile of a linear layer whose first row is `row`, 16 at a time (fewer at the end of a row).
struct Layer {
  const Linear& l;
  int64_t row, column;
  inline __attribute__((always_inline)) void operator()(int r, int j, __m512 sum) const {
    const int64_t from = column + 16 * j, left = l.out - from, at = (row + r) * l.out + from;
    if (left <= 0) return;
    const __mmask16 there = lanes(left);
    sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(there, l.bias + from));
    if (l.gelu) sum = gelu(sum);
    if (l.residual) sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(there, l.residual + at));
    if (l.y) {
      _mm512_mask_storeu_ps(l.y + at, there, sum);
    } else {
      _mm256_mask_storeu_epi16(l.half + at, there, (__m256i)_mm512_cvtneps_pbh(sum));
    }
  }
};

// Sums writes those of a product, or adds them to what is there.
struct Sums {
  const Product& p;
  int64_t row, column;
  inline __attribute__((always_inline)) void operator()(int r, int j, __m512 sum) const {
    const int64_t from = column + 16 * j, left = p.out - from;
    if (left <= 0) return;
    const __mmask16 there = lanes(left);
    float* c = p.c + (row + r) * p.ldc + from;
    if (p.add) sum = _mm512_add_ps(_mm512_maskz_loadu_ps(there, c), sum);
    _mm512_mask_storeu_ps(c, there, sum);
  }
};

// tile computes R rows of one panel of n pairs: all sums stay in registers. x has the pairs of inputs, row after row; turned:
// pair after pair, each of kRows rows.
template <int R, bool turned, class Done>
inline __attribute__((always_inline)) void tile(int64_t n, const uint32_t* x, const uint32_t* weight, const Done& done) {
  __m512 sum[R][3];
#pragma GCC unroll 8
  for (int r = 0; r < R; r++) sum[r][0] = sum[r][1] = sum[r][2] = _mm512_setzero_ps();
  for (int64_t i = 0; i < n; i++) {
    const __m512bh a = (__m512bh)_mm512_loadu_si512(weight + i * kPanel), b = (__m512bh)_mm512_loadu_si512(weight + i * kPanel + 16),
                   c = (__m512bh)_mm512_loadu_si512(weight + i * kPanel + 32);
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      const __m512bh f = (__m512bh)_mm512_set1_epi32(int(turned ? x[i * kRows + r] : x[r * n + i]));
      sum[r][0] = _mm512_dpbf16_ps(sum[r][0], f, a);
      sum[r][1] = _mm512_dpbf16_ps(sum[r][1], f, b);
      sum[r][2] = _mm512_dpbf16_ps(sum[r][2], f, c);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
    for (int j = 0; j < 3; j++) done(r, j, sum[r][j]);
}

// block computes rows from to to, whose pairs lie at x, of all panels: the pairs stay in the cache while the weights pass by.
template <class Done, bool turned, class Task>
inline void block(const Task& task, int64_t n, int64_t out, const uint32_t* weight, const uint32_t* x, int64_t from, int64_t to) {
  const int64_t apart = turned ? 1 : n;
  for (int64_t panel = 0; panel < panels(out); panel++, weight += n * kPanel) {
    const int64_t column = panel * kPanel;
    int64_t row = from;
    for (; row + 8 <= to; row += 8) tile<8, turned>(n, x + (row - from) * apart, weight, Done{task, row, column});
    for (; row + 2 <= to; row += 2) tile<2, turned>(n, x + (row - from) * apart, weight, Done{task, row, column});
    if (row < to) tile<1, turned>(n, x + (row - from) * apart, weight, Done{task, row, column});
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

// gather rounds rows of `in` values, lda apart, into pairs of inputs at `out`, row after row.
void gather(const float* x, int64_t lda, int64_t in, int64_t rows, uint32_t* out) {
  for (int64_t row = 0; row < rows; row++, x += lda, out += pairs(in)) {
    uint16_t* o = reinterpret_cast<uint16_t*>(out);
    if (in % 2) o[in] = 0;
    for (int64_t i = 0; i < in; i += 16)
      _mm256_mask_storeu_epi16(o + i, lanes(in - i), (__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(lanes(in - i), x + i)));
  }
}

// turn is gather for a matrix whose columns are the rows that are wanted: pair i of row r goes to out[i * kRows + r].
void turn(const float* x, int64_t lda, int64_t in, int64_t rows, uint32_t* out) {
  for (int64_t i = 0; i < in; i += 2, x += 2 * lda, out += kRows)
    for (int64_t r = 0; r < rows; r += 16) {
      const __mmask16 there = lanes(rows - r), second = i + 1 < in ? there : 0;
      const __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(there, x + r)));
      const __m512i high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(second, x + lda + r)));
      _mm512_mask_storeu_epi32(out + r, there, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
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
      gather(l.x + top * l.in, l.in, l.in, end - top, rounded);
      x = rounded;
    }
    block<Layer, false>(l, n, l.out, l.weight, x, top, end);
  }
}

void avx512(const Product& p, int64_t from, int64_t to) {
  const int64_t n = pairs(p.depth);
  static thread_local Room room;
  uint32_t* x = room.of(kRows * n);
  for (int64_t top = from; top < to; top += kRows) {
    const int64_t end = to - top < kRows ? to : top + kRows;
    if (p.turned) {
      turn(p.a + top, p.lda, p.depth, end - top, x);
      block<Sums, true>(p, n, p.out, p.b, x, top, end);
    } else {
      gather(p.a + top * p.lda, p.lda, p.depth, end - top, x);
      block<Sums, false>(p, n, p.out, p.b, x, top, end);
    }
  }
}

}  // namespace bf16
