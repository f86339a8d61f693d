// T5 attention over packed sequences, forward and backward, one head of one sequence a task. Probabilities are never
// kept: the backward pass computes them again, dropout masks included.
#include <torch/library.h>

#include "composed.h"
#include "product.h"

namespace kernels {

struct Attention {
  Sequences queries, keys;
  Dropout dropout;
  int64_t heads, width, reach, offset;
  bool causal, biased;
  // Tasks in which order: all heads of a sequence, whose rows are then still near; or, so that several threads get equal
  // shares, all sequences of a head.
  bool by_sequence = at::get_num_threads() == 1;

  int64_t tasks() const { return heads * queries.size(); }
  int64_t stride() const { return heads * width; }
};

// apart is how far rows of n floats lie apart in scratch: an odd number of cache lines, so that a column of them spreads over the
// whole cache. (The rows of a head in a packed tensor are a power of two apart and share some few of its sets.)
inline int64_t apart(int64_t n) { return ((n + 15) / 16 | 1) * 16; }

// Scratch of one thread, grown to the longest sequence it meets.
struct Scratch {
  std::vector<float> keys, values, scores, masks, grads, turned, rows[3];
  static float* room(std::vector<float>& v, int64_t n) {
    if (int64_t(v.size()) < n) v.resize(n);
    return v.data();
  }
  // copy is n rows of a head, `width` wide, in scratch.
  const float* copy(int which, int64_t n, int64_t width, const float* x, int64_t stride) {
    float* out = room(rows[which], n * apart(width));
    for (int64_t r = 0; r < n; r++) std::memcpy(out + r * apart(width), x + r * stride, width * sizeof(float));
    return out;
  }
};

// One task: pointers to the first row of this head.
struct Head {
  const Attention& a;
  int64_t s, h, Q, K, pitch;  // sequence, head, queries, keys, floats between rows of scores
  const float *q, *k, *v, *bias;

  Head(const Attention& a, int64_t task, const float* q, const float* k, const float* v, const float* bias)
      : a(a), s(a.by_sequence ? task / a.heads : task % a.queries.size()), h(a.by_sequence ? task % a.heads : task / a.queries.size()),
        Q(a.queries.length[s]), K(a.keys.length[s]), pitch(apart(K)),
        q(q + query_row()), k(k + key_row()), v(v + key_row()), bias(bias ? bias + h * (2 * a.reach + 1) + a.reach - a.offset : nullptr) {}

  int64_t query_row() const { return a.queries.start[s] * a.stride() + h * a.width; }
  int64_t key_row() const { return a.keys.start[s] * a.stride() + h * a.width; }
  // seen is how many keys query t sees.
  int64_t seen(int64_t t) const { return a.causal ? std::min<int64_t>(K, t + a.offset + 1) : K; }

