#include <stddef.h>

#include "activation_kernels.h"
#include "volume_kernels.h"

extern const tessera_volume_kernels tessera_volume_kernels_portable;
#if defined(__x86_64__)
extern const tessera_volume_kernels tessera_volume_kernels_avx2, tessera_volume_kernels_avx512;
#endif

const tessera_volume_kernels *tessera_volume_kernels_of(int instruction_set) {
  // One check of the processor for all families: see activations/dispatch.c.
  if (!tessera_activation_kernels_of(instruction_set)) return NULL;
  switch (instruction_set) {
#if defined(__x86_64__)
    case TESSERA_AVX2:
      return &tessera_volume_kernels_avx2;
    case TESSERA_AVX512:
      return &tessera_volume_kernels_avx512;
#endif
    default:
      return &tessera_volume_kernels_portable;
  }
}
