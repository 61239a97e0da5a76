// The kernels for AVX-512: thirty-two registers of sixteen floats hold the sums of sixteen rows.
#if defined(__x86_64__)
#define FUSED_MULTIPLY_ADD 1
#define ROWS 16
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma"))), apply_to = function)
#include "gradient_kernels.inc.h"

const tessera_gradient_kernels tessera_gradient_kernels_avx512 = GRADIENT_KERNELS;
#pragma clang attribute pop
#endif
