// The kernels for what the compiler targets without being told: SSE2 on x86-64, NEON on arm64.
#if defined(__aarch64__)
#define FUSED_MULTIPLY_ADD 1
#else
#define FUSED_MULTIPLY_ADD 0
#endif
#include "winograd_kernels.inc.h"

const tessera_winograd_kernels tessera_winograd_kernels_portable = WINOGRAD_KERNELS;
