#include "product_kernels.h"

#include <stddef.h>

#include "activation_kernels.h"

extern const tessera_product_kernels tessera_product_kernels_portable;
#if defined(__x86_64__)
extern const tessera_product_kernels tessera_product_kernels_avx2, tessera_product_kernels_avx512;
#endif

const tessera_product_kernels *tessera_product_kernels_of(int instruction_set) {
  // The families share one notion of what the processor has; FMA came with AVX2 on every x86-64 processor but is asked for.
  if (!tessera_activation_kernels_of(instruction_set)) return NULL;
  switch (instruction_set) {
    case TESSERA_PORTABLE:
      return &tessera_product_kernels_portable;
#if defined(__x86_64__)
    case TESSERA_AVX2:
      return __builtin_cpu_supports("fma") ? &tessera_product_kernels_avx2 : NULL;
    case TESSERA_AVX512:
      return __builtin_cpu_supports("fma") ? &tessera_product_kernels_avx512 : NULL;
#endif
    default:
      return NULL;
  }
}
