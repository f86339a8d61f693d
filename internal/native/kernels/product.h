// Small matrix products for one attention head: everything fits the caches, so a register tile is all it takes.
#pragma once
#include "common.h"

namespace kernels {

// tile computes C[R, n] (+)= A[R, depth] B[depth, n] for n <= 16: R rows of two vectors stay in registers.
template <int R, bool Add>
inline void tile(int64_t n, int64_t depth, const float* a, int64_t lda, const float* b, int64_t ldb, float* c, int64_t ldc) {
  __m256 x[R], y[R];
  const int64_t second = n - 8;
  for (int r = 0; r < R; r++) {
    x[r] = Add ? load(c + r * ldc, n) : _mm256_setzero_ps();
    y[r] = Add && second > 0 ? load(c + r * ldc + 8, second) : _mm256_setzero_ps();
  }
  if (n == 16) {
    for (int64_t k = 0; k < depth; k++) {
      const __m256 u = _mm256_loadu_ps(b + k * ldb), v = _mm256_loadu_ps(b + k * ldb + 8);
      for (int r = 0; r < R; r++) {
        const __m256 f = _mm256_broadcast_ss(a + r * lda + k);
        x[r] = _mm256_fmadd_ps(f, u, x[r]), y[r] = _mm256_fmadd_ps(f, v, y[r]);
      }
    }
  } else {
    for (int64_t k = 0; k < depth; k++) {
      const __m256 u = load(b + k * ldb, n), v = second > 0 ? load(b + k * ldb + 8, second) : _mm256_setzero_ps();
      for (int r = 0; r < R; r++) {
        const __m256 f = _mm256_broadcast_ss(a + r * lda + k);
        x[r] = _mm256_fmadd_ps(f, u, x[r]), y[r] = _mm256_fmadd_ps(f, v, y[r]);
      }
    }
  }
  for (int r = 0; r < R; r++) {
    store(c + r * ldc, n, x[r]);
    if (second > 0) store(c + r * ldc + 8, second, y[r]);
  }
}

// product computes C[m, n] = A[m, depth] B[depth, n]; rows are lda, ldb, ldc floats apart.
inline void product(int64_t m, int64_t n, int64_t depth, const float* a, int64_t lda, const float* b, int64_t ldb, float* c, int64_t ldc) {
  for (int64_t j = 0; j < n; j += 16) {
    const int64_t w = std::min<int64_t>(16, n - j);
    int64_t i = 0;
    for (; i + 6 <= m; i += 6) tile<6, false>(w, depth, a + i * lda, lda, b + j, ldb, c + i * ldc + j, ldc);
    for (; i + 2 <= m; i += 2) tile<2, false>(w, depth, a + i * lda, lda, b + j, ldb, c + i * ldc + j, ldc);
    for (; i < m; i++) tile<1, false>(w, depth, a + i * lda, lda, b + j, ldb, c + i * ldc + j, ldc);
  }
}

// transpose8 is transpose for 8 x 8.
inline void transpose8(const float* x, int64_t ldx, float* out, int64_t stride) {
  __m256 r[8], t[8];
  for (int i = 0; i < 8; i++) r[i] = _mm256_loadu_ps(x + i * ldx);
  for (int i = 0; i < 8; i += 2) t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]), t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  for (int i = 0; i < 8; i += 4)
    for (int j = 0; j < 2; j++) {
      r[i + 2 * j] = _mm256_shuffle_ps(t[i + j], t[i + j + 2], 0x44);
      r[i + 2 * j + 1] = _mm256_shuffle_ps(t[i + j], t[i + j + 2], 0xee);
    }
  for (int i = 0; i < 4; i++) {
    _mm256_storeu_ps(out + i * stride, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
    _mm256_storeu_ps(out + (i + 4) * stride, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
  }
}

// transpose writes the rows x columns matrix at x as columns x rows, each row `stride` floats apart.
inline void transpose(int64_t rows, int64_t columns, const float* x, int64_t ldx, float* out, int64_t stride) {
  for (int64_t i = 0; i < rows; i += 8)
    for (int64_t j = 0; j < columns; j += 8) {
      if (rows - i >= 8 && columns - j >= 8) {
        transpose8(x + i * ldx + j, ldx, out + j * stride + i, stride);
        continue;
      }
      for (int64_t r = i; r < std::min(i + 8, rows); r++)
        for (int64_t c = j; c < std::min(j + 8, columns); c++) out[c * stride + r] = x[r * ldx + c];
    }
}

}  // namespace kernels
