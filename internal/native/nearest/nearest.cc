// Pairs of blocks: what the products propose is scored exactly, best first, until nothing left can belong into a list.
//
// The bound. x = m + s q + e and y = n + t p + f, centres m, n, quanta s, t, bytes q, p. Then
//   x.y = x.n + (m.y - m.n) + s t q.p + (s q).f + e.(y - n) <= v = (x.n + |e| R) + (m.y - m.n + L |f|) + s t q.p
// with R the largest |y - n| and L the largest |s q| of the blocks. Added to both sides: 2^-20 of the terms of v, which fp32
// rounds, and of the score, which is rounded once; 2^-30 |x| |y| for what float64 rounds.
#include <float.h>
#include <immintrin.h>
#include <math.h>
#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>
#include "block.h"

namespace nearest {

constexpr int64_t group = 512;  // columns under one lock
constexpr int batch = 8;        // dot products at a time

struct Hit {
  int32_t row, column;
  float v;
};
using Hits = std::vector<Hit>;

namespace {

// dots computes batch float64 inner products with x, each in index order: the product of two fp32 is exact in float64, so
// that fused multiply-add gives the bits of a plain loop.
void dots(const float* x, const float* const* y, int64_t d, double* out) {
  __m256d sum[2] = {_mm256_setzero_pd(), _mm256_setzero_pd()};
  int64_t k = 0;
  for (; k + 4 <= d; k += 4) {
    const __m256d f = _mm256_cvtps_pd(_mm_loadu_ps(x + k));
    const __m256d f0 = _mm256_permute4x64_pd(f, 0x00), f1 = _mm256_permute4x64_pd(f, 0x55);
    const __m256d f2 = _mm256_permute4x64_pd(f, 0xaa), f3 = _mm256_permute4x64_pd(f, 0xff);
    for (int g = 0; g < 2; g++) {
      const __m256d a = _mm256_cvtps_pd(_mm_loadu_ps(y[4 * g] + k)), b = _mm256_cvtps_pd(_mm_loadu_ps(y[4 * g + 1] + k));
      const __m256d c = _mm256_cvtps_pd(_mm_loadu_ps(y[4 * g + 2] + k)), e = _mm256_cvtps_pd(_mm_loadu_ps(y[4 * g + 3] + k));
      const __m256d ab02 = _mm256_unpacklo_pd(a, b), ab13 = _mm256_unpackhi_pd(a, b);
      const __m256d ce02 = _mm256_unpacklo_pd(c, e), ce13 = _mm256_unpackhi_pd(c, e);
      sum[g] = _mm256_fmadd_pd(f0, _mm256_permute2f128_pd(ab02, ce02, 0x20), sum[g]);
      sum[g] = _mm256_fmadd_pd(f1, _mm256_permute2f128_pd(ab13, ce13, 0x20), sum[g]);
      sum[g] = _mm256_fmadd_pd(f2, _mm256_permute2f128_pd(ab02, ce02, 0x31), sum[g]);
      sum[g] = _mm256_fmadd_pd(f3, _mm256_permute2f128_pd(ab13, ce13, 0x31), sum[g]);
    }
  }
  _mm256_storeu_pd(out, sum[0]);
  _mm256_storeu_pd(out + 4, sum[1]);
  for (; k < d; k++)
    for (int c = 0; c < batch; c++) out[c] = fma(double(x[k]), double(y[c][k]), out[c]);
}

bool before(const crosssum_neighbour& a, const crosssum_neighbour& b) {
  return a.score != b.score ? a.score > b.score : a.place < b.place;
}

// add puts n into the list of row i where it belongs; one that is in it already stays once.
void add(crosssum_block* x, int64_t i, crosssum_neighbour n) {
  crosssum_neighbour* const list = x->lists + i * x->keep;
  int32_t& count = x->counts[i];
  int64_t at = count;
  while (at > 0 && before(n, list[at - 1])) at--;
  if (at == x->keep || (at > 0 && list[at - 1].place == n.place && list[at - 1].score == n.score)) return;
  if (count < x->keep) count++;
  std::copy_backward(list + at, list + count - 1, list + count);
  list[at] = n;
}

// dot32 is the inner product in fp32, in some order: off by at most gamma_d |x| |y|, gamma_d = d u / (1 - d u), u = 2^-24
// (Higham, "Accuracy and stability of numerical algorithms", 3.1).
float dot32(const float* x, const float* y, int64_t d) {
  __m256 sum[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
  int64_t k = 0;
  for (; k + 32 <= d; k += 32)
    for (int64_t c = 0; c < 4; c++) sum[c] = _mm256_fmadd_ps(_mm256_loadu_ps(x + k + 8 * c), _mm256_loadu_ps(y + k + 8 * c), sum[c]);
  alignas(32) float lanes[8];
  _mm256_store_ps(lanes, _mm256_add_ps(_mm256_add_ps(sum[0], sum[1]), _mm256_add_ps(sum[2], sum[3])));
  float total = 0;
  for (float lane : lanes) total += lane;
  for (; k < d; k++) total += x[k] * y[k];
  return total;
}

// offer scores n <= batch rows of y exactly and adds them to the list of row i of x. Those whose fp32 score is below the
// last of a full list by more than `slack` are passed over.
int offer(crosssum_block* x, int64_t i, const crosssum_block* y, const int32_t* at, int n, double slack) {
  const float* const query = x->vectors + i * x->d;
  const float* vectors[batch];
  int32_t kept[batch];
  double scores[batch];
  int m = 0;
  const bool full = x->counts[i] == x->keep;
  const double least = full ? double(x->lists[(i + 1) * x->keep - 1].score) - slack : 0;
  for (int c = 0; c < n; c++)  // they lie anywhere: fetch the beginnings together, the processor fetches on
    for (int64_t k = 0; k < std::min<int64_t>(x->d, 128); k += 16) __builtin_prefetch(y->vectors + at[c] * y->d + k);
  for (int c = 0; c < n; c++) {
    const float* const vector = y->vectors + at[c] * y->d;
    if (!full || dot32(query, vector, x->d) >= least) vectors[m] = vector, kept[m++] = at[c];
  }
  if (m == 0) return 0;
  for (int c = m; c < batch; c++) vectors[c] = vectors[0];
  dots(query, vectors, x->d, scores);
  for (int c = 0; c < m; c++) add(x, i, {y->places[kept[c]], float(scores[c])});
  return m;
}

float down(double x) { return nextafterf(float(x), -INFINITY); }

// set_floor: what cannot reach the last of a full list is of no interest.
void set_floor(crosssum_block* x, int64_t i) {
  Inside& in = inside(x);
  in.floor[i] = in.wanted[i] = -FLT_MAX;
  if (x->counts[i] < x->keep) return;
  in.floor[i] = x->lists[(i + 1) * x->keep - 1].score;
  in.wanted[i] = down(double(in.floor[i]) - in.upper[i]);
}

struct Largest {
  double loss = 0, length = 0, rest = 0, norm = 0, offset = 0;
};

Largest largest(const crosssum_block* b) {
  Largest l;
  const Inside& in = inside(b);
  for (int64_t i = 0; i < b->rows; i++) {
    l.loss = std::max(l.loss, in.loss[i]), l.length = std::max(l.length, in.length[i]);
    l.rest = std::max(l.rest, in.rest[i]), l.norm = std::max(l.norm, in.norm[i]);
    l.offset = std::max(l.offset, double(fabsf(in.offset[i])));
  }
  return l;
}

// prepare sets every row's term of the bound against a block with the maxima o, and the first thresholds.
void prepare(crosssum_block* b, const Largest& o, bool lists) {
  Inside& in = inside(b);
  const double du = ldexp(double(b->d), -24), gamma = 2 * du / (1 - du);  // twice what dot32 needs, for the last rounding
  for (int64_t i = 0; i < b->rows; i++) {
    const double lost = in.columns ? o.length * in.loss[i] : in.loss[i] * o.rest;
    const double terms = fabs(in.offset[i]) + o.offset + (in.length[i] + in.loss[i]) * (o.length + o.loss);
    in.upper[i] = -down(-(in.offset[i] + lost * (1 + 1e-6) + ldexp(terms, -20) + ldexp(in.norm[i] * o.norm, -30)));
    in.slack[i] = gamma * in.norm[i] * o.norm;
    in.count[i] = 0;
    set_floor(b, i);
    if (!lists) in.wanted[i] = INFINITY;
  }
  for (int64_t i = b->rows; i < (b->rows + padding - 1) / padding * padding + padding; i++)
    in.upper[i] = -INFINITY, in.wanted[i] = INFINITY;
}

}  // namespace
}  // namespace nearest

using namespace nearest;

struct crosssum_pair {
  crosssum_block *rows, *columns;
  bool for_rows, for_columns, same;
  std::unique_ptr<std::mutex[]> locks;
  std::atomic<int64_t> exact{0};
  std::atomic<bool> failed{false};
};

namespace nearest {

// settle scores the candidates of row i that wait: the best few, by which the threshold rises, then the rest. Unless
// `all`, a rest that leaves half of the room may wait on.
static void settle(crosssum_pair* p, crosssum_block* x, int64_t i, const crosssum_block* y, bool all) {
  Inside& in = inside(x);
  Candidate* const c = in.waiting + i * in.room;
  int64_t n = in.count[i], exact = 0;
  const auto consider = [&](int64_t from, int64_t to) {
    int32_t at[batch];
    while (from < to) {
      int m = 0;
      for (; m < batch && from < to; from++)
        if (c[from].v >= in.floor[i]) at[m++] = c[from].at;
      exact += offer(x, i, y, at, m, in.slack[i]);
      set_floor(x, i);
    }
  };
  const int64_t best = std::min(n, x->keep);
  if (best < n) std::nth_element(c, c + best, c + n, [](const Candidate& a, const Candidate& b) { return a.v > b.v; });
  consider(0, best);
  Candidate* const end = std::remove_if(c + best, c + n, [&](const Candidate& a) { return a.v < in.floor[i]; });
  n = end - c;
  if (all || n - best > in.room / 2) {
    consider(best, n);
    in.count[i] = 0;
  } else {
    std::copy(c + best, end, c);
    in.count[i] = int32_t(n - best);
  }
  p->exact.fetch_add(exact, std::memory_order_relaxed);
}

static inline void push(crosssum_pair* p, crosssum_block* x, int64_t i, const crosssum_block* y, int64_t at, float v) {
  Inside& in = inside(x);
  if (v < in.floor[i] || (p->same && x->places[i] == y->places[at])) return;
  if (in.norm[i] * inside(y).norm[at] == 0 && x->counts[i] == x->keep && before(x->lists[(i + 1) * x->keep - 1], {y->places[at], 0}))
    return;  // the score of a zero vector needs no product
  in.waiting[i * in.room + in.count[i]++] = {v, int32_t(at)};
  if (in.count[i] == in.room) settle(p, x, i, y, false);
}

void hit_row(void* pair, int64_t i, int64_t j, float v) {
  auto* p = static_cast<crosssum_pair*>(pair);
  push(p, p->rows, i, p->columns, j, v);
}

void hit_column(void* sink, int64_t i, int64_t j, float v) {
  static_cast<Hits*>(sink)->push_back({int32_t(i), int32_t(j), v});
}

static void scan(crosssum_pair* p, int64_t from, int64_t to) {
  const Inside &a = inside(p->rows), &b = inside(p->columns);
  const Side rows = {a.bytes, a.scale, a.upper, a.bias, a.wanted}, columns = {b.bytes, b.scale, b.upper, nullptr, b.wanted};
  const int64_t tall = a.set->rows, wide = a.set->columns, last = (to + tall - 1) / tall * tall;
  Hits hits;
  hits.reserve(4096);
  for (int64_t first = 0; first < p->columns->rows; first += group) {
    const int64_t end = std::min(first + group, p->columns->rows);
    a.set->multiply(rows, columns, a.depth, from, last, first / wide, (end + wide - 1) / wide, p, &hits);
    if (hits.empty()) continue;
    std::lock_guard<std::mutex> hold(p->locks[first / group]);
    for (const Hit& h : hits) push(p, p->columns, h.column, p->rows, h.row, h.v);
    hits.clear();
  }
  if (!p->for_rows) return;
  for (int64_t i = from; i < to; i++) settle(p, p->rows, i, p->columns, true);
}

}  // namespace nearest

extern "C" {

crosssum_pair* crosssum_pair_new(crosssum_block* rows, crosssum_block* columns, int for_rows, int for_columns, int same) {
  try {
    std::unique_ptr<crosssum_pair> p(new crosssum_pair());
    p->rows = rows, p->columns = columns, p->for_rows = for_rows, p->for_columns = for_columns, p->same = same;
    p->locks.reset(new std::mutex[columns->rows / group + 1]);
    const Largest r = largest(rows), c = largest(columns);
    prepare(rows, c, p->for_rows);
    prepare(columns, r, p->for_columns);
    return p.release();
  } catch (...) {
    return nullptr;
  }
}

void crosssum_pair_scan(crosssum_pair* p, int64_t from, int64_t to) {
  try {
    scan(p, from, to);
  } catch (...) {  // out of memory for hits
    p->failed = true;
  }
}

void crosssum_pair_finish(crosssum_pair* p, int64_t from, int64_t to) {
  if (!p->for_columns) return;
  for (int64_t j = from; j < to; j++) settle(p, p->columns, j, p->rows, true);
}

int64_t crosssum_pair_free(crosssum_pair* p) {
  const int64_t exact = p->failed ? -1 : p->exact.load();
  delete p;
  return exact;
}

void crosssum_offer(crosssum_block* x, const crosssum_block* y, int64_t from, int64_t rows, const int64_t* found, int64_t width, int same) {
  for (int64_t q = 0; q < rows; q++) {
    int32_t at[batch];
    int m = 0;
    for (int64_t c = 0; c < width; c++) {
      const int64_t j = found[q * width + c];
      if (j < 0 || j >= y->rows || (same && x->places[from + q] == y->places[j])) continue;
      at[m++] = int32_t(j);
      if (m == batch) offer(x, from + q, y, at, m, INFINITY), m = 0;
    }
    if (m > 0) offer(x, from + q, y, at, m, INFINITY);
  }
}

}  // extern "C"
