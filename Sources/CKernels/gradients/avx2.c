// The kernels for AVX2 and FMA: sixteen registers of eight floats hold the sums of four rows.
#if defined(__x86_64__)
#define FUSED_MULTIPLY_ADD 1
#define ROWS 4
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "gradient_kernels.inc.h"

const tessera_gradient_kernels tessera_gradient_kernels_avx2 = GRADIENT_KERNELS;
#pragma clang attribute pop
#endif
