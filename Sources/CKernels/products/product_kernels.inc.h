// The kernels of product_kernels.h, written once and compiled for each instruction set by the file that includes this one.
// It defines ROWS x PANELS, the largest tile of C whose accumulators, weights and one broadcast value fit the registers.

#include <string.h>

#include "../channel_vectors.inc.h"
#include "product_kernels.h"

// One tile of C, `rows` x `panels` vectors, both known to the compiler. Each value of A is broadcast once for all panels and each
// weight loaded once for all rows.
INLINE void tile(const int rows, const int panels, const tessera_product *p, const float *a, const float *weights,
                 float *c, long c_row, long c_panel) {
  floats sum[ROWS][PANELS];
  UNROLLED for (int r = 0; r < rows; r++)
    UNROLLED for (int q = 0; q < panels; q++) sum[r][q] = splat(0);
  const long panel = p->taps * p->inner * LANES;
  for (long t = 0; t < p->taps; t++) {
    const float *under = a + p->offsets[t];
    for (long k = 0; k < p->inner; k++, weights += LANES) {
      floats w[PANELS];
      UNROLLED for (int q = 0; q < panels; q++) w[q] = load(weights + q * panel);
      UNROLLED for (int r = 0; r < rows; r++) {
        const floats x = splat(under[r * p->a_row + k]);
        UNROLLED for (int q = 0; q < panels; q++) sum[r][q] = multiply_add(x, w[q], sum[r][q]);
      }
    }
  }
  if (p->past_caches) {
    UNROLLED for (int r = 0; r < rows; r++)
      UNROLLED for (int q = 0; q < panels; q++) stream(c + r * c_row + q * c_panel, sum[r][q]);
  } else {
    UNROLLED for (int r = 0; r < rows; r++)
      UNROLLED for (int q = 0; q < panels; q++) store(c + r * c_row + q * c_panel, sum[r][q]);
  }
}

// The tiles of each height, by height.
typedef void (*tile_function)(const tessera_product *, const float *, const float *, float *, long, long);
#define TILE(R, P)                                                                                          \
  static void tile_##R##_##P(const tessera_product *p, const float *a, const float *weights, float *c, long c_row, \
                             long c_panel) {                                                                \
    tile(R, P, p, a, weights, c, c_row, c_panel);                                                           \
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

// Rows r ..< r + height under panels q ..< q + width.
INLINE void multiply_tile(const tessera_product *p, long r, long height, long q, long width, float *c, long c_row,
                          long c_panel) {
  const float *a = p->a + r * p->a_row;
  const float *weights = p->weights + q * p->taps * p->inner * LANES;
#if PANELS == 2
  if (width == 2) return tiles_2[height](p, a, weights, c, c_row, c_panel);
#endif
  tiles_1[height](p, a, weights, c, c_row, c_panel);
}

static void multiply(const tessera_product *p) {
  // Groups of nearly the same height: 16 rows are 8 + 8 rather than 14 + 2.
  const long groups = (p->rows + ROWS - 1) / ROWS;
  const long height = (p->rows + groups - 1) / groups;
  // Panels outside: their weights are read from far away once, the rows come from a near cache again.
  for (long q = 0; q < p->panels; q += PANELS)
    for (long r = 0; r < p->rows; r += height)
      multiply_tile(p, r, p->rows - r < height ? p->rows - r : height, q,
                    p->panels - q < PANELS ? p->panels - q : PANELS, p->c + r * p->c_row + q * p->c_panel, p->c_row,
                    p->c_panel);
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
