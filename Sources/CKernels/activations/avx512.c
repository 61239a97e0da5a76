// The kernels for AVX-512 (F, VL, BW, DQ: Skylake-X, Zen 4 and later).
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq"))), apply_to = function)
#include "activation_kernels.inc.h"

const tessera_activation_kernels tessera_activation_kernels_avx512 = ACTIVATION_KERNELS;
#pragma clang attribute pop
#endif
