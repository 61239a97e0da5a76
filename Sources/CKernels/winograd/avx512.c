// The kernels for AVX-512.
#if defined(__x86_64__)
#define FUSED_MULTIPLY_ADD 1
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma"))), apply_to = function)
#include "winograd_kernels.inc.h"

const tessera_winograd_kernels tessera_winograd_kernels_avx512 = WINOGRAD_KERNELS;
#pragma clang attribute pop
#endif
