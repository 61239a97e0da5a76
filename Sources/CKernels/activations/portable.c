// The kernels for what the compiler targets without being told: SSE2 on x86-64, NEON on arm64.
#include "activation_kernels.inc.h"

const tessera_activation_kernels tessera_activation_kernels_portable = ACTIVATION_KERNELS;
