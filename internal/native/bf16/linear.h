// What the products' two versions share. Nothing here may instantiate a template of the C++ library: the version for AVX-512
// would put its instructions into code that every processor runs.
#pragma once
#include <stdint.h>
#include <string.h>

namespace bf16 {

// A weight [out, in] is kept in panels of kPanel outputs: panel, pair of inputs, output; each entry is the weights of inputs
// 2 i and 2 i + 1, rounded to bf16, the first one in the low half. Outputs and inputs that are missing are zeros.
constexpr int64_t kPanel = 48;

inline int64_t pairs(int64_t in) { return (in + 1) / 2; }
inline int64_t panels(int64_t out) { return (out + kPanel - 1) / kPanel; }

// Linear is y = f(x weight^T + bias) + residual on some rows, f the identity or gelu (by erf).
struct Linear {
  int64_t rows, in, out;
  const float* x;            // [rows, in], or null and
  const uint16_t* rounded;   // [rows, in] of bf16, in even
  const uint32_t* weight;    // [panels(out), pairs(in), kPanel]
  const float* bias;         // [out]
  const float* residual;     // [rows, out] or null
  float* y;                  // [rows, out], or null and
  uint16_t* half;            // [rows, out] of bf16
  bool gelu;
};

// Product is c = a b, or c += a b: what training multiplies, whose operands are both new every time.
struct Product {
  int64_t out, depth;
  const float* a;     // element (row, k) is a[row * lda + k], or a[k * lda + row] where it is turned
  int64_t lda;
  bool turned;
  const uint32_t* b;  // [panels(out), pairs(depth), kPanel], like a weight
  float* c;           // rows ldc apart
  int64_t ldc;
  bool add;
};

// round is to the nearest, ties to even, as the processor does it for numbers that are not denormal.
inline uint16_t round(float f) {
  uint32_t u;
  memcpy(&u, &f, 4);
  if ((u & 0x7fffffffu) > 0x7f800000u) return uint16_t(u >> 16) | 0x40;  // not a number stays that
  return uint16_t((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

void avx512(const Linear& l, int64_t from, int64_t to);  // rows from to to; only where the processor has avx512_bf16
void plain(const Linear& l, int64_t from, int64_t to);   // on any processor, slowly
void avx512(const Product& p, int64_t from, int64_t to);
void plain(const Product& p, int64_t from, int64_t to);

}  // namespace bf16
