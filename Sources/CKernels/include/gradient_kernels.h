#pragma once

// The steps of a network's gradient that aren't convolutions of another kind. Tensors are blocks of sixteen channels, `[z][y][x][16]`, on
// 64 bytes. Counts and strides are in floats or voxels, never in bytes.

/// C[row][16] += sum over planes, lines and x of A[row] * B[16]: a piece of the gradient of weights.
typedef struct {
  /// `A[row]` of a place is at `a + plane * a_plane + line * a_line + x * a_step + row * a_row`.
  const float *a;
  long a_plane, a_line, a_step, a_row;
  /// The vector of a place is at `b + plane * b_plane + line * b_line + x * b_step`, on 64 bytes.
  const float *b;
  long b_plane, b_line, b_step;
  long planes, lines, width;
  long rows;
  /// `[row][16]`, on 64 bytes.
  float *c;
} tessera_outer_product;

/// What instance normalisation and leaky ReLU made of one block: y = x * scale + shift, then y > 0 ? y : slope * y. All of them `[16]`.
typedef struct {
  const float *scale;
  const float *shift;
  float slope;
  const float *mean;     ///< of x
  const float *inverse;  ///< 1 / sqrt(variance of x + epsilon)
} tessera_normalized;

/// The kernels of one instruction set.
typedef struct {
  void (*outer_product)(const tessera_outer_product *product);

  /// Sums for the gradient of a normalisation over `count` vectors: `sums[0][16]` of g, the gradient of y, and `sums[1][16]` of
  /// g * (x - mean) * inverse. `gradient` is that of the activation.
  void (*normalization_sums)(const float *x, const float *gradient, long count, const tessera_normalized *normalized,
                             double *sums);

  /// In place: the gradient of the activation becomes that of x, factor * (g - mean_g - xhat * mean_g_xhat).
  void (*normalization_gradient)(const float *x, float *gradient, long count, const tessera_normalized *normalized,
                                 const float *factor, const float *mean_g, const float *mean_g_xhat);

  /// gradient[voxel][16] = or += sum over classes of logits[class * stride + voxel] * weights[class * row + 0..15].
  void (*spread)(const float *logits, long stride, long classes, const float *weights, long row, float *gradient,
                 long count, int adding);

  /// to[i * step][16] += from[i * 16][16] for i < count.
  void (*add)(float *to, long step, const float *from, long count);
} tessera_gradient_kernels;

/// The kernels of one instruction set (TESSERA_PORTABLE ...); NULL when the processor or the system doesn't have it.
const tessera_gradient_kernels *tessera_gradient_kernels_of(int instruction_set);
