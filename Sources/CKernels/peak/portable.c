// The kernels for what the compiler targets without being told: SSE2 on x86-64, whose multiply-add is two instructions (three
// vectors are twelve of sixteen registers), NEON on arm64 (twenty-four of thirty-two).
#if defined(__aarch64__)
#define FUSED_MULTIPLY_ADD 1
#define CHAINS 6
#else
#define FUSED_MULTIPLY_ADD 0
#define CHAINS 3
#endif
#include "peak_kernels.inc.h"

const tessera_peak_kernels tessera_peak_kernels_portable = PEAK_KERNELS;
