// The kernels of product_kernels.h, written once and compiled for each instruction set by the file that includes this one.
// It defines ROWS x PANELS, the largest tile of C whose accumulators, weights and one broadcast value fit the registers.

#include <string.h>

#include "../channel_vectors.inc.h"
#include "product_kernels.h"

// One tile of C, `rows` x `panels` vectors, both known to the compiler. Each value of A is broadcast once for all panels and each
// weight loaded once for all rows. Each step of the sum brings a line of what will be needed soon to the second-level cache, from `ahead` on
// and `ahead_step` floats further with each.
INLINE void tile(const int rows, const int panels, const tessera_product *p, const float *a, const float *weights,
                 float *c, const float *ahead, long ahead_step) {
  floats sum[ROWS][PANELS];
  UNROLLED for (int r = 0; r < rows; r++)
    UNROLLED for (int q = 0; q < panels; q++) sum[r][q] = splat(0);
  const long panel = p->taps * p->inner * LANES;
  for (long t = 0; t < p->taps; t++) {
    const float *under = a + p->offsets[t];
    for (long k = 0; k < p->inner; k++) {
      __builtin_prefetch(ahead, 0, 2);
      floats w[PANELS];
      UNROLLED for (int q = 0; q < panels; q++) w[q] = load(weights + q * panel);
      UNROLLED for (int r = 0; r < rows; r++) {
        const floats x = splat(under[r * p->a_row + k]);
        UNROLLED for (int q = 0; q < panels; q++) sum[r][q] = multiply_add(x, w[q], sum[r][q]);
      }
      weights += LANES;
      ahead += ahead_step;
    }
  }
  if (p->past_caches) {
    UNROLLED for (int r = 0; r < rows; r++)
      UNROLLED for (int q = 0; q < panels; q++) stream(c + r * p->c_row + q * p->c_panel, sum[r][q]);
  } else {
    UNROLLED for (int r = 0; r < rows; r++)
      UNROLLED for (int q = 0; q < panels; q++) store(c + r * p->c_row + q * p->c_panel, sum[r][q]);
  }
}

// The tiles of each height, by height.
typedef void (*tile_function)(const tessera_product *, const float *, const float *, float *, const float *, long);
#define TILE(R, P)                                                                                               \
  static void tile_##R##_##P(const tessera_product *p, const float *a, const float *weights, float *c,          \
                             const float *ahead, long ahead_step) {                                              \
    tile(R, P, p, a, weights, c, ahead, ahead_step);                                                             \
  }
#if ROWS == 14
#define TILES(P)                                                                                      \
  TILE(1, P) TILE(2, P) TILE(3, P) TILE(4, P) TILE(5, P) TILE(6, P) TILE(7, P) TILE(8, P) TILE(9, P)  \
  TILE(10, P) TILE(11, P) TILE(12, P) TILE(13, P) TILE(14, P)                                         \
  static const tile_function tiles_##P[] = {                                                          \
      0,          tile_1_##P, tile_2_##P,  tile_3_##P,  tile_4_##P,  tile_5_##P,  tile_6_##P, tile_7_##P, \
      tile_8_##P, tile_9_##P, tile_10_##P, tile_11_##P, tile_12_##P, tile_13_##P, tile_14_##P};
#elif ROWS == 6
#define TILES(P)                                                          \
  TILE(1, P) TILE(2, P) TILE(3, P) TILE(4, P) TILE(5, P) TILE(6, P)       \
  static const tile_function tiles_##P[] = {0,          tile_1_##P, tile_2_##P, tile_3_##P, \
                                            tile_4_##P, tile_5_##P, tile_6_##P};
#else
#define TILES(P)          \
  TILE(1, P) TILE(2, P)   \
  static const tile_function tiles_##P[] = {0, tile_1_##P, tile_2_##P};
#endif

TILES(1)
#if PANELS == 2
TILES(2)
#endif

// Rows r ..< r + height under panels q ..< q + width. All that a tile is told fits registers: what went through the stack would wait for
// the stores of the tile before.
INLINE void multiply_tile(const tessera_product *p, long r, long height, long q, long width, const float *ahead,
                          long ahead_step) {
  const float *a = p->a + r * p->a_row;
  const float *weights = p->weights + q * p->taps * p->inner * LANES;
  float *c = p->c + r * p->c_row + q * p->c_panel;
#if PANELS == 2
  if (width == 2) return tiles_2[height](p, a, weights, c, ahead, ahead_step);
#endif
  tiles_1[height](p, a, weights, c, ahead, ahead_step);
}

static void multiply(const tessera_product *p) {
  // Groups of nearly the same height: 16 rows are 8 + 8 rather than 14 + 2.
  const long groups = (p->rows + ROWS - 1) / ROWS;
  const long height = (p->rows + groups - 1) / groups;
  const long steps = p->taps * p->inner;
  // Each tile brings a part of a line near that will be read soon, or, where there is none, its part of the next panels' weights, or of
  // the next product's, which lie behind them.
  const long share = (PANELS * LANES + groups - 1) / groups;
  const tessera_soon none = {0}, *soon = p->soon ? p->soon : &none;
  const long parts = (soon->length + steps * LANES - 1) / (steps * LANES);
  const long stride = parts ? (soon->length + parts * steps - 1) / (parts * steps) : 0;
  const float *line = soon->from;
  long lines = parts ? soon->lines : 0, part = 0;
  // Panels outside: their weights are read from far away once, the rows come from a near cache again.
  for (long q = 0; q < p->panels; q += PANELS) {
    const long width = p->panels - q < PANELS ? p->panels - q : PANELS;
    const float *weights = p->weights + (q + width) * steps * LANES;
    for (long r = 0; r < p->rows; r += height, weights += steps * share) {
      const int has_line = lines > 0;
      const float *ahead = has_line ? line + part * steps * stride : weights;
      multiply_tile(p, r, p->rows - r < height ? p->rows - r : height, q, width, ahead, has_line ? stride : share);
      if (has_line && ++part == parts) part = 0, line += soon->stride, lines--;
    }
  }
}

static void activate(const float *from, long count, const float *scale, const float *shift, float slope, float *to,
                     long to_row) {
  if (!scale) {
    for (long i = 0; i < count; i++) store(to + i * to_row, load(from + i * LANES));
    return;
  }
  const floats s = load(scale), h = load(shift), l = splat(slope);
  for (long i = 0; i < count; i++) store(to + i * to_row, activated(load(from + i * LANES), s, h, l));
}

#include "sums.inc.h"

#define PRODUCT_KERNELS {multiply, activate, sums}
