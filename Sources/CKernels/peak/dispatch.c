#include "peak_kernels.h"

#include <stddef.h>

#include "activation_kernels.h"

extern const tessera_peak_kernels tessera_peak_kernels_portable;
#if defined(__x86_64__)
extern const tessera_peak_kernels tessera_peak_kernels_avx2, tessera_peak_kernels_avx512;
#endif

const tessera_peak_kernels *tessera_peak_kernels_of(int instruction_set) {
  // The families share one notion of what the processor has.
  if (!tessera_activation_kernels_of(instruction_set)) return NULL;
  switch (instruction_set) {
    case TESSERA_PORTABLE:
      return &tessera_peak_kernels_portable;
#if defined(__x86_64__)
    case TESSERA_AVX2:
      return __builtin_cpu_supports("fma") ? &tessera_peak_kernels_avx2 : NULL;
    case TESSERA_AVX512:
      return __builtin_cpu_supports("fma") ? &tessera_peak_kernels_avx512 : NULL;
#endif
    default:
      return NULL;
  }
}
