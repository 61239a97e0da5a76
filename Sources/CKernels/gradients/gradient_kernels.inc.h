// The kernels of gradient_kernels.h, written once and compiled for each instruction set by the file that includes this one. It defines
// ROWS, the rows of an outer product whose sums fit the registers.

#include <string.h>

#include "../channel_vectors.inc.h"
#include "gradient_kernels.h"

// Some rows of an outer product, their number known to the compiler; so is, where it is 1, the distance of A's rows.
INLINE void outer_rows(const int rows, const tessera_outer_product *p, long a_row, long first) {
  floats sum[16];
  UNROLLED for (int r = 0; r < rows; r++) sum[r] = splat(0);
  for (long plane = 0; plane < p->planes; plane++) {
    for (long line = 0; line < p->lines; line++) {
      const float *a = p->a + plane * p->a_plane + line * p->a_line + first * a_row;
      const float *b = p->b + plane * p->b_plane + line * p->b_line;
      for (long x = 0; x < p->width; x++, a += p->a_step, b += p->b_step) {
        const floats v = load(b);
        UNROLLED for (int r = 0; r < rows; r++) sum[r] = multiply_add(splat(a[r * a_row]), v, sum[r]);
      }
    }
  }
  float *c = p->c + first * LANES;
  UNROLLED for (int r = 0; r < rows; r++) store(c + r * LANES, load(c + r * LANES) + sum[r]);
}

INLINE void outer_all(const tessera_outer_product *p, long a_row) {
  long first = 0;
#if ROWS >= 16
  for (; p->rows - first >= 16; first += 16) outer_rows(16, p, a_row, first);
#endif
#if ROWS >= 8
  for (; p->rows - first >= 8; first += 8) outer_rows(8, p, a_row, first);
#endif
#if ROWS >= 4
  for (; p->rows - first >= 4; first += 4) outer_rows(4, p, a_row, first);
  if (p->rows - first == 3) {
    outer_rows(3, p, a_row, first);
    first += 3;
  }
#endif
  for (; p->rows - first >= 2; first += 2) outer_rows(2, p, a_row, first);
  if (p->rows - first == 1) outer_rows(1, p, a_row, first);
}

static void outer_product(const tessera_outer_product *p) {
  if (p->a_row == 1)
    outer_all(p, 1);
  else
    outer_all(p, p->a_row);
}

// The gradient of the normalisation's output.
INLINE floats before_activation(floats x, floats gradient, floats scale, floats shift, floats slope) {
  return choose(multiply_add(x, scale, shift) > splat(0), gradient, gradient * slope);
}

static void normalization_sums(const float *x, const float *gradient, long count, const tessera_normalized *n,
                               double *sums) {
  const floats scale = load(n->scale), shift = load(n->shift), slope = splat(n->slope);
  const floats mean = load(n->mean), inverse = load(n->inverse);
  for (int i = 0; i < 2 * LANES; i++) sums[i] = 0;
  // Short sums in float, those of them in double.
  const long piece = 128;
  for (long first = 0; first < count; first += piece) {
    const long end = count - first < piece ? count : first + piece;
    floats sum = splat(0), product = splat(0);
    for (long i = first; i < end; i++) {
      const floats value = load(x + i * LANES);
      const floats g = before_activation(value, load(gradient + i * LANES), scale, shift, slope);
      sum += g;
      product = multiply_add(g, (value - mean) * inverse, product);
    }
    for (int i = 0; i < LANES; i++) {
      sums[i] += (double)sum[i];
      sums[LANES + i] += (double)product[i];
    }
  }
}

static void normalization_gradient(const float *x, float *gradient, long count, const tessera_normalized *n,
                                   const float *factor, const float *mean_g, const float *mean_g_xhat) {
  const floats scale = load(n->scale), shift = load(n->shift), slope = splat(n->slope);
  const floats mean = load(n->mean), inverse = load(n->inverse);
  const floats f = load(factor), m = load(mean_g), mx = load(mean_g_xhat);
  for (long i = 0; i < count; i++) {
    const floats value = load(x + i * LANES);
    const floats g = before_activation(value, load(gradient + i * LANES), scale, shift, slope);
    store(gradient + i * LANES, f * (g - m - (value - mean) * inverse * mx));
  }
}

static void spread(const float *logits, long stride, long classes, const float *weights, long row, float *gradient,
                   long count, int adding) {
  for (long v = 0; v < count; v++) {
    floats sum = adding ? load(gradient + v * LANES) : splat(0);
    for (long k = 0; k < classes; k++) sum = multiply_add(splat(logits[k * stride + v]), load(weights + k * row), sum);
    store(gradient + v * LANES, sum);
  }
}

static void add(float *to, long step, const float *from, long count) {
  for (long i = 0; i < count; i++) store(to + i * step, load(to + i * step) + load(from + i * LANES));
}

#define GRADIENT_KERNELS {outer_product, normalization_sums, normalization_gradient, spread, add}
