// Blocks of vectors and their quantization to bytes, with the length of what is lost.
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <algorithm>
#include <atomic>
#include <memory>
#include <new>
#include "block.h"

namespace nearest {
namespace {

template <class T>
bool reserve(T*& to, int64_t n) {
  const size_t bytes = (size_t(n) * sizeof(T) + 63) / 64 * 64;
  to = static_cast<T*>(aligned_alloc(64, bytes));
  return to != nullptr;
}

const Instructions* best() {
  if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq"))
    return &avx512vnni;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &avx2;
  return nullptr;
}

std::atomic<const Instructions*> chosen{best()};

// quantize writes q = round(x - own / scale) for one row and what there is to know of it.
// v of rows x, y with centres m, n:  x.y = x.n + (m.y - m.n) + (x - m).(y - n).
struct Row {
  double scale, loss, length, rest, norm, offset;
  int32_t sum;
};

Row quantize(const float* x, const float* own, const float* across, int64_t d, int levels, bool columns, int8_t* q) {
  Row r{};
  float largest = 0;
  double across_x = 0, across_own = 0, norm = 0;
#pragma omp simd reduction(max : largest) reduction(+ : across_x, across_own, norm)
  for (int64_t k = 0; k < d; k++) {
    largest = std::max(largest, fabsf(x[k] - own[k]));
    across_x += double(x[k]) * across[k];
    across_own += double(own[k]) * across[k];
    norm += double(x[k]) * x[k];
  }
  const float scale = largest > 0 ? largest / levels : 1.f;
  const float inverse = 1.f / scale;
  double loss = 0, length = 0, rest = 0;
  int32_t sum = 0;
#pragma omp simd reduction(+ : loss, length, rest, sum)
  for (int64_t k = 0; k < d; k++) {
    const float limit = float(levels);
    const float rounded = std::min(limit, std::max(-limit, rintf((x[k] - own[k]) * inverse)));
    q[k] = int8_t(rounded);
    sum += int32_t(rounded);
    const double residual = double(x[k]) - own[k], kept = double(scale) * rounded;
    loss += (residual - kept) * (residual - kept);
    length += kept * kept;
    rest += residual * residual;
  }
  r.scale = scale, r.loss = sqrt(loss), r.length = sqrt(length), r.rest = sqrt(rest), r.norm = sqrt(norm), r.sum = sum;
  r.offset = columns ? across_x - across_own : across_x;
  return r;
}

}  // namespace

const Instructions* instructions() { return chosen.load(); }

}  // namespace nearest

using namespace nearest;

extern "C" {

const char* crosssum_nearest_instructions(void) { return instructions() ? instructions()->name : ""; }

void crosssum_nearest_force(const char* name) {
  chosen = !strcmp(name, avx2.name) ? &avx2 : !strcmp(name, "none") ? nullptr : best();
}

crosssum_block* crosssum_block_new(int64_t capacity, int64_t d, int64_t keep) {
  auto* b = static_cast<crosssum_block*>(calloc(1, sizeof(crosssum_block)));
  auto* in = new (std::nothrow) Inside();
  if (!b || !in) {
    free(b);
    delete in;
    return nullptr;
  }
  b->capacity = capacity, b->d = d, b->keep = keep, b->inside = in;
  in->depth = (d + 3) / 4 * 4, in->room = 64 + 4 * keep;
  const int64_t n = (capacity + padding - 1) / padding * padding + padding;
  const bool whole = reserve(b->vectors, capacity * d) && reserve(b->places, n) && reserve(b->lists, capacity * keep) &&
                     reserve(b->counts, n) && reserve(in->bytes, n * in->depth) && reserve(in->scale, n) &&
                     reserve(in->offset, n) && reserve(in->wanted, n) && reserve(in->bias, n) && reserve(in->loss, n) &&
                     reserve(in->length, n) && reserve(in->rest, n) && reserve(in->norm, n) && reserve(in->upper, n) && reserve(in->slack, n) &&
                    
                     reserve(in->floor, n) && reserve(in->count, n) && reserve(in->waiting, capacity * in->room);
  if (!whole) {
    crosssum_block_free(b);
    return nullptr;
  }
  return b;
}

void crosssum_block_free(crosssum_block* b) {
  if (!b) return;
  Inside& in = inside(b);
  for (void* p : {static_cast<void*>(b->vectors), static_cast<void*>(b->places), static_cast<void*>(b->lists),
                  static_cast<void*>(b->counts), static_cast<void*>(in.bytes), static_cast<void*>(in.scale),
                  static_cast<void*>(in.offset), static_cast<void*>(in.wanted), static_cast<void*>(in.bias),
                  static_cast<void*>(in.loss), static_cast<void*>(in.length), static_cast<void*>(in.rest),
                  static_cast<void*>(in.norm), static_cast<void*>(in.upper), static_cast<void*>(in.slack), static_cast<void*>(in.floor),
                  static_cast<void*>(in.count), static_cast<void*>(in.waiting)})
    free(p);
  delete &in;
  free(b);
}

void crosssum_block_quantize(crosssum_block* b, int columns, const float* own, const float* across, int64_t from, int64_t to) {
  Inside& in = inside(b);
  in.set = instructions(), in.columns = columns != 0;
  const int64_t depth = in.depth, width = in.set->columns;
  const int levels = columns ? in.set->levels : 127;
  const std::unique_ptr<int8_t[]> row(new int8_t[depth]());
  const int64_t end = to == b->rows ? (to + padding - 1) / padding * padding + padding : to;
  for (int64_t i = from; i < end; i++) {
    Row r{};
    if (i < to) {
      r = quantize(b->vectors + i * b->d, own, across, b->d, levels, in.columns, row.get());
    } else {  // beyond the last row: nothing reaches a threshold
      r.offset = -INFINITY;
      memset(row.get(), 0, depth);
    }
    in.scale[i] = float(r.scale), in.offset[i] = float(r.offset), in.bias[i] = (in.set->levels + 1) * r.sum;
    in.loss[i] = r.loss, in.length[i] = r.length, in.rest[i] = r.rest, in.norm[i] = r.norm;
    if (!columns) {
      memcpy(in.bytes + i * depth, row.get(), depth);
      continue;
    }
    int8_t* const panel = in.bytes + i / width * width * depth + i % width * 4;
    for (int64_t k = 0; k < depth; k += 4)
      for (int64_t c = 0; c < 4; c++) panel[k * width + c] = int8_t(uint8_t(row[k + c] + in.set->levels + 1));
  }
}

}  // extern "C"
