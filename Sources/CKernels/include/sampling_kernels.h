#pragma once

#include "volume_kernels.h"

// Volumes looked at through a rotated and scaled grid: B-spline coefficients with mirrored ends, and their values and the labels at
// any place. Counts and strides are in elements. Plain vectors of four or sixteen, no fused multiply-add: the same bits on every
// instruction set.

/// Where the grid's points lie in a volume: (((index - middle) * matrix) * scale) + centre, the index a row vector. Axes are z, y, x;
/// where `axes` is 2 the first is left alone: slices map to slices.
typedef struct {
  int axes;           ///< 3, or 2
  double matrix[9];   ///< `[from axis][to axis]`; where `axes` is 2, entries of the first axis aren't read
  double scale;
  double middle[3];   ///< of the grid, in its indices
  double centre[3];   ///< of the volume, in its indices
} tessera_placement;

/// In place: `lanes` (1 to TESSERA_LINE_LANES) lines of `count` samples become coefficients of cubic B-splines, as if each line were
/// mirrored at its end samples. Float64 inside. Sample `s` of line `l` is `origin[s * sample_stride + l * lane_stride]`. `scratch` is
/// room for `count * TESSERA_LINE_LANES` values, aligned to 64 bytes.
void tessera_filter_mirrored(float *origin, long count, long sample_stride, long lanes, long lane_stride, double *scratch);

/// Values of cubic B-splines at the grid's points `[z, y, 0..<count]`; exactly 0 outside the volume.
/// - `coefficients`: of the volume's first voxel, with one more plane, row and value before it and two behind (no planes where `axes`
///   is 2), mirrored at the ends.
/// - `extent`: of the volume.
/// - `strides`: of the coefficients, from plane to plane and from row to row.
void tessera_sample_cubic(const tessera_placement *placement, const float *coefficients, const long extent[3],
                          const long strides[2], long z, long y, long count, float *values);

/// Labels at the grid's points: each label's indicator is interpolated linearly and the largest wins; where the nearest voxel's label
/// attains it, that one, else the lowest. `outside` outside the volume. The labels are contiguous.
void tessera_sample_labels(const tessera_placement *placement, const unsigned char *labels, const long extent[3],
                           unsigned char outside, long z, long y, long count, unsigned char *result);