  // probabilities fills scores [Q, pitch] with softmax(q k^T + bias).
  float* probabilities(Scratch& scratch) const {
    float* turned = Scratch::room(scratch.keys, a.width * pitch);
    float* p = Scratch::room(scratch.scores, Q * pitch);
    transpose(K, a.width, k, a.stride(), turned, pitch);
    product(Q, K, a.width, q, a.stride(), turned, pitch, p, pitch);
    for (int64_t t = 0; t < Q; t++) {
      float* row = p + t * pitch;
      const int64_t n = seen(t);
      if (bias)
        for (int64_t i = 0; i < n; i++) row[i] += bias[i - t];
      softmax(row, n);
      for (int64_t i = n; i < pitch; i++) row[i] = 0.f;
    }
    return p;
  }
  void mask(int64_t t, float* out) const { mask_row(a.dropout, a.dropout.example(s), uint32_t(h), uint32_t(t), K, out); }
};

void forward_task(const Head& head, Scratch& scratch, float* out) {
  const Attention& a = head.a;
  float* p = head.probabilities(scratch);
  if (a.dropout.p > 0) {
    float* mask = Scratch::room(scratch.masks, head.pitch);
    for (int64_t t = 0; t < head.Q; t++) {
      head.mask(t, mask);
      for (int64_t i = 0; i < head.K; i++) p[t * head.pitch + i] *= mask[i];
    }
  }
  const bool few = head.Q < 8;  // decoding token by token: values are read once, as they lie
  const float* v = few ? head.v : scratch.copy(0, head.K, a.width, head.v, a.stride());
  product(head.Q, a.width, head.K, p, head.pitch, v, few ? a.stride() : apart(a.width), out + head.query_row(), a.stride());
}

// dV = Pd^T dO; dP = mask (dO V^T); dS = P (dP - sum(dP P)); dQ = dS K; dK = dS^T Q; dbias gathers dS by distance.
void backward_task(const Head& head, Scratch& scratch, const float* g, float* dq, float* dk, float* dv, float* dbias) {
  const Attention& a = head.a;
  const int64_t Q = head.Q, K = head.K, pitch = head.pitch, stride = a.stride(), near = apart(a.width);
  float* p = head.probabilities(scratch);
  float* values = Scratch::room(scratch.values, a.width * pitch);
  float* d = Scratch::room(scratch.grads, Q * pitch);
  float* masks = Scratch::room(scratch.masks, Q * pitch);
  float* turned = Scratch::room(scratch.turned, K * Q);
  g = scratch.copy(0, Q, a.width, g + head.query_row(), stride);
  const float *q = scratch.copy(1, Q, a.width, head.q, stride), *k = scratch.copy(2, K, a.width, head.k, stride);
  transpose(K, a.width, head.v, stride, values, pitch);
  product(Q, K, a.width, g, near, values, pitch, d, pitch);
  for (int64_t t = 0; t < Q; t++) {
    float *pr = p + t * pitch, *dr = d + t * pitch, *m = masks + t * pitch;
    head.mask(t, m);
    __m256 sum = _mm256_setzero_ps();
    for (int64_t i = 0; i < K; i += 8) {
      const __m256 x = _mm256_mul_ps(load(dr + i, K - i), load(m + i, K - i));
      store(dr + i, K - i, x);
      sum = _mm256_fmadd_ps(x, load(pr + i, K - i), sum);
    }
    const float dot = sum8(sum);
    for (int64_t i = 0; i < K; i++) {
      dr[i] = pr[i] * (dr[i] - dot);
      m[i] *= pr[i];
    }
    if (dbias)
      for (int64_t i = 0; i < K; i++) dbias[a.reach - a.offset + i - t] += dr[i];
  }
  transpose(Q, K, masks, pitch, turned, Q);
  product(K, a.width, Q, turned, Q, g, near, dv + head.key_row(), stride);
  product(Q, a.width, K, d, pitch, k, near, dq + head.query_row(), stride);
  transpose(Q, K, d, pitch, turned, Q);
  product(K, a.width, Q, turned, Q, q, near, dk + head.key_row(), stride);
}

struct AttentionFunction : Function<AttentionFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const MaybeTensor& bias,
                            const Attention& a) {
    at::Tensor out = at::zeros_like(q);
    const float *pq = q.data_ptr<float>(), *pk = k.data_ptr<float>(), *pv = v.data_ptr<float>();
    const float* pb = a.biased ? bias->data_ptr<float>() : nullptr;
    float* po = out.data_ptr<float>();
    at::parallel_for(0, a.tasks(), 1, [&](int64_t from, int64_t to) {
      thread_local Scratch scratch;
      for (int64_t i = from; i < to; i++) forward_task(Head(a, i, pq, pk, pv, pb), scratch, po);
    });
    ctx->save_for_backward({q, k, v, a.biased ? *bias : at::Tensor()});
    ctx->saved_data["attention"] = hold(a);
    return out;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    auto saved = ctx->get_saved_variables();
    at::Tensor g = grads[0].contiguous(), q = saved[0], k = saved[1], v = saved[2], bias = saved[3];
    const Attention& a = held<Attention>(ctx->saved_data["attention"]);
    a.keys.cover(k.size(0));  // else two tasks would write one row
    at::Tensor dq = at::zeros_like(q), dk = at::zeros_like(k), dv = at::zeros_like(v), dbias;
    const int64_t n = a.queries.size(), span = 2 * a.reach + 1;
    if (a.biased) dbias = at::zeros({a.heads, n, span}, q.options());
    const float *pq = q.data_ptr<float>(), *pk = k.data_ptr<float>(), *pv = v.data_ptr<float>(), *pg = g.data_ptr<float>();
    const float* pb = a.biased ? bias.data_ptr<float>() : nullptr;
    float *pdq = dq.data_ptr<float>(), *pdk = dk.data_ptr<float>(), *pdv = dv.data_ptr<float>();
    float* pdb = a.biased ? dbias.data_ptr<float>() : nullptr;
    at::parallel_for(0, a.tasks(), 1, [&](int64_t from, int64_t to) {
      thread_local Scratch scratch;
      for (int64_t i = from; i < to; i++) {
        const Head head(a, i, pq, pk, pv, pb);
        backward_task(head, scratch, pg, pdq, pdk, pdv, pdb ? pdb + (head.h * n + head.s) * span : nullptr);
      }
    });
    return {dq, dk, dv, a.biased ? dbias.sum(1) : at::Tensor(), at::Tensor()};
  }
};

