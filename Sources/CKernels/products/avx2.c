// The kernels for AVX2 and FMA: sixteen registers of eight floats hold 6 rows x 1 panel.
#if defined(__x86_64__)
#define FUSED_MULTIPLY_ADD 1
#define ROWS 6
#define PANELS 1
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "product_kernels.inc.h"

const tessera_product_kernels tessera_product_kernels_avx2 = PRODUCT_KERNELS;
#pragma clang attribute pop
#endif
