// The kernels for what the compiler targets without being told: SSE2 on x86-64, NEON on arm64.
#include "volume_kernels.inc.h"

const tessera_volume_kernels tessera_volume_kernels_portable = VOLUME_KERNELS;