at::Tensor attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, const MaybeTensor& bias, int64_t heads,
                     bool causal, int64_t offset, Ints query_start, Ints query_length, Ints key_start, Ints key_length, double p,
                     int64_t seed, int64_t step, int64_t site, Ints examples) {
  at::Tensor q = contiguous(query, "query"), k = contiguous(key, "key"), v = contiguous(value, "value");
  TORCH_CHECK(heads > 0 && heads < 1 << 12 && q.size(1) % heads == 0, "kernels: rows of ", q.size(1), " for ", heads, " heads");
  TORCH_CHECK(k.sizes() == v.sizes() && k.size(1) == q.size(1), "kernels: query ", q.sizes(), ", key ", k.sizes(), ", value ", v.sizes());
  Sequences queries(query_start, query_length, q.size(0)), keys(key_start, key_length, k.size(0));
  TORCH_CHECK(queries.size() == keys.size(), "kernels: ", queries.size(), " query and ", keys.size(), " key sequences");
  TORCH_CHECK(offset >= 0 && offset < 1 << 15, "kernels: query offset ", offset);
  queries.cover(q.size(0));
  together(q, k, "key"), together(q, v, "value");
  Dropout dropout(p, seed, step, site, examples, queries.size());
  const bool biased = bias && bias->defined();
  MaybeTensor table;
  int64_t reach = 0;
  if (biased) {
    table = contiguous(*bias, "bias");
    together(q, *table, "bias");
    TORCH_CHECK(table->size(0) == heads && table->size(1) % 2 == 1, "kernels: bias ", table->sizes(), " for ", heads, " heads");
    reach = table->size(1) / 2;
    for (int64_t s = 0; s < queries.size(); s++)
      TORCH_CHECK(queries.length[s] + offset <= reach + 1 && keys.length[s] <= reach + 1, "kernels: bias reaches ", reach,
                  ", sequences are longer");
  }
  if (composes(q)) return composed::attention(q, k, v, table, queries, keys, dropout, heads, offset, causal);
  return AttentionFunction::apply(
      q, k, v, table, Attention{queries, keys, dropout, heads, q.size(1) / heads, reach, offset, causal, biased});
}

}  // namespace kernels

TORCH_LIBRARY_FRAGMENT(crosssum, m) {
  m.def(
      "attention(Tensor query, Tensor key, Tensor value, Tensor? bias, int heads, bool causal, int offset, int[] query_start, "
      "int[] query_length, int[] key_start, int[] key_length, float p, int seed, int step, int site, int[] examples) -> Tensor",
      kernels::attention);
}
