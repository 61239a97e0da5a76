#include "activation_kernels.h"

#include <stddef.h>

extern const tessera_activation_kernels tessera_activation_kernels_portable;
#if defined(__x86_64__)
extern const tessera_activation_kernels tessera_activation_kernels_avx2, tessera_activation_kernels_avx512;
#endif

const tessera_activation_kernels *tessera_activation_kernels_of(int instruction_set) {
  switch (instruction_set) {
    case TESSERA_PORTABLE:
      return &tessera_activation_kernels_portable;
#if defined(__x86_64__)
    // clang's run-time check includes whether the system saves the wide registers.
    case TESSERA_AVX2:
      return __builtin_cpu_supports("avx2") ? &tessera_activation_kernels_avx2 : NULL;
    case TESSERA_AVX512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                     __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
                 ? &tessera_activation_kernels_avx512
                 : NULL;
#endif
    default:
      return NULL;
  }
}
