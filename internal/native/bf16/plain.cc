// The same products on any processor, for tests of what bf16 does to results.
#include <math.h>

#include "linear.h"

namespace bf16 {
namespace {

inline float widen(uint32_t bits) {
  bits <<= 16;
  float f;
  memcpy(&f, &bits, 4);
  return f;
}

}  // namespace

void plain(const Linear& l, int64_t from, int64_t to) {
  const int64_t n = pairs(l.in);
  for (int64_t row = from; row < to; row++) {
    for (int64_t panel = 0; panel < panels(l.out); panel++) {
      float sum[kPanel] = {};
      for (int64_t i = 0; i < l.in; i++) {
        const uint32_t* w = l.weight + (panel * n + i / 2) * kPanel;
        const float x = widen(l.rounded ? l.rounded[row * l.in + i] : round(l.x[row * l.in + i]));
        const int shift = i % 2 ? 16 : 0;
        for (int64_t j = 0; j < kPanel; j++) sum[j] += x * widen(w[j] >> shift & 0xffff);
      }
      for (int64_t j = 0; j < kPanel && panel * kPanel + j < l.out; j++) {
        const int64_t column = panel * kPanel + j, at = row * l.out + column;
        float v = sum[j] + l.bias[column];
        if (l.gelu) v = float(v * 0.5 * (1 + erf(v * 0.70710678118654752)));
        if (l.residual) v += l.residual[at];
        if (l.y) {
          l.y[at] = v;
        } else {
          l.half[at] = round(v);
        }
      }
    }
  }
}

void plain(const Product& p, int64_t from, int64_t to) {
  const int64_t n = pairs(p.depth);
  for (int64_t row = from; row < to; row++) {
    for (int64_t panel = 0; panel < panels(p.out); panel++) {
      float sum[kPanel] = {};
      for (int64_t k = 0; k < p.depth; k++) {
        const uint32_t* b = p.b + (panel * n + k / 2) * kPanel;
        const float a = widen(round(p.turned ? p.a[k * p.lda + row] : p.a[row * p.lda + k]));
        const int shift = k % 2 ? 16 : 0;
        for (int64_t j = 0; j < kPanel; j++) sum[j] += a * widen(b[j] >> shift & 0xffff);
      }
      float* c = p.c + row * p.ldc + panel * kPanel;
      for (int64_t j = 0; j < kPanel && panel * kPanel + j < p.out; j++) c[j] = p.add ? c[j] + sum[j] : sum[j];
    }
  }
}

}  // namespace bf16
