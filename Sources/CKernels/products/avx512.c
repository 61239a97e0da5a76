// The kernels for AVX-512: thirty-two registers of sixteen floats hold 14 rows x 2 panels.
#if defined(__x86_64__)
#define FUSED_MULTIPLY_ADD 1
#define ROWS 14
#define PANELS 2
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma"))), apply_to = function)
#include "product_kernels.inc.h"

const tessera_product_kernels tessera_product_kernels_avx512 = PRODUCT_KERNELS;
#pragma clang attribute pop
#endif
