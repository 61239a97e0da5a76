#include "half_kernels.h"

#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

static float widen(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000) << 16, rest = half & 0x7FFF, bits;
  float value;
  if (rest >= 0x7C00) {  // infinity, or no number
    bits = sign | 0x7F800000 | (rest & 0x3FF) << 13;
  } else if (rest >= 0x400) {
    bits = sign | ((rest << 13) + (112u << 23));
  } else {  // subnormal: rest times 2^-24
    value = (float)rest * 0x1p-24f;
    memcpy(&bits, &value, 4);
    bits |= sign;
  }
  memcpy(&value, &bits, 4);
  return value;
}

static uint16_t narrow(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
  bits &= 0x7FFFFFFF;
  if (bits > 0x7F800000) return sign | 0x7E00;    // no number
  if (bits >= 0x477FF000) return sign | 0x7C00;   // 65520 and more round to infinity
  if (bits < 0x38800000) {                        // below 2^-14: a multiple of 2^-24, which the addition rounds to
    float magnitude;
    memcpy(&magnitude, &bits, 4);
    magnitude += 0.5f;
    memcpy(&bits, &magnitude, 4);
    return sign | (uint16_t)(bits - 0x3F000000);
  }
  bits += 0xFFF + (bits >> 13 & 1);               // to nearest, ties to even
  return sign | (uint16_t)((bits - (112u << 23)) >> 13);
}

#if defined(__x86_64__)
__attribute__((target("avx,f16c"))) static long widen_fast(const uint8_t *halves, float *values, long count) {
  long i = 0;
  for (; i + 8 <= count; i += 8)
    _mm256_storeu_ps(values + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(halves + 2 * i))));
  return i;
}

__attribute__((target("avx,f16c"))) static long narrow_fast(const float *values, uint8_t *halves, long count) {
  long i = 0;
  for (; i + 8 <= count; i += 8)
    _mm_storeu_si128((__m128i *)(halves + 2 * i),
                     _mm256_cvtps_ph(_mm256_loadu_ps(values + i), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  return i;
}

int tessera_half_is_fast(void) { return __builtin_cpu_supports("f16c") && __builtin_cpu_supports("avx"); }
#else
static long widen_fast(const uint8_t *halves, float *values, long count) { return 0; }
static long narrow_fast(const float *values, uint8_t *halves, long count) { return 0; }

int tessera_half_is_fast(void) { return 0; }
#endif

void tessera_half_widen(const void *halves, float *values, long count, int fast) {
  const uint8_t *bytes = halves;
  for (long i = fast ? widen_fast(bytes, values, count) : 0; i < count; i++) {
    uint16_t half;
    memcpy(&half, bytes + 2 * i, 2);
    values[i] = widen(half);
  }
}

void tessera_half_narrow(const float *values, void *halves, long count, int fast) {
  uint8_t *bytes = halves;
  for (long i = fast ? narrow_fast(values, bytes, count) : 0; i < count; i++) {
    uint16_t half = narrow(values[i]);
    memcpy(bytes + 2 * i, &half, 2);
  }
}
