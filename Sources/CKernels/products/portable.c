// The kernels for what the compiler targets without being told: SSE2 on x86-64 (sixteen registers of four floats: two rows),
// NEON on arm64 (thirty-two).
#if defined(__aarch64__)
#define FUSED_MULTIPLY_ADD 1
#define ROWS 6
#else
#define FUSED_MULTIPLY_ADD 0
#define ROWS 2
#endif
#define PANELS 1
#include "product_kernels.inc.h"

const tessera_product_kernels tessera_product_kernels_portable = PRODUCT_KERNELS;
