#pragma once

// The transforms of Winograd's convolution (winograd/README.md), for blocks of sixteen channels `[z][y][x][16]`. Planes (y and x) are
// transformed on their own and depth (z) on its own. Counts and strides are in floats or voxels, never in bytes.
//
// What one axis of a tile is, named by its number of points:
//   1  a kernel of 1: one input, one output (z only)
//   4  F(2,3): four inputs, two outputs
//   5  stride 2: five inputs, two outputs, even and odd inputs apart
//   6  F(4,3): six inputs, four outputs
//   9  stride 2: nine inputs, four outputs, even and odd inputs apart
//  10  after a transposed convolution of stride 2: six of its inputs, eight outputs, even and odd outputs apart

/// The most tiles of a row that `input` of a plane takes at once.
#define TESSERA_PLANE_TILES 8

/// A row of tiles of one plane of one block.
typedef struct {
  /// The block's plane `[y][x][16]`, on 64 bytes; NULL for one of zeros.
  const float *plane;
  /// NULL, or the plane that will be asked for next: what this row of tiles needs of it is brought near.
  const float *next;
  long height, width;
  /// The voxel under the first tile's first input; -1 is the padding, which is zero.
  long y, x;
  long tiles;
  /// NULL, or an input is y = x * scale + shift, then y > 0 ? y : slope * y.
  const float *scale;
  const float *shift;
  float slope;
  /// `v[point * v_point + tile * v_tile]` becomes a vector of sixteen channels, for the points in y, x order.
  float *v;
  long v_point, v_tile;
} tessera_plane_input;

/// A row of tiles of one plane of one block, at their points.
typedef struct {
  /// `m[point * m_point + tile * m_tile]` is a vector of sixteen channels, for the points in y, x order.
  const float *m;
  long m_point, m_tile;
  long tiles;
  /// Of the output. What lies outside isn't written.
  float *plane;
  long height, width;
  /// Voxel of the first tile's first output.
  long y, x;
  /// NULL, or what is added: the vector under that voxel, in lines of `added_width` voxels. It may be the output itself.
  const float *added;
  long added_width;
  /// On 64 bytes, `[shift, sum, squares][16]`: the sums over outputs less `shift` and over the squares of that are added here. The
  /// shift is the first value, so that a mean far from zero costs no digits.
  float *moments;
  /// Whether these are the first outputs: sets the shift and clears the sums.
  int first;
  int past_caches;  ///< whether to store so
} tessera_plane_output;

/// Of one kind of axis, along y and x.
typedef struct {
  int points;  ///< of each of the two axes
  void (*input)(const tessera_plane_input *input);
  /// Returns how many voxels it wrote.
  long (*output)(const tessera_plane_output *output);
} tessera_winograd_plane;

/// Of one kind of axis, along z.
typedef struct {
  int points;
  /// Transforms `count` adjacent vectors of planes `plane` floats apart to points `point` floats apart.
  void (*input)(const float *planes, long plane, float *to, long point, long count);
  /// The way back.
  void (*output)(const float *from, long point, float *planes, long plane, long count);
} tessera_winograd_depth;

/// The kernels of one instruction set.
typedef struct {
  long plane_count;
  const tessera_winograd_plane *planes;
  long depth_count;
  const tessera_winograd_depth *depths;

  /// Transforms the kernels of up to sixteen output channels under one input channel, in double.
  /// - points: of each axis
  /// - matrices: of each axis, `[point][tap]`, with room for four taps
  /// - kernel: taps of the kernels along each axis, at most 4
  /// - weights: `[kz][ky][kx]` of the first output channel; the next one's lie `output_stride` floats on
  /// - outputs: how many there are; the other lanes become zero
  /// - u: receives the vector of each point, `stride` floats apart, in y, x, z order
  void (*weights)(const int points[3], const double (*const matrices[3])[4], const int kernel[3], const float *weights,
                  long output_stride, int outputs, float *u, long stride);
} tessera_winograd_kernels;

/// The kernels of one instruction set (TESSERA_PORTABLE ...); NULL when the processor or the system doesn't have it.
const tessera_winograd_kernels *tessera_winograd_kernels_of(int instruction_set);
