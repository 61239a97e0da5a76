// The kernels of winograd_kernels.h, written once and compiled for each instruction set by the file that includes this one.
// README.md beside it has the matrices.

#include "../channel_vectors.inc.h"
#include "winograd_kernels.h"

#define MAX_POINTS 6
#define MAX_OUTPUTS 4
#define ROOT_HALF 0.70710678118654752f
#define ROOT_TWO 1.41421356237309505f

// Outputs of an axis.
#define OUTPUTS(points) ((points) == 6 ? 4 : (points) == 1 ? 1 : 2)

// B^T d: one axis of the input, in place.
INLINE void transform_input(const int points, floats d[MAX_POINTS]) {
  if (points == 4) {
    const floats d0 = d[0], d1 = d[1], d2 = d[2], d3 = d[3];
    d[0] = d0 - d2;
    d[1] = d1 + d2;
    d[2] = d2 - d1;
    d[3] = d3 - d1;
  } else if (points == 5) {
    // Even inputs under the kernel's outer taps, F(2,2); odd ones under its middle tap.
    const floats d0 = d[0], d1 = d[1], d2 = d[2], d3 = d[3], d4 = d[4];
    d[0] = d0 - d2;
    d[1] = d2;
    d[2] = d4 - d2;
    d[3] = d1;
    d[4] = d3;
  } else if (points == 6) {
    const floats d0 = d[0], d1 = d[1], d2 = d[2], d3 = d[3], d4 = d[4], d5 = d[5];
    const floats even2 = multiply_add(d2, splat(-2.0f), d4), odd2 = multiply_add(d1, splat(-2.0f), d3);
    const floats even5 = multiply_add(d2, splat(-0.5f), d4), odd5 = multiply_add(d1, splat(-0.5f), d3);
    d[0] = multiply_add(d2, splat(-2.5f), d0 + d4);
    d[1] = multiply_add(odd2, splat(ROOT_HALF), even2);
    d[2] = multiply_add(odd2, splat(-ROOT_HALF), even2);
    d[3] = multiply_add(odd5, splat(ROOT_TWO), even5);
    d[4] = multiply_add(odd5, splat(-ROOT_TWO), even5);
    d[5] = multiply_add(d3, splat(-2.5f), d1 + d5);
  }
}

// A^T m: one axis of the products; the results are the first OUTPUTS(points).
INLINE void transform_output(const int points, floats m[MAX_POINTS]) {
  if (points == 4) {
    const floats m0 = m[0], m1 = m[1], m2 = m[2], m3 = m[3];
    m[0] = m0 + m1 + m2;
    m[1] = m1 - m2 + m3;
  } else if (points == 5) {
    const floats m0 = m[0], m1 = m[1], m2 = m[2], m3 = m[3], m4 = m[4];
    m[0] = m0 + m1 + m3;
    m[1] = m1 + m2 + m4;
  } else if (points == 6) {
    const floats m0 = m[0], m1 = m[1], m2 = m[2], m3 = m[3], m4 = m[4], m5 = m[5];
    const floats s = m1 + m2, d = m1 - m2, s2 = m3 + m4, d2 = m3 - m4;
    m[0] = m0 + (s + s2);
    m[1] = multiply_add(d2, splat(ROOT_TWO), d * splat(ROOT_HALF));
    m[2] = multiply_add(s2, splat(2.0f), s * splat(0.5f));
    m[3] = multiply_add(d2, splat(2.0f * ROOT_TWO), multiply_add(d, splat(0.5f * ROOT_HALF), m5));
  }
}

// One line of `n` inputs from `line`, the block's line, at x; zero outside.
INLINE void load_line(const int n, const float *line, long width, long x, int activates, floats scale, floats shift,
                      floats slope, floats d[MAX_POINTS]) {
  const float *p = line + x * LANES;
  // A tile's lines are a few hundred bytes in places far apart, which no hardware prefetcher follows. The next tile along x
  // reads what lies behind this line.
  UNROLLED for (int i = 0; i < OUTPUTS(n); i++) __builtin_prefetch(p + (n + i) * LANES);
  if (x >= 0 && x + n <= width) {
    if (activates) {
      UNROLLED for (int i = 0; i < n; i++) d[i] = activated(load(p + i * LANES), scale, shift, slope);
    } else {
      UNROLLED for (int i = 0; i < n; i++) d[i] = load(p + i * LANES);
    }
    return;
  }
  UNROLLED for (int i = 0; i < n; i++) {
    d[i] = splat(0);
    if (x + i < 0 || x + i >= width) continue;
    d[i] = load(p + i * LANES);
    if (activates) d[i] = activated(d[i], scale, shift, slope);
  }
}

