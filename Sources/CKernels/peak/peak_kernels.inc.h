// The kernels of peak_kernels.h, written once and compiled for each instruction set by the file that includes this one. It
// defines CHAINS: as many vectors as leave registers for the factor and the addend.

#include "../channel_vectors.inc.h"
#include "peak_kernels.h"

static void multiply_add_chains(float *values, long rounds, float factor, float addend) {
  const floats a = splat(factor), b = splat(addend);
  floats x[CHAINS];
  UNROLLED for (int i = 0; i < CHAINS; i++) x[i] = load(values + i * LANES);
  for (long round = 0; round < rounds; round++)
    UNROLLED for (int i = 0; i < CHAINS; i++) x[i] = multiply_add(x[i], a, b);
  UNROLLED for (int i = 0; i < CHAINS; i++) store(values + i * LANES, x[i]);
}

static float read_vectors(const float *from, long vectors) {
  floats sum[2] = {splat(0), splat(0)};
  for (long i = 0; i < vectors; i += 8)
    UNROLLED for (int k = 0; k < 8; k++) sum[k & 1] += load(from + (i + k) * LANES);
  const floats all = sum[0] + sum[1];
  float total = 0;
  UNROLLED for (int lane = 0; lane < LANES; lane++) total += all[lane];
  return total;
}

#define PEAK_KERNELS {CHAINS, multiply_add_chains, read_vectors}
