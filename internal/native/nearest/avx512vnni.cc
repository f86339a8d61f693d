// Products with AVX-512 VNNI: four bytes of a lane at once, added up in 32 bits without saturation.
#include <immintrin.h>
#include <stdint.h>
#include <string.h>
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")
#include "kernel.h"

namespace nearest {
namespace {
struct VNNI {
  using Int = __m512i;
  using Float = __m512;
  static constexpr int rows = 12, halves = 2, lanes = 16;
  static Int set(int32_t x) { return _mm512_set1_epi32(x); }
  static Int load(const void* p) { return _mm512_loadu_si512(p); }
  static Int add_products(Int sum, Int u, Int s) { return _mm512_dpbusd_epi32(sum, u, s); }
  static Float setf(float x) { return _mm512_set1_ps(x); }
  static Float loadf(const float* p) { return _mm512_loadu_ps(p); }
  static void storei(int32_t* p, Int x) { _mm512_store_si512(p, x); }
  static void store(float* p, Float x) { _mm512_store_ps(p, x); }
  static Float convert(Int x) { return _mm512_cvtepi32_ps(x); }
  static Float mul(Float a, Float b) { return _mm512_mul_ps(a, b); }
  static Float plus(Float a, Float b) { return _mm512_add_ps(a, b); }
  static uint32_t reach(Float a, Float b) { return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ); }
};
}  // namespace
const Instructions avx512vnni = {"avx512vnni", VNNI::rows, VNNI::halves * VNNI::lanes, 127, multiply<VNNI>};
}  // namespace nearest
