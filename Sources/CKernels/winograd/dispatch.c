#include "winograd_kernels.h"

#include <stddef.h>

#include "activation_kernels.h"
#include "product_kernels.h"

extern const tessera_winograd_kernels tessera_winograd_kernels_portable;
#if defined(__x86_64__)
extern const tessera_winograd_kernels tessera_winograd_kernels_avx2, tessera_winograd_kernels_avx512;
#endif

const tessera_winograd_kernels *tessera_winograd_kernels_of(int instruction_set) {
  if (!tessera_product_kernels_of(instruction_set)) return NULL;  // same needs
  switch (instruction_set) {
    case TESSERA_PORTABLE:
      return &tessera_winograd_kernels_portable;
#if defined(__x86_64__)
    case TESSERA_AVX2:
      return &tessera_winograd_kernels_avx2;
    case TESSERA_AVX512:
      return &tessera_winograd_kernels_avx512;
#endif
    default:
      return NULL;
  }
}
