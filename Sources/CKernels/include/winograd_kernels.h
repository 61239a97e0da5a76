#pragma once

// The transforms of Winograd's convolution (winograd/README.md), for blocks of sixteen channels `[z][y][x][16]`. Axes are z, y, x;
// counts and strides are in floats or voxels, never in bytes.
//
// What one axis of a tile is, named by its number of points:
//   1  a kernel of 1: one input, one output
//   4  F(2,3): four inputs, two outputs
//   5  stride 2: five inputs, two outputs, even and odd inputs apart
//   6  F(4,3): six inputs, four outputs

/// Of one combination of axes.
typedef struct {
  int points[3];

  /// Transforms one tile of one block: `v[point * stride]` becomes a vector of sixteen channels, for the points in z, y, x order.
  /// Voxels outside the block are zero. With `scale`, an input is y = x * scale + shift, then y > 0 ? y : slope * y.
  /// - extent: of the block
  /// - at: voxel under the tile's first input; -1 is the padding
  void (*input)(const float *block, const long extent[3], const long at[3], const float *scale, const float *shift,
                float slope, float *v, long stride);

  /// Transforms one tile of one block back from `m[point * stride]`, writes the outputs that lie in the block, and returns how many
  /// voxels that are. Adds to `moments`, on 64 bytes: `[shift, sum, squares][16]`, the sums over outputs less `shift` and over the
  /// squares of that. The shift is the first value, so that a mean far from zero costs no digits.
  /// - extent: of the block
  /// - at: voxel of the tile's first output
  /// - first: whether these are the first outputs: sets the shift and clears the sums
  /// - past_caches: whether to store so
  long (*output)(const float *m, long stride, float *block, const long extent[3], const long at[3], float *moments,
                 int first, int past_caches);
} tessera_winograd_tile;

/// The kernels of one instruction set.
typedef struct {
  long tile_count;
  const tessera_winograd_tile *tiles;

  /// Transforms the kernels of up to sixteen output channels under one input channel, in double.
  /// - points: of each axis
  /// - matrices: of each axis, `[point][3]`; a kernel of 1 has its value in column 0
  /// - kernel: extent of the kernels, 1 or 3
  /// - weights: `[kz][ky][kx]` of the first output channel; the next one's lie `output_stride` floats on
  /// - outputs: how many there are; the other lanes become zero
  /// - u: receives the vector of each point, `stride` floats apart
  void (*weights)(const int points[3], const double (*const matrices[3])[3], const int kernel[3], const float *weights,
                  long output_stride, int outputs, float *u, long stride);
} tessera_winograd_kernels;

/// The kernels of one instruction set (TESSERA_PORTABLE ...); NULL when the processor or the system doesn't have it.
const tessera_winograd_kernels *tessera_winograd_kernels_of(int instruction_set);
