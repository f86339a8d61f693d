// Rows of a table for the tokens of encoder and decoder at once.
#include <ATen/ops/index_add.h>
#include <ATen/ops/index_select.h>
#include <torch/library.h>

#include <algorithm>
#include <numeric>

#include "composed.h"

namespace kernels {

// Tokens are the ids of an encoder, then from `split` on those of a decoder.
struct Tokens {
  std::vector<int64_t> ids;
  int64_t split;
};

struct Embedding : Function<Embedding> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& table, const Tokens& tokens) {
    const int64_t rows = int64_t(tokens.ids.size()), n = table.size(1);
    ctx->save_for_backward({table});
    ctx->saved_data["tokens"] = hold(tokens);
    if (composes(table)) return table.index_select(0, composed::integers(table, tokens.ids));
    at::Tensor out = at::empty({rows, n}, table.options());
    const float* from = table.data_ptr<float>();
    float* to = out.data_ptr<float>();
    at::parallel_for(0, rows, grain(n), [&](int64_t a, int64_t b) {
      for (int64_t r = a; r < b; r++) std::memcpy(to + r * n, from + tokens.ids[r] * n, n * sizeof(float));
    });
    return out;
  }
  // The gradient goes into the table's own, row by row: one more matrix of the size of the table would be mostly zeros. A row adds
  // up in the order of its tokens, the encoder's and the decoder's apart, and then both.
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const at::Tensor g = grads[0].contiguous(), table = ctx->get_saved_variables()[0];
    const Tokens& tokens = held<Tokens>(ctx->saved_data["tokens"]);
    at::Tensor& sum = table.mutable_grad();
    if (!sum.defined()) sum = at::zeros(table.sizes(), table.options());
    if (composes(table)) {
      sum.index_add_(0, composed::integers(table, tokens.ids), g);
      return {at::Tensor(), at::Tensor()};
    }
    const int64_t n = table.size(1);
    const float* from = g.data_ptr<float>();
    float* to = sum.data_ptr<float>();
    std::vector<int64_t> order(tokens.ids.size()), first;
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return tokens.ids[a] < tokens.ids[b]; });
    for (size_t i = 0; i < order.size(); i++)
      if (i == 0 || tokens.ids[order[i]] != tokens.ids[order[i - 1]]) first.push_back(int64_t(i));
    first.push_back(int64_t(order.size()));
    at::parallel_for(0, int64_t(first.size()) - 1, grain(n), [&](int64_t a, int64_t b) {
      std::vector<float> parts(2 * n);
      for (int64_t k = a; k < b; k++) {
        std::fill(parts.begin(), parts.end(), 0.f);
        for (int64_t i = first[k]; i < first[k + 1]; i++) {
          float* part = parts.data() + (order[i] < tokens.split ? 0 : n);
          for (int64_t c = 0; c < n; c++) part[c] += from[order[i] * n + c];
        }
        float* row = to + tokens.ids[order[first[k]]] * n;
        for (int64_t c = 0; c < n; c++) row[c] += parts[c] + parts[n + c];
      }
    });
    return {at::Tensor(), at::Tensor()};
  }
};

at::Tensor embedding(const at::Tensor& table, Ints ids, int64_t split) {
  TORCH_CHECK(table.scalar_type() == at::kFloat && table.dim() == 2 && table.is_contiguous() && table.is_leaf(),
              "kernels: a table must be a contiguous fp32 parameter, not ", table.toString(), " of ", table.sizes());
  for (int64_t id : ids) TORCH_CHECK(id >= 0 && id < table.size(0), "kernels: token ", id, " in a table of ", table.size(0), " rows");
  return Embedding::apply(table, Tokens{ids.vec(), split});
}

}  // namespace kernels

TORCH_LIBRARY_FRAGMENT(crosssum, m) { m.def("embedding(Tensor table, int[] ids, int split) -> Tensor", kernels::embedding); }
