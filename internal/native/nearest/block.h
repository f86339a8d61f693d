// What nearest.cc and quantize.cc share: a block's insides.
#pragma once
#include "kernel.h"
#include "nearest.h"

namespace nearest {

constexpr int64_t padding = 64;  // rows beyond the last that kernels may touch: no product with them is wanted

// Candidate is a row of the other block whose product, at most v, may belong into a list.
struct Candidate {
  float v;
  int32_t at;
};

// Inside is a block quantized for one side of a product: x = own + scale q + e, |e| <= loss.
struct Inside {
  const Instructions* set = nullptr;
  bool columns = false;
  int64_t depth = 0;       // d rounded up to 4
  int64_t room = 0;        // candidates that may wait
  int8_t* bytes = nullptr; // kernel.h's layouts
  float *scale = nullptr, *offset = nullptr, *wanted = nullptr;
  int32_t* bias = nullptr;
  double *loss = nullptr, *length = nullptr, *rest = nullptr, *norm = nullptr;  // |e|, |scale q|, |x - own|, |x|
  float* upper = nullptr;        // offset, and what this side adds to the bound against the other block
  double* slack = nullptr;       // of an fp32 score
  float* floor = nullptr;        // least v that is of interest
  Candidate* waiting = nullptr;  // [capacity, room]
  int32_t* count = nullptr;      // of those
};

inline Inside& inside(crosssum_block* b) { return *static_cast<Inside*>(b->inside); }
inline const Inside& inside(const crosssum_block* b) { return *static_cast<const Inside*>(b->inside); }

const Instructions* instructions();

}  // namespace nearest
