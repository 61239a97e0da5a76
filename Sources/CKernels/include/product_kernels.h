#pragma once

// Products of a few rows with packed weights: what is left of a convolution, direct or Winograd, once its input lies ready.
// Counts and strides are in floats, never in bytes. A panel is sixteen output channels.

/// Lines of memory that will be read soon after a product.
typedef struct {
  const float *from;
  long stride;  ///< from one line to the next
  long lines;
  long length;  ///< of each
} tessera_soon;

/// C[row][panel] = sum over taps t and k < inner of A[row][t][k] * weights[panel][t][k], each a vector of sixteen channels.
typedef struct {
  /// `A[row][t][k]` is `a[row * a_row + offsets[t] + k]`.
  const float *a;
  long a_row;
  const long *offsets;  ///< one for each tap
  long taps;
  long inner;
  /// `[panel][tap][inner][16]`, on 64 bytes.
  const float *weights;
  /// `C[row][panel]` is at `c + row * c_row + panel * c_panel`, on 64 bytes.
  float *c;
  long c_row;
  long c_panel;
  long rows;
  long panels;
  int past_caches;  ///< whether to store so
  /// NULL, or what is brought near meanwhile, as far as there is time: it changes no result, and may be any address.
  const tessera_soon *soon;
} tessera_product;

/// C[output][voxel] = sum over blocks of sixteen channels of A[block][voxel] * weights[output][block], for few outputs.
typedef struct {
  /// `A[block][voxel]`, a vector of sixteen channels, is at `a + block * a_block + voxel * 16`, on 64 bytes.
  const float *a;
  long a_block;
  long blocks;
  /// NULL, or `[block][16]`: A is y = x * scale + shift, then y > 0 ? y : slope * y.
  const float *scale;
  const float *shift;
  float slope;
  /// `[output][block][16]`, on 64 bytes.
  const float *weights;
  long outputs;
  /// `C[output][voxel]` is at `c + output * c_output + voxel`.
  float *c;
  long c_output;
  long voxels;
  float *scratch;  ///< room for sixteen vectors of each block, on 64 bytes
} tessera_sums;

/// The kernels of one instruction set.
typedef struct {
  void (*multiply)(const tessera_product *product);

  /// Copies `count` adjacent vectors of sixteen channels to `to`, `to_row` floats apart. With `scale`, what is copied is
  /// y = x * scale + shift, then y > 0 ? y : slope * y.
  void (*activate)(const float *from, long count, const float *scale, const float *shift, float slope, float *to,
                   long to_row);

  void (*sums)(const tessera_sums *sums);
} tessera_product_kernels;

/// The kernels of one instruction set (TESSERA_PORTABLE ...); NULL when the processor or the system doesn't have it.
const tessera_product_kernels *tessera_product_kernels_of(int instruction_set);
