// One step of Adafactor as in transformers.optimization (no parameter scaling, no relative step, no first moment), in place.
#include <torch/library.h>

#include "composed.h"

namespace kernels {

constexpr int64_t kParts = 16;  // partial sums: a fixed number, so that bytes do not depend on scheduling

template <class F>
double sum_parts(int64_t n, F f) {  // f(from, to) in parallel over kParts ranges, summed in order
  double parts[kParts];
  at::parallel_for(0, kParts, 1, [&](int64_t a, int64_t b) {
    for (int64_t i = a; i < b; i++) parts[i] = f(n * i / kParts, n * (i + 1) / kParts);
  });
  double sum = 0;
  for (double p : parts) sum += p;
  return sum;
}

double square_sum(const float* x, int64_t n) {
  double total = 0;
  for (int64_t i = 0; i < n; i += 1024) {
    __m256 s = _mm256_setzero_ps();
    for (int64_t j = i; j < std::min(i + 1024, n); j += 8) {
      const __m256 v = load(x + j, n - j);
      s = _mm256_fmadd_ps(v, v, s);
    }
    total += sum8(s);
  }
  return total;
}

struct Step {
  float coefficient, rate, beta2, epsilon, threshold, decay;

  // apply: p -= decay * rate * p, then p -= update * factor.
  void apply(float* p, float update, float factor) const {
    *p -= decay * rate * *p;
    *p -= update * factor;
  }
  float factor(double squares, int64_t n) const {  // rate / max(1, rms(update) / threshold)
    return float(rate / std::max(1.0, std::sqrt(squares / double(n)) / threshold));
  }
};

void vector_step(float* p, const float* g, float* v, int64_t n, const Step& s) {
  const auto update = [&](int64_t i) { return g[i] * s.coefficient / std::sqrt(v[i]); };
  const double squares = sum_parts(n, [&](int64_t from, int64_t to) {
    double sum = 0;
    for (int64_t i = from; i < to; i++) {
      const float x = g[i] * s.coefficient;
      v[i] = s.beta2 * v[i] + (1 - s.beta2) * (x * x + s.epsilon);
      sum += double(update(i)) * update(i);
    }
    return sum;
  });
  const float factor = s.factor(squares, n);
  for (int64_t i = 0; i < n; i++) s.apply(p + i, update(i), factor);
}

// Row and column means of g^2 + epsilon, decayed; update = g * rsqrt(row / mean(row)) * rsqrt(column).
void matrix_step(float* p, const float* g, float* row, float* column, int64_t rows, int64_t columns, const Step& s) {
  std::vector<double> sums(kParts * columns, 0.0);
  at::parallel_for(0, kParts, 1, [&](int64_t a, int64_t b) {
    for (int64_t part = a; part < b; part++) {
      double* sum = sums.data() + part * columns;
      for (int64_t r = rows * part / kParts; r < rows * (part + 1) / kParts; r++) {
        double total = 0;
        for (int64_t c = 0; c < columns; c++) {
          const float x = g[r * columns + c] * s.coefficient, x2 = x * x + s.epsilon;
          total += x2, sum[c] += x2;
        }
        row[r] = s.beta2 * row[r] + (1 - s.beta2) * float(total / double(columns));
      }
    }
  });
  double mean = 0;
  for (int64_t r = 0; r < rows; r++) mean += row[r];
  mean /= double(rows);
  std::vector<float> by_column(columns), by_row(rows);
  for (int64_t c = 0; c < columns; c++) {
    double total = 0;
    for (int64_t part = 0; part < kParts; part++) total += sums[part * columns + c];
    column[c] = s.beta2 * column[c] + (1 - s.beta2) * float(total / double(rows));
    by_column[c] = 1.f / std::sqrt(column[c]);
  }
  for (int64_t r = 0; r < rows; r++) by_row[r] = s.coefficient / std::sqrt(float(row[r] / mean));
  const double squares = sum_parts(rows, [&](int64_t from, int64_t to) {
    double sum = 0;
    for (int64_t r = from; r < to; r++) {
      __m256 t = _mm256_setzero_ps();
      for (int64_t c = 0; c < columns; c += 8) {
        const __m256 u = _mm256_mul_ps(load(g + r * columns + c, columns - c), load(by_column.data() + c, columns - c));
        t = _mm256_fmadd_ps(u, u, t);
      }
      sum += double(sum8(t)) * by_row[r] * by_row[r];
    }
    return sum;
  });
  const float factor = s.factor(squares, rows * columns);
  at::parallel_for(0, rows, grain(columns), [&](int64_t from, int64_t to) {
    for (int64_t r = from; r < to; r++)
      for (int64_t c = 0; c < columns; c++) s.apply(p + r * columns + c, g[r * columns + c] * by_column[c] * by_row[r], factor);
  });
}

void check_like(const at::Tensor& t, at::IntArrayRef sizes, const at::Tensor& parameter, const char* name) {
  TORCH_CHECK(t.device() == parameter.device() && t.scalar_type() == at::kFloat && t.is_contiguous() && t.sizes() == sizes,
              "kernels: adafactor's ", name, " must be contiguous fp32 on ", parameter.device(), " of ", sizes, ", not ", t.toString(), " of ",
              t.sizes());
}

void adafactor(at::Tensor parameter, const at::Tensor& gradient, at::Tensor row, const MaybeTensor& column, double coefficient, double rate,
               double beta2, double epsilon, double threshold, double decay) {
  check_like(parameter, parameter.sizes(), parameter, "parameter");
  at::Tensor g = gradient.contiguous();
  check_like(g, parameter.sizes(), parameter, "gradient");
  const Step s{float(coefficient), float(rate), float(beta2), float(epsilon), float(threshold), float(decay)};
  if (parameter.dim() == 2) {
    TORCH_CHECK(column && column->defined(), "kernels: adafactor factors matrices: column is missing");
    check_like(row, {parameter.size(0)}, parameter, "row");
    check_like(*column, {parameter.size(1)}, parameter, "column");
  } else {
    TORCH_CHECK(parameter.dim() == 1, "kernels: adafactor of ", parameter.dim(), " dimensions");
    check_like(row, parameter.sizes(), parameter, "state");
  }
  if (composes(parameter)) {
    composed::adafactor(parameter, g, row, column, s.coefficient, s.rate, s.beta2, s.epsilon, s.threshold, s.decay);
  } else if (parameter.dim() == 2) {
    matrix_step(parameter.data_ptr<float>(), g.data_ptr<float>(), row.data_ptr<float>(), column->data_ptr<float>(), parameter.size(0),
                parameter.size(1), s);
  } else {
    vector_step(parameter.data_ptr<float>(), g.data_ptr<float>(), row.data_ptr<float>(), parameter.numel(), s);
  }
}

// square_sums is the sum of squares over all tensors, a double.
at::Tensor square_sums(at::TensorList tensors) {
  if (tensors.size() > 0 && composes(tensors[0])) {
    at::Tensor sum = composed::square_sum(tensors[0]);
    for (const at::Tensor& t : tensors.slice(1)) sum.add_(composed::square_sum(t));
    return sum;
  }
  double sum = 0;
  for (const at::Tensor& t : tensors) {
    TORCH_CHECK(t.device().is_cpu() && t.scalar_type() == at::kFloat, "kernels: square_sums of ", t.toString());
    at::Tensor x = t.contiguous();
    const float* p = x.data_ptr<float>();
    sum += sum_parts(x.numel(), [&](int64_t from, int64_t to) { return square_sum(p + from, to - from); });
  }
  at::Tensor out = at::empty({}, at::TensorOptions().dtype(at::kDouble));
  *out.data_ptr<double>() = sum;
  return out;
}

}  // namespace kernels

TORCH_LIBRARY_FRAGMENT(crosssum, m) {
  m.def(
      "adafactor(Tensor(a!) parameter, Tensor gradient, Tensor(b!) row, Tensor(c!)? column, float coefficient, float rate, float beta2, "
      "float epsilon, float threshold, float decay) -> ()",
      kernels::adafactor);
  m.def("square_sums(Tensor[] tensors) -> Tensor", kernels::square_sums);
}
