// Chooses a family's kernels for an instruction set, NULL when the processor or the system doesn't have it. Each family has them for what the
// compiler targets without being told ("portable") and, on x86-64, for AVX2 and AVX-512.

#include <stddef.h>

#include "activation_kernels.h"

// clang's run-time check includes whether the system saves the wide registers.
static inline int has_instruction_set(int set) {
  switch (set) {
    case TESSERA_PORTABLE:
      return 1;
#if defined(__x86_64__)
    case TESSERA_AVX2:
      return __builtin_cpu_supports("avx2");
    case TESSERA_AVX512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
#endif
    default:
      return 0;
  }
}

// Fused multiply-add came with AVX2 on every x86-64 processor but is asked for.
static inline int has_instruction_set_and_fma(int set) {
#if defined(__x86_64__)
  if (set != TESSERA_PORTABLE && !__builtin_cpu_supports("fma")) return 0;
#endif
  return has_instruction_set(set);
}

#if defined(__x86_64__)
#define WIDE(family)                                                                                   \
  extern const tessera_##family##_kernels tessera_##family##_kernels_avx2, tessera_##family##_kernels_avx512;
#define WIDE_CASES(family)                       \
  case TESSERA_AVX2:                             \
    return &tessera_##family##_kernels_avx2;     \
  case TESSERA_AVX512:                           \
    return &tessera_##family##_kernels_avx512;
#else
#define WIDE(family)
#define WIDE_CASES(family)
#endif

// `has` says whether the processor has what the family is compiled for.
#define DISPATCH(family, has)                                                  \
  extern const tessera_##family##_kernels tessera_##family##_kernels_portable; \
  WIDE(family)                                                                 \
  const tessera_##family##_kernels *tessera_##family##_kernels_of(int set) {   \
    if (!has(set)) return NULL;                                                \
    switch (set) {                                                             \
      case TESSERA_PORTABLE:                                                   \
        return &tessera_##family##_kernels_portable;                           \
        WIDE_CASES(family)                                                     \
      default:                                                                 \
        return NULL;                                                           \
    }                                                                          \
  }
