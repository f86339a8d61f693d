// Dropout masks as a pure function of (seed, step, site, example, position): Philox4x32-10 (Salmon et al. 2011, "Parallel
// random numbers: as easy as 1, 2, 3"). Nothing is stored between calls; threads, micro-batches and ranks cannot
// change a mask.

#include "shim.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>

#include "guard.h"

namespace {

constexpr int kLanes = 8;  // counters advanced together, so that compilers use vectors

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
__attribute__((target_clones("avx2", "default")))
#endif
void philox(uint32_t block, uint32_t example, uint32_t site, uint32_t step, uint64_t seed, uint32_t out[4][kLanes]) {
  uint32_t a[kLanes], b[kLanes], c[kLanes], d[kLanes];
  for (int i = 0; i < kLanes; i++) a[i] = block + i, b[i] = example, c[i] = site, d[i] = step;
  uint32_t k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < kLanes; i++) {
      const uint64_t p = uint64_t{0xD2511F53u} * a[i], q = uint64_t{0xCD9E8D57u} * c[i];
      const uint32_t na = static_cast<uint32_t>(q >> 32) ^ b[i] ^ k0, nc = static_cast<uint32_t>(p >> 32) ^ d[i] ^ k1;
      b[i] = static_cast<uint32_t>(q), d[i] = static_cast<uint32_t>(p), a[i] = na, c[i] = nc;
    }
    k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
  }
  for (int i = 0; i < kLanes; i++) out[0][i] = a[i], out[1][i] = b[i], out[2][i] = c[i], out[3][i] = d[i];
}

}  // namespace

extern "C" ct_error ct_dropout_mask(int64_t like, double p, uint64_t seed, uint32_t step, uint32_t site, uint32_t first,
                                    int64_t *out) {
  GUARD({
    const at::Tensor &x = at_cell(like);
    TORCH_CHECK(p >= 0 && p < 1, "dropout of ", p);
    TORCH_CHECK(x.dim() > 0, "dropout needs a dimension of examples");
    auto mask = at::empty(x.sizes(), at::TensorOptions().dtype(at::kFloat));
    const int64_t examples = x.size(0);
    const int64_t width = examples > 0 ? x.numel() / examples : 0;
    TORCH_CHECK(width < (int64_t{1} << 34), "an example of ", width, " values");
    const uint32_t cut = static_cast<uint32_t>(std::llround(p * 4294967296.0));
    const float scale = static_cast<float>(1.0 / (1.0 - p));
    float *data = mask.data_ptr<float>();
    const int64_t stride = 4 * kLanes;  // values of one philox call
    const int64_t chunks = (width + stride - 1) / stride;
    at::parallel_for(0, examples * chunks, 1024, [&](int64_t from, int64_t to) {
      uint32_t random[4][kLanes];
      for (int64_t w = from; w < to; w++) {
        const int64_t example = w / chunks;
        const int64_t chunk = w % chunks;
        philox(static_cast<uint32_t>(chunk * kLanes), first + static_cast<uint32_t>(example), site, step, seed, random);
        float *target = data + example * width + chunk * stride;
        const int64_t n = std::min(stride, width - chunk * stride);
        const uint32_t *flat = &random[0][0];
        for (int64_t i = 0; i < n; i++) target[i] = flat[i] < cut ? 0.0f : scale;
      }
    });
    *out = give(mask.to(x.options().requires_grad(false)));
  })
}