INLINE void input_tile(const int nz, const int ny, const int nx, const float *block, const long extent[3],
                       const long at[3], const float *scale, const float *shift, float slope, float *v, long stride) {
  const int activates = scale != 0;
  const floats s = activates ? load(scale) : splat(1), h = activates ? load(shift) : splat(0), l = splat(slope);
  floats tile[MAX_POINTS * MAX_POINTS * MAX_POINTS];
  for (int z = 0; z < nz; z++) {
    floats *plane = tile + z * ny * nx;
    const long in_z = at[0] + z;
    const int inside = in_z >= 0 && in_z < extent[0];
    for (int y = 0; y < ny; y++) {
      floats d[MAX_POINTS];
      const long in_y = at[1] + y;
      if (!inside || in_y < 0 || in_y >= extent[1]) {
        UNROLLED for (int x = 0; x < nx; x++) plane[y * nx + x] = splat(0);
        continue;
      }
      load_line(nx, block + (in_z * extent[1] + in_y) * extent[2] * LANES, extent[2], at[2], activates, s, h, l, d);
      transform_input(nx, d);
      UNROLLED for (int x = 0; x < nx; x++) plane[y * nx + x] = d[x];
    }
    for (int x = 0; x < nx; x++) {
      floats d[MAX_POINTS];
      UNROLLED for (int y = 0; y < ny; y++) d[y] = plane[y * nx + x];
      transform_input(ny, d);
      if (nz == 1) {
        UNROLLED for (int y = 0; y < ny; y++) store(v + (y * nx + x) * stride, d[y]);
      } else {
        UNROLLED for (int y = 0; y < ny; y++) plane[y * nx + x] = d[y];
      }
    }
  }
  if (nz == 1) return;
  for (int i = 0; i < ny * nx; i++) {
    floats d[MAX_POINTS];
    UNROLLED for (int z = 0; z < nz; z++) d[z] = tile[z * ny * nx + i];
    transform_input(nz, d);
    UNROLLED for (int z = 0; z < nz; z++) store(v + (z * ny * nx + i) * stride, d[z]);
  }
}

INLINE long output_tile(const int nz, const int ny, const int nx, const int past_caches, const float *m, long stride,
                        float *block, const long extent[3], const long at[3], float *moments, int first) {
  const int mz = OUTPUTS(nz), my = OUTPUTS(ny), mx = OUTPUTS(nx);
  floats tile[MAX_OUTPUTS * MAX_POINTS * MAX_POINTS];
  for (int i = 0; i < ny * nx; i++) {
    floats d[MAX_POINTS];
    UNROLLED for (int z = 0; z < nz; z++) d[z] = load(m + (z * ny * nx + i) * stride);
    transform_output(nz, d);
    UNROLLED for (int z = 0; z < mz; z++) tile[z * ny * nx + i] = d[z];
  }
  const long depth = extent[0] - at[0] < mz ? extent[0] - at[0] : mz;
  const long height = extent[1] - at[1] < my ? extent[1] - at[1] : my;
  const long width = extent[2] - at[2] < mx ? extent[2] - at[2] : mx;
  floats shift = load(moments), sum = load(moments + LANES), squares = load(moments + 2 * LANES);
  for (long z = 0; z < depth; z++) {
    floats *plane = tile + z * ny * nx;
    for (int x = 0; x < nx; x++) {
      floats d[MAX_POINTS];
      UNROLLED for (int y = 0; y < ny; y++) d[y] = plane[y * nx + x];
      transform_output(ny, d);
      UNROLLED for (int y = 0; y < my; y++) plane[y * nx + x] = d[y];
    }
    for (long y = 0; y < height; y++) {
      floats d[MAX_POINTS];
      UNROLLED for (int x = 0; x < nx; x++) d[x] = plane[y * nx + x];
      transform_output(nx, d);
      if (first) {
        first = 0;
        shift = d[0];
        sum = squares = splat(0);
      }
      float *line = block + (((at[0] + z) * extent[1] + at[1] + y) * extent[2] + at[2]) * LANES;
      UNROLLED for (int x = 0; x < mx; x++) {
        if (x >= width) continue;
        const floats deviation = d[x] - shift;
        sum += deviation;
        squares = multiply_add(deviation, deviation, squares);
        if (past_caches)
          stream(line + x * LANES, d[x]);
        else
          store(line + x * LANES, d[x]);
      }
    }
  }
  store(moments, shift);
  store(moments + LANES, sum);
  store(moments + 2 * LANES, squares);
  return depth * height * width;
}

