// The kernels for what the compiler targets without being told: SSE2 on x86-64 (sixteen registers of four floats: two rows),
// NEON on arm64 (thirty-two: four).
#if defined(__aarch64__)
#define FUSED_MULTIPLY_ADD 1
#define ROWS 4
#else
#define FUSED_MULTIPLY_ADD 0
#define ROWS 2
#endif
#include "gradient_kernels.inc.h"

const tessera_gradient_kernels tessera_gradient_kernels_portable = GRADIENT_KERNELS;
