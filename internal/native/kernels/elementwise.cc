// Layer norm, dropout with residual, gated GELU: forward and backward. Rows are packed tokens.
#include <torch/library.h>

#include "composed.h"

namespace kernels {

// Partial sums of a weight's gradient: a fixed number, so that bytes do not depend on scheduling.
constexpr int64_t kPartials = 16;

struct RMSNorm : Function<RMSNorm> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& weight, double epsilon) {
    const int64_t rows = x.size(0), n = x.size(1);
    at::Tensor out = at::empty_like(x), inverse = at::empty({rows}, x.options());
    const float *px = x.data_ptr<float>(), *pw = weight.data_ptr<float>();
    float *po = out.data_ptr<float>(), *pr = inverse.data_ptr<float>();
    at::parallel_for(0, rows, grain(n), [&](int64_t from, int64_t to) {
      for (int64_t r = from; r < to; r++) {
        const float* a = px + r * n;
        __m256 s = _mm256_setzero_ps();
        for (int64_t i = 0; i < n; i += 8) {
          __m256 v = load(a + i, n - i);
          s = _mm256_fmadd_ps(v, v, s);
        }
        const float scale = 1.f / std::sqrt(sum8(s) / float(n) + float(epsilon));
        pr[r] = scale;
        for (int64_t i = 0; i < n; i++) po[r * n + i] = a[i] * scale * pw[i];
      }
    });
    ctx->save_for_backward({x, weight, inverse});
    return out;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    auto saved = ctx->get_saved_variables();
    at::Tensor g = grads[0].contiguous(), x = saved[0], weight = saved[1], inverse = saved[2];
    const int64_t rows = x.size(0), n = x.size(1);
    at::Tensor dx = at::empty_like(x), dw = at::zeros_like(weight), partial = at::zeros({kPartials, n}, x.options());
    const float *px = x.data_ptr<float>(), *pw = weight.data_ptr<float>(), *pr = inverse.data_ptr<float>(), *pg = g.data_ptr<float>();
    float *pdx = dx.data_ptr<float>(), *pp = partial.data_ptr<float>(), *pdw = dw.data_ptr<float>();
    at::parallel_for(0, kPartials, 1, [&](int64_t from, int64_t to) {
      for (int64_t c = from; c < to; c++)
        for (int64_t r = rows * c / kPartials; r < rows * (c + 1) / kPartials; r++)
          row_backward(px + r * n, pg + r * n, pw, pr[r], n, pdx + r * n, pp + c * n);
    });
    for (int64_t c = 0; c < kPartials; c++)
      for (int64_t i = 0; i < n; i++) pdw[i] += pp[c * n + i];
    return {dx, dw, at::Tensor()};
  }
  // dx = g w s - x s^3 mean(g w x); sum += g x s
  static void row_backward(const float* x, const float* g, const float* w, float s, int64_t n, float* dx, float* sum) {
    __m256 d = _mm256_setzero_ps();
    for (int64_t i = 0; i < n; i += 8)
      d = _mm256_fmadd_ps(_mm256_mul_ps(load(g + i, n - i), load(w + i, n - i)), load(x + i, n - i), d);
    const float dot = sum8(d) * s * s * s / float(n);
    for (int64_t i = 0; i < n; i++) {
      sum[i] += g[i] * x[i] * s;
      dx[i] = g[i] * w[i] * s - x[i] * dot;
    }
  }
};

// Where the rows of a tensor stand, and the mask drawn for them.
struct Masked {
  Sequences sequences;
  Dropout dropout;
};

struct DropoutAdd : Function<DropoutAdd> {
  static at::Tensor forward(AutogradContext* ctx, const MaybeTensor& residual, const at::Tensor& x, const Masked& m) {
    const int64_t n = x.size(1);
    at::Tensor out = at::empty_like(x);
    const float *px = x.data_ptr<float>(), *pr = residual ? residual->data_ptr<float>() : nullptr;
    float* po = out.data_ptr<float>();
    each_row(m.sequences, n, [&](int64_t row, int64_t s, int32_t t) {
      float* o = po + row * n;
      mask_row(m.dropout, m.dropout.example(s), 0, t, n, o);
      for (int64_t i = 0; i < n; i++) o[i] *= px[row * n + i];
      if (pr)
        for (int64_t i = 0; i < n; i++) o[i] += pr[row * n + i];
    });
    ctx->saved_data["masked"] = hold(m);
    ctx->saved_data["residual"] = residual.has_value();
    return out;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    at::Tensor g = grads[0].contiguous(), dx = at::empty_like(g);
    const int64_t n = g.size(1);
    const Masked& m = held<Masked>(ctx->saved_data["masked"]);
    const float* pg = g.data_ptr<float>();
    float* pd = dx.data_ptr<float>();
    each_row(m.sequences, n, [&](int64_t row, int64_t s, int32_t t) {
      float* d = pd + row * n;
      mask_row(m.dropout, m.dropout.example(s), 0, t, n, d);
      for (int64_t i = 0; i < n; i++) d[i] *= pg[row * n + i];
    });
    return {ctx->saved_data["residual"].toBool() ? g : at::Tensor(), dx, at::Tensor()};
  }
};

// gelu(x) = x (1 + tanh(u)) / 2, u = sqrt(2 / pi) (x + 0.044715 x^3); slope is its derivative.
inline __m256 gelu8(__m256 x, __m256* slope) {
  const __m256 half = _mm256_set1_ps(.5f), one = _mm256_set1_ps(1.f), c = _mm256_set1_ps(0.7978845608028654f);
  const __m256 x2 = _mm256_mul_ps(x, x);
  const __m256 t = tanh8(_mm256_mul_ps(_mm256_mul_ps(c, x), _mm256_fmadd_ps(_mm256_set1_ps(0.044715f), x2, one)));
  const __m256 phi = _mm256_mul_ps(half, _mm256_add_ps(one, t));
  if (slope) {
    const __m256 du = _mm256_mul_ps(c, _mm256_fmadd_ps(_mm256_set1_ps(0.134145f), x2, one));
    *slope = _mm256_fmadd_ps(_mm256_mul_ps(half, x), _mm256_mul_ps(_mm256_fnmadd_ps(t, t, one), du), phi);
  }
  return _mm256_mul_ps(x, phi);
}

