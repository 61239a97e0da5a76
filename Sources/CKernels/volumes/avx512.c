// The kernels for AVX-512 (F, VL, BW, DQ: Skylake-X, Zen 4 and later).
#if defined(__x86_64__)
#include <immintrin.h>

// Eight doubles picked by index from the sixteen at `window`: one permutation of two registers instead of eight loads.
#define PERMUTE_WINDOW(result, window, indices, first)                                                        \
  (result) = (doubles8)_mm512_permutex2var_pd(                                                                \
      _mm512_loadu_pd(window),                                                                                \
      _mm512_cvtepi32_epi64(_mm256_sub_epi32(_mm256_loadu_si256((const __m256i *)(indices)), _mm256_set1_epi32(first))), \
      _mm512_loadu_pd((window) + 8))

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq"))), apply_to = function)
#include "volume_kernels.inc.h"

const tessera_volume_kernels tessera_volume_kernels_avx512 = VOLUME_KERNELS;
#pragma clang attribute pop
#endif
