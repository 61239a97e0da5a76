#pragma once

// What happens to volumes around the network: resizing lines with splines, interpolating and deciding rows of class
// probabilities, adding tiles. Counts and strides are in elements, never in bytes. Every instruction set gives the same bits: no
// fused multiply-add, and each element is computed by the same operations in the same order, whatever the vector's width.

/// Lines that are resized side by side.
enum { TESSERA_LINE_LANES = 16 };

/// Where each output sample of a line takes its value from: `order + 1` samples of the padded line and their weights.
typedef struct {
  int order;              ///< 0, 1, or 3: B-spline weights of filtered coefficients
  long input;             ///< samples of a line
  long output;            ///< samples of the resized line
  long padding;           ///< times that the first and the last sample are repeated before and behind the line
  const long *indices;    ///< `[output sample, tap]`, into the padded line
  const double *weights;  ///< `[output sample, tap]`
} tessera_line_taps;

/// Lines in memory: sample `s` of line `l` is `origin[s * sample_stride + l * lane_stride]`.
typedef struct {
  const float *origin;
  long sample_stride, lane_stride;
} tessera_lines;

/// Lines in memory that are written.
typedef struct {
  float *origin;
  long sample_stride, lane_stride;
} tessera_lines_out;

/// The least and the largest of some values; NaN is passed over, or counts as 0.
typedef struct {
  float lower, upper;
} tessera_range;

/// Which two samples of a row each output sample lies between, and their weights.
typedef struct {
  long input, output;
  const int *lower, *upper;                  ///< `[output sample]`; neither ever decreases
  const double *lower_weight, *upper_weight;  ///< `[output sample]`
} tessera_row_taps;

/// The kernels of one instruction set.
typedef struct {
  /// Resizes `lanes` (1 to TESSERA_LINE_LANES) lines. Float64 inside: where the order is 3, lines are first turned into B-spline
  /// coefficients. `scratch` is room for `(input + 2 * padding) * TESSERA_LINE_LANES` values, aligned to 64 bytes.
  void (*resize_lines)(const tessera_line_taps *taps, tessera_lines from, tessera_lines_out to, long lanes,
                       int replaces_nan, double *scratch);

  /// Widens `range` by `count` values that lie `stride` floats apart.
  void (*extend_range)(tessera_range *range, const float *values, long count, long stride, int replaces_nan);

  /// In place: values below `range.lower` become that, those above `range.upper` that.
  void (*clip)(float *values, long count, tessera_range range);

  /// One row of a plane that is resized in both axes: rows `lower` and `upper`, each of `taps->input` values, are blended with
  /// their weights, then interpolated along the row. Float64 inside. `scratch` is room for `taps->input + 32` values.
  void (*interpolate_row)(const tessera_row_taps *taps, const float *lower, const float *upper, double lower_weight,
                          double upper_weight, double *scratch, double *output);

  /// values[i] = (float)(below[i] * below_weight + above[i] * above_weight).
  void (*blend)(const double *below, const double *above, double below_weight, double above_weight, long count,
                float *values);

  /// The class with the largest blended value at each of `count` places, the lowest of equals: what `blend` into float32 and a
  /// comparison class by class would give. Rows of two classes lie `class_stride` values apart. A value that is no number
  /// never wins; where no class wins the label is 0. At most 256 classes.
  void (*decide)(const double *below, const double *above, double below_weight, double above_weight, long classes,
                 long class_stride, long count, unsigned char *labels);

  /// sums[i] += values[i] * weights[i], the product rounded first.
  void (*add_weighted)(float *sums, const float *values, const float *weights, long count);

  /// sums[i] += values[i].
  void (*add)(float *sums, const float *values, long count);

  /// sums[i] /= weights[i].
  void (*divide)(float *sums, const float *weights, long count);
} tessera_volume_kernels;

/// The kernels of one of the instruction sets of activation_kernels.h; NULL when the processor or the system doesn't have it.
const tessera_volume_kernels *tessera_volume_kernels_of(int instruction_set);