struct GatedGelu : Function<GatedGelu> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& a, const at::Tensor& b, const Masked& m) {
    const int64_t n = a.size(1);
    at::Tensor out = at::empty_like(a);
    const float *pa = a.data_ptr<float>(), *pb = b.data_ptr<float>();
    float* po = out.data_ptr<float>();
    each_row(m.sequences, n, [&](int64_t row, int64_t s, int32_t t) {
      const int64_t at = row * n;
      mask_row(m.dropout, m.dropout.example(s), 0, t, n, po + at);
      for (int64_t i = 0; i < n; i += 8) {
        const int64_t left = n - i;
        const __m256 y = _mm256_mul_ps(gelu8(load(pa + at + i, left), nullptr), load(pb + at + i, left));
        store(po + at + i, left, _mm256_mul_ps(y, load(po + at + i, left)));
      }
    });
    ctx->save_for_backward({a, b});
    ctx->saved_data["masked"] = hold(m);
    return out;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    auto saved = ctx->get_saved_variables();
    at::Tensor g = grads[0].contiguous(), a = saved[0], b = saved[1], da = at::empty_like(a), db = at::empty_like(b);
    const int64_t n = a.size(1);
    const Masked& m = held<Masked>(ctx->saved_data["masked"]);
    const float *pa = a.data_ptr<float>(), *pb = b.data_ptr<float>(), *pg = g.data_ptr<float>();
    float *pda = da.data_ptr<float>(), *pdb = db.data_ptr<float>();
    each_row(m.sequences, n, [&](int64_t row, int64_t s, int32_t t) {
      const int64_t at = row * n;
      mask_row(m.dropout, m.dropout.example(s), 0, t, n, pda + at);
      for (int64_t i = 0; i < n; i += 8) {
        const int64_t left = n - i;
        const __m256 gm = _mm256_mul_ps(load(pg + at + i, left), load(pda + at + i, left));
        __m256 slope, y = gelu8(load(pa + at + i, left), &slope);
        store(pda + at + i, left, _mm256_mul_ps(_mm256_mul_ps(gm, load(pb + at + i, left)), slope));
        store(pdb + at + i, left, _mm256_mul_ps(gm, y));
      }
    });
    return {da, db, at::Tensor()};
  }
};

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double epsilon) {
  at::Tensor input = contiguous(x, "x");
  TORCH_CHECK(weight.dim() == 1 && weight.size(0) == input.size(1) && weight.is_contiguous() && weight.scalar_type() == at::kFloat,
              "kernels: layer norm weight ", weight.sizes(), " for rows of ", input.size(1));
  together(input, weight, "layer norm weight");
  if (composes(input)) return composed::rms_norm(input, weight, epsilon);
  return RMSNorm::apply(input, weight, epsilon);
}

Masked masked(const at::Tensor& x, Ints start, Ints length, double p, int64_t seed, int64_t step, int64_t site, Ints examples) {
  Sequences sequences(start, length, x.size(0));
  sequences.cover(x.size(0));
  TORCH_CHECK(x.size(1) < 1 << 15, "kernels: dropout over rows of ", x.size(1));
  return {sequences, Dropout(p, seed, step, site, examples, sequences.size())};
}

at::Tensor dropout_add(const MaybeTensor& residual, const at::Tensor& x, Ints start, Ints length, double p, int64_t seed, int64_t step,
                       int64_t site, Ints examples) {
  at::Tensor input = contiguous(x, "x");
  MaybeTensor other;
  if (residual && residual->defined()) other = contiguous(*residual, "residual");
  TORCH_CHECK(!other || other->sizes() == input.sizes(), "kernels: residual shape differs from ", input.sizes());
  if (other) together(input, *other, "residual");
  const Masked m = masked(input, start, length, p, seed, step, site, examples);
  if (composes(input)) return composed::dropout_add(other, input, m.sequences, m.dropout);
  return DropoutAdd::apply(other, input, m);
}

at::Tensor gated_gelu(const at::Tensor& a, const at::Tensor& b, Ints start, Ints length, double p, int64_t seed, int64_t step, int64_t site,
                      Ints examples) {
  at::Tensor gate = contiguous(a, "a"), value = contiguous(b, "b");
  TORCH_CHECK(gate.sizes() == value.sizes(), "kernels: gate ", gate.sizes(), " for ", value.sizes());
  together(gate, value, "b");
  const Masked m = masked(gate, start, length, p, seed, step, site, examples);
  if (composes(gate)) return composed::gated_gelu(gate, value, m.sequences, m.dropout);
  return GatedGelu::apply(gate, value, m);
}

}  // namespace kernels

TORCH_LIBRARY_FRAGMENT(crosssum, m) {
  m.def("rms_norm(Tensor x, Tensor weight, float epsilon) -> Tensor", kernels::rms_norm);
  m.def(
      "dropout_add(Tensor? residual, Tensor x, int[] start, int[] length, float p, int seed, int step, int site, int[] examples) -> Tensor",
      kernels::dropout_add);
  m.def("gated_gelu(Tensor a, Tensor b, int[] start, int[] length, float p, int seed, int step, int site, int[] examples) -> Tensor",
        kernels::gated_gelu);
}
