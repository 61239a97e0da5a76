// The kernels for AVX2. The target is switched on inside the file, so the build needs no flag and the rest of the program runs
// on any x86-64.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#include "volume_kernels.inc.h"

const tessera_volume_kernels tessera_volume_kernels_avx2 = VOLUME_KERNELS;
#pragma clang attribute pop
#endif