#define TILE(Z, Y, X)                                                                                               \
  static void input_##Z##Y##X(const float *block, const long extent[3], const long at[3], const float *scale,       \
                              const float *shift, float slope, float *v, long stride) {                             \
    input_tile(Z, Y, X, block, extent, at, scale, shift, slope, v, stride);                                         \
  }                                                                                                                 \
  static long output_##Z##Y##X(const float *m, long stride, float *block, const long extent[3], const long at[3],   \
                               float *moments, int first, int past_caches) {                                        \
    return past_caches ? output_tile(Z, Y, X, 1, m, stride, block, extent, at, moments, first)                      \
                       : output_tile(Z, Y, X, 0, m, stride, block, extent, at, moments, first);                     \
  }

TILE(6, 6, 6) TILE(4, 6, 6) TILE(1, 6, 6) TILE(6, 4, 4) TILE(4, 4, 4) TILE(1, 4, 4)
TILE(5, 5, 5) TILE(1, 5, 5) TILE(4, 5, 5) TILE(6, 5, 5)

static const tessera_winograd_tile tiles[] = {
    {{6, 6, 6}, input_666, output_666}, {{4, 6, 6}, input_466, output_466}, {{1, 6, 6}, input_166, output_166},
    {{6, 4, 4}, input_644, output_644}, {{4, 4, 4}, input_444, output_444}, {{1, 4, 4}, input_144, output_144},
    {{5, 5, 5}, input_555, output_555}, {{1, 5, 5}, input_155, output_155}, {{4, 5, 5}, input_455, output_455},
    {{6, 5, 5}, input_655, output_655},
};

typedef double doubles __attribute__((vector_size(128)));

static void transform_weights(const int points[3], const double (*const matrices[3])[3], const int kernel[3],
                              const float *weights, long output_stride, int outputs, float *u, long stride) {
  const int kz = kernel[0], ky = kernel[1], kx = kernel[2];
  doubles taps[27], lines[9 * MAX_POINTS], planes[3 * MAX_POINTS * MAX_POINTS];
  for (int t = 0; t < kz * ky * kx; t++) {
    taps[t] = (doubles){0};
    for (int lane = 0; lane < outputs; lane++) taps[t][lane] = (double)weights[lane * output_stride + t];
  }
  for (int line = 0; line < kz * ky; line++)
    for (int x = 0; x < points[2]; x++) {
      doubles sum = {0};
      for (int k = 0; k < kx; k++) sum += taps[line * kx + k] * matrices[2][x][k];
      lines[line * points[2] + x] = sum;
    }
  const int plane = points[1] * points[2];
  for (int z = 0; z < kz; z++)
    for (int y = 0; y < points[1]; y++)
      for (int x = 0; x < points[2]; x++) {
        doubles sum = {0};
        for (int k = 0; k < ky; k++) sum += lines[(z * ky + k) * points[2] + x] * matrices[1][y][k];
        planes[z * plane + y * points[2] + x] = sum;
      }
  for (int z = 0; z < points[0]; z++)
    for (int i = 0; i < plane; i++) {
      doubles sum = {0};
      for (int k = 0; k < kz; k++) sum += planes[k * plane + i] * matrices[0][z][k];
      store(u + (z * plane + i) * stride, __builtin_convertvector(sum, floats));
    }
}

#define WINOGRAD_KERNELS {sizeof tiles / sizeof tiles[0], tiles, transform_weights}
