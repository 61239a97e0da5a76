// The kernels for AVX-512: sixteen vectors are sixteen of thirty-two registers.
#if defined(__x86_64__)
#define FUSED_MULTIPLY_ADD 1
#define CHAINS 16
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma"))), apply_to = function)
#include "peak_kernels.inc.h"

const tessera_peak_kernels tessera_peak_kernels_avx512 = PEAK_KERNELS;
#pragma clang attribute pop
#endif
