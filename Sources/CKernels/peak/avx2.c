// The kernels for AVX2 and FMA: six vectors are twelve of sixteen registers.
#if defined(__x86_64__)
#define FUSED_MULTIPLY_ADD 1
#define CHAINS 6
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "peak_kernels.inc.h"

const tessera_peak_kernels tessera_peak_kernels_avx2 = PEAK_KERNELS;
#pragma clang attribute pop
#endif
