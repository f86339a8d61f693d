// Products with AVX2. A sum of two products must fit 16 bits, so that the columns have 7 bits: 2 * 127 * 127 < 2^15.
#include <immintrin.h>
#include "kernel.h"

namespace nearest {
namespace {
struct AVX2 {
  using Int = __m256i;
  using Float = __m256;
  static constexpr int rows = 4, halves = 2, lanes = 8;
  static Int set(int32_t x) { return _mm256_set1_epi32(x); }
  static Int load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
  static Int add_products(Int sum, Int u, Int s) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(u, s), _mm256_set1_epi16(1)));
  }
  static Float setf(float x) { return _mm256_set1_ps(x); }
  static Float loadf(const float* p) { return _mm256_loadu_ps(p); }
  static void storei(int32_t* p, Int x) { _mm256_store_si256(reinterpret_cast<__m256i*>(p), x); }
  static void store(float* p, Float x) { _mm256_store_ps(p, x); }
  static Float convert(Int x) { return _mm256_cvtepi32_ps(x); }
  static Float mul(Float a, Float b) { return _mm256_mul_ps(a, b); }
  static Float plus(Float a, Float b) { return _mm256_add_ps(a, b); }
  static uint32_t reach(Float a, Float b) { return uint32_t(_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_GE_OQ))); }
};
}  // namespace
const Instructions avx2 = {"avx2", AVX2::rows, AVX2::halves * AVX2::lanes, 63, multiply<AVX2>};
}  // namespace nearest
