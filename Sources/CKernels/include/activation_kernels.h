#pragma once

// What surrounds the matrix products of a convolutional network. All tensors are float32 and channels-last: `[z][y][x][channel]`,
// channel fastest, unless said otherwise. Counts and strides are in floats or rows, never in bytes. A "row" is the channels of
// one voxel. Every instruction set gives the same bits: no fused multiply-add, and each channel (in softmax: each voxel) is
// summed in the same order, whatever the vector's width.

/// Which input voxels a convolution's output voxels see. Axes are z, y, x.
typedef struct {
  long input[3];   ///< extent of the input
  long output[3];  ///< extent of the output
  long kernel[3];  ///< 1 or 3; padding is kernel / 2
  long stride[3];  ///< 1 or 2
} tessera_window;

/// What turns a channel into another by multiplying and adding, `[channel]` each.
typedef struct {
  const float *mean;   ///< NULL: 0
  const float *scale;  ///< NULL: 1
  const float *shift;  ///< NULL: 0
} tessera_affine;

/// Activations of a block.
enum {
  TESSERA_LEAKY = 0,  ///< y > 0 ? y : slope * y
  TESSERA_GELU = 1,   ///< y P(X <= y) of a standard normal variable, to about 1e-6 of the value and better near 0
  TESSERA_MISH = 2,   ///< y tanh(log(1 + exp(y))), to a few units in the last place
  TESSERA_FLOOR = 3,  ///< the greater one of y and the channel's floor
};

typedef struct {
  int kind;
  float slope;         ///< for TESSERA_LEAKY; 0 is ReLU, 1 no activation
  const float *floor;  ///< `[channel]`, for TESSERA_FLOOR
} tessera_activation;

/// The kernels of one instruction set.
typedef struct {
  /// im2col: for each output voxel of `first ..< first + count` (in raster order) writes the inputs under some of the kernel's
  /// taps as one row of `columns`, zero outside the input. A tap row is a (kernel z, kernel y) pair, numbered
  /// `kz * kernel[1] + ky`; a row of `columns` holds `[tap row][kernel x][channel]` for tap rows
  /// `tap_row ..< tap_row + tap_rows`, and rows lie `ld` floats apart.
  void (*gather_columns)(const tessera_window *window, const float *input, long channels, long first, long count,
                         long tap_row, long tap_rows, float *columns, long ld);

  /// Mean and sum of squared deviations of each channel over `count` rows that lie `ld` floats apart. Two passes: deviations
  /// are taken from the rows' own mean, so a mean far from zero costs no accuracy.
  void (*row_statistics)(const float *rows, long count, long channels, long ld, double *mean, double *deviations);

  /// In place over `count` rows that lie `ld` floats apart: y = (x - mean) * scale + shift + residual, then the activation. The
  /// residual's rows lie `ld` floats apart too; NULL stands for none.
  void (*normalize)(float *rows, long count, long channels, long ld, const tessera_affine *affine,
                    const float *residual, const tessera_activation *activation);

  /// In place over the classes of each voxel: exp(x - max) / sum. `logits` is `[class][ld]`, of which the first `count`
  /// voxels count; `ld` is a multiple of 16, what lies between `count` and `ld` is overwritten.
  void (*softmax)(float *logits, long classes, long count, long ld);

  /// In place: 1 / (1 + exp(-x)). Layout as for `softmax`.
  void (*sigmoid)(float *logits, long classes, long count, long ld);

  /// sum[i] += weight * values[i], or with `reversed` sum[count - 1 - i] += weight * values[i].
  void (*add_scaled)(float *sum, const float *values, long count, float weight, int reversed);
} tessera_activation_kernels;

/// Instruction sets, weakest first.
enum {
  TESSERA_PORTABLE = 0,  ///< what the compiler targets: SSE2 on x86-64
  TESSERA_AVX2 = 1,
  TESSERA_AVX512 = 2,
};

/// The kernels of one instruction set; NULL when the processor or the system doesn't have it.
const tessera_activation_kernels *tessera_activation_kernels_of(int instruction_set);
