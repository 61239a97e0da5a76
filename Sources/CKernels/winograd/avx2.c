// The kernels for AVX2 and FMA.
#if defined(__x86_64__)
#define FUSED_MULTIPLY_ADD 1
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "winograd_kernels.inc.h"

const tessera_winograd_kernels tessera_winograd_kernels_avx2 = WINOGRAD_KERNELS;
#pragma clang attribute pop
#endif
