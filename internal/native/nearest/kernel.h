// The product of signed bytes of some rows with unsigned bytes of panels of columns, and the comparison of what comes out
// with the thresholds of both sides. Written once over a type of vector; an instruction set gives that type.
#pragma once
#include <stdint.h>
#include <string.h>

namespace nearest {

// Side is what the products need of a block. A product is at most v = scale_i scale_j q_i q_j + offset_i + offset_j.
struct Side {
  const void* bytes;      // rows: int8 [rows, depth]; columns: uint8 [panels, depth / 4, width of a panel, 4], plus a bias
  const float* scale;     // quantum
  const float* offset;    // what centring took away and quantization may have
  const int32_t* bias;    // rows: bias of the columns' bytes times the sum of the row's
  const float* wanted;    // columns: v - offset_j that is of interest; rows: v - offset_i
};

// Where products of interest go; in nearest.cc.
void hit_row(void* pair, int64_t i, int64_t j, float v);
void hit_column(void* sink, int64_t i, int64_t j, float v);

// multiply scans rows from..to-1 (a multiple of V::rows) against panels first..last-1. depth: bytes a row, a multiple of 4.
template <class V>
static void multiply(const Side& a, const Side& b, int64_t depth, int64_t from, int64_t to, int64_t first, int64_t last, void* pair, void* sink) {
  using Int = typename V::Int;
  using Float = typename V::Float;
  constexpr int M = V::rows, H = V::halves, L = V::lanes;
  const uint8_t* const columns = static_cast<const uint8_t*>(b.bytes);
  const int8_t* const rows = static_cast<const int8_t*>(a.bytes);
  for (int64_t p = first; p < last; p++) {
    const uint8_t* const panel = columns + p * depth * (H * L);
    for (int64_t i = from; i < to; i += M) {
      Int sum[M][H];
#pragma GCC unroll 16
      for (int r = 0; r < M; r++)
#pragma GCC unroll 4
        for (int h = 0; h < H; h++) sum[r][h] = V::set(-a.bias[i + r]);
      const int8_t* const row = rows + i * depth;
      for (int64_t k = 0; k < depth; k += 4) {
        Int u[H];
#pragma GCC unroll 4
        for (int h = 0; h < H; h++) u[h] = V::load(panel + k * (H * L) + h * L * 4);
#pragma GCC unroll 16
        for (int r = 0; r < M; r++) {
          int32_t four;
          memcpy(&four, row + r * depth + k, 4);
          const Int s = V::set(four);
#pragma GCC unroll 4
          for (int h = 0; h < H; h++) sum[r][h] = V::add_products(sum[r][h], u[h], s);
        }
      }
      alignas(64) int32_t sums[M][H * L];
#pragma GCC unroll 16
      for (int r = 0; r < M; r++)
#pragma GCC unroll 4
        for (int h = 0; h < H; h++) V::storei(sums[r] + h * L, sum[r][h]);
      for (int r = 0; r < M; r++) {
        const float offset = a.offset[i + r];
        const Float scale = V::setf(a.scale[i + r]), mine = V::setf(offset), wanted = V::setf(a.wanted[i + r]);
        for (int h = 0; h < H; h++) {
          const int64_t j = (p * H + h) * L;
          const Float f = V::mul(V::mul(V::convert(V::load(sums[r] + h * L)), V::loadf(b.scale + j)), scale);
          uint32_t row_hits = V::reach(V::plus(f, V::loadf(b.offset + j)), wanted);
          uint32_t column_hits = V::reach(V::plus(f, mine), V::loadf(b.wanted + j));
          if (__builtin_expect(row_hits | column_hits, 0)) {
            alignas(64) float values[L];
            V::store(values, f);
            for (; row_hits; row_hits &= row_hits - 1) {
              const int at = __builtin_ctz(row_hits);
              hit_row(pair, i + r, j + at, values[at] + offset + b.offset[j + at]);
            }
            for (; column_hits; column_hits &= column_hits - 1) {
              const int at = __builtin_ctz(column_hits);
              hit_column(sink, i + r, j + at, values[at] + offset + b.offset[j + at]);
            }
          }
        }
      }
    }
  }
}

// Instructions is what an instruction set offers. `levels`: bytes of columns are q + levels + 1, |q| <= levels.
struct Instructions {
  const char* name;
  int rows, columns, levels;
  void (*multiply)(const Side&, const Side&, int64_t, int64_t, int64_t, int64_t, int64_t, void*, void*);
};
extern const Instructions avx2, avx512vnni;

}  // namespace nearest
