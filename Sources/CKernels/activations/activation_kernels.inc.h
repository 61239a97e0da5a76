// The kernels of activation_kernels.h, written once in clang's vector extensions and compiled for each instruction set by the
// file that includes this one. A vector has 16 floats at every level: one AVX-512 register, two of AVX2, four of SSE2.

#include <string.h>

#include "activation_kernels.h"

// Vectors are passed between functions that are always inlined, so no calling convention is at stake.
#pragma clang diagnostic ignored "-Wpsabi"

#define LANES 16
typedef float floats __attribute__((vector_size(64)));
typedef int ints __attribute__((vector_size(64)));

// Unaligned: a row of channels starts at any multiple of four bytes.
typedef float unaligned_floats __attribute__((vector_size(64), aligned(4)));
// Networks of few features have 8 channels.
#define HALF 8
typedef float halves __attribute__((vector_size(32)));
typedef float unaligned_halves __attribute__((vector_size(32), aligned(4)));
#define LOAD(p) ((floats) * (const unaligned_floats *)(p))
#define STORE(p, v) (*(unaligned_floats *)(p) = (v))
#define INLINE static inline __attribute__((always_inline))

INLINE floats splat(float x) { return (floats){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }

// The first `lanes` floats, and zeros.
INLINE floats load_some(const float *p, long lanes) {
  if (lanes == LANES) return LOAD(p);
  if (lanes == HALF) {
    const halves h = *(const unaligned_halves *)p;
    return __builtin_shufflevector(h, (halves){0}, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  }
  floats v = splat(0);
  for (long l = 0; l < lanes; l++) v[l] = p[l];
  return v;
}

INLINE void store_some(float *p, floats v, long lanes) {
  if (lanes == HALF) {
    *(unaligned_halves *)p = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7);
  } else {
    for (long l = 0; l < lanes; l++) p[l] = v[l];
  }
}

// mask ? a : b; the mask is all ones or all zeros in each lane.
INLINE floats choose(ints mask, floats a, floats b) { return (floats)((mask & (ints)a) | (~mask & (ints)b)); }

INLINE void copy_floats(float *to, const float *from, long count) {
  long i = 0;
  for (; i + LANES <= count; i += LANES) STORE(to + i, LOAD(from + i));
  for (; i < count; i++) to[i] = from[i];
}

INLINE void clear_floats(float *to, long count) {
  long i = 0;
  for (; i + LANES <= count; i += LANES) STORE(to + i, splat(0));
  for (; i < count; i++) to[i] = 0;
}

static void gather_columns(const tessera_window *w, const float *input, long channels, long first, long count,
                           long tap_row, long tap_rows, float *columns, long ld) {
  const long span = w->kernel[2] * channels;  // floats of one tap row
  const long padding[3] = {w->kernel[0] / 2, w->kernel[1] / 2, w->kernel[2] / 2};
  while (count > 0) {
    // The part of one output line that lies in the range.
    const long x0 = first % w->output[2], y = first / w->output[2] % w->output[1];
    const long z = first / (w->output[2] * w->output[1]);
    const long length = w->output[2] - x0 < count ? w->output[2] - x0 : count;
    const float *lines[9];  // input line under each tap row, or NULL outside
    for (long t = 0; t < tap_rows; t++) {
      const long in_z = z * w->stride[0] + (tap_row + t) / w->kernel[1] - padding[0];
      const long in_y = y * w->stride[1] + (tap_row + t) % w->kernel[1] - padding[1];
      const int inside = in_z >= 0 && in_z < w->input[0] && in_y >= 0 && in_y < w->input[1];
      lines[t] = inside ? input + (in_z * w->input[1] + in_y) * w->input[2] * channels : NULL;
    }
    for (long x = x0; x < x0 + length; x++, columns += ld) {
      const long left = x * w->stride[2] - padding[2];  // input x under the first tap
      const long from = left < 0 ? -left : 0;           // taps from ..< to lie inside the line
      const long to = left + w->kernel[2] > w->input[2] ? w->input[2] - left : w->kernel[2];
      for (long t = 0; t < tap_rows; t++) {
        float *row = columns + t * span;
        if (!lines[t]) {
          clear_floats(row, span);
        } else if (to - from == w->kernel[2]) {
          copy_floats(row, lines[t] + left * channels, span);
        } else {
          clear_floats(row, from * channels);
          copy_floats(row + from * channels, lines[t] + (left + from) * channels, (to - from) * channels);
          clear_floats(row + to * channels, (w->kernel[2] - to) * channels);
        }
      }
    }
    first += length;
    count -= length;
  }
}

static void row_statistics(const float *rows, long count, long channels, long ld, double *mean, double *deviations) {
  const float share = 1.0f / (float)count;
  for (long c = 0; c < channels; c += LANES) {
    const long lanes = channels - c < LANES ? channels - c : LANES;
    const float *column = rows + c;
    floats s = splat(0), d1 = splat(0), d2 = splat(0);
    for (long r = 0; r < count; r++) s += load_some(column + r * ld, lanes);
    const floats centre = s * share;
    for (long r = 0; r < count; r++) {
      const floats d = load_some(column + r * ld, lanes) - centre;
      d1 += d;
      d2 += d * d;
    }
    for (long l = 0; l < lanes; l++) {
      const double rest = (double)d1[l] / (double)count;  // what rounding left between the centre and the true mean
      mean[c + l] = (double)centre[l] + rest;
      deviations[c + l] = (double)d2[l] - (double)d1[l] * rest;
    }
  }
}

// exp(x) for x <= 0, to about 1 unit in the last place; 0 to 2e-38 below -87. NaN stays NaN.
// x = n ln 2 + r with |r| <= ln 2 / 2, then a polynomial of degree 6 (Cephes, expf.c) times 2^n.
INLINE floats exp_of_negative(floats x) {
  const floats lowest = splat(-87.0f), magic = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer
  x = choose(x < lowest, lowest, x);
  const floats shifted = x * 1.44269504f + magic;
  const floats n = shifted - magic;
  const floats r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  floats p = splat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  const ints exponent = ((ints)shifted - 0x4B400000 + 127) << 23;
  return p * (floats)exponent;
}

// The activations. NaN stays NaN in each of them.

INLINE floats leaky(floats x, floats slope) { return choose(x > splat(0), x, x * slope); }

// max(x, 0) - |x| Q(|x|), with Q(t) = P(X > t) of a standard normal variable: for a negative x no difference of nearly equal numbers
// is taken. Q(t) = exp(-t^2 / 2) R(t); R is smooth and falls slowly, here a polynomial of degree 8 in 1 / (1 + 0.3 t), fitted for
// 0 <= t <= 14 with a relative error of 6e-8.
INLINE floats gelu(floats x) {
  const floats zero = splat(0), far = splat(30.0f);  // Q(30) is 0 in float32; beyond, infinity times 0 would not be
  floats t = choose(x < zero, -x, x);
  t = choose(t > far, far, t);
  const floats u = 1.0f / (t * 0.3f + 1.0f);
  floats r = splat(0.03837828f);
  r = r * u - 0.16916606f;
  r = r * u + 0.22865999f;
  r = r * u - 0.076506384f;
  r = r * u + 0.14253546f;
  r = r * u + 0.09468354f;
  r = r * u + 0.12192034f;
  r = r * u + 0.11948769f;
  r = r * u + 7.168843e-6f;
  return choose(x < zero, zero, x) - t * exp_of_negative(t * t * -0.5f) * r;
}

// x tanh(log(1 + exp(x))), without logarithm: tanh(log(a)) = (a^2 - 1) / (a^2 + 1). With e = exp(-|x|) that is
// e (e + 2) / (e (e + 2) + 2) for x <= 0, and (1 + 2 e) / (1 + 2 e + 2 e^2) above.
INLINE floats mish(floats x) {
  const floats zero = splat(0);
  const floats e = exp_of_negative(choose(x > zero, -x, x));
  const floats below = e * (e + 2.0f), above = e * 2.0f + 1.0f;
  const floats upper = choose(x > zero, above, below);
  const floats lower = choose(x > zero, above + e * e * 2.0f, below + 2.0f);
  return x * (upper / lower);
}

// A constant `kind` leaves one of them.
INLINE floats activated(const int kind, floats y, floats argument) {
  switch (kind) {
    case TESSERA_LEAKY:
      return leaky(y, argument);
    case TESSERA_GELU:
      return gelu(y);
    case TESSERA_MISH:
      return mish(y);
    default:  // TESSERA_FLOOR
      return choose(y < argument, argument, y);
  }
}

// Columns of 16 channels go down the rows, so that a channel's constants stay in registers. What is left of 16 or more channels is
// done with their last 16, of which only the new ones are written anew.
INLINE void normalize_rows(const int kind, const int adding, float *rows, long count, long channels, long ld,
                           const tessera_affine *affine, const float *residual, const tessera_activation *activation) {
  const floats slope = splat(activation->slope);
  const ints lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  if (channels >= LANES) {
    for (long c = 0; c < channels; c += LANES) {
      const long first = c + LANES <= channels ? c : channels - LANES;
      const floats m = affine->mean ? LOAD(affine->mean + first) : splat(0);
      const floats s = affine->scale ? LOAD(affine->scale + first) : splat(1);
      const floats h = affine->shift ? LOAD(affine->shift + first) : splat(0);
      const floats argument = kind == TESSERA_FLOOR ? LOAD(activation->floor + first) : slope;
      if (first == c) {
        for (long r = 0; r < count; r++) {
          float *p = rows + r * ld + c;
          floats y = (LOAD(p) - m) * s + h;
          if (adding) y += LOAD(residual + r * ld + c);
          STORE(p, activated(kind, y, argument));
        }
      } else {
        const ints done = lane < (int)(c - first);
        for (long r = 0; r < count; r++) {
          float *p = rows + r * ld + first;
          const floats x = LOAD(p);
          floats y = (x - m) * s + h;
          if (adding) y += LOAD(residual + r * ld + first);
          STORE(p, choose(done, x, activated(kind, y, argument)));
        }
      }
    }
    return;
  }
  const floats m = affine->mean ? load_some(affine->mean, channels) : splat(0);
  const floats s = affine->scale ? load_some(affine->scale, channels) : splat(1);
  const floats h = affine->shift ? load_some(affine->shift, channels) : splat(0);
  const floats argument = kind == TESSERA_FLOOR ? load_some(activation->floor, channels) : slope;
  for (long r = 0; r < count; r++) {
    float *p = rows + r * ld;
    floats y = (load_some(p, channels) - m) * s + h;
    if (adding) y += load_some(residual + r * ld, channels);
    store_some(p, activated(kind, y, argument), channels);
  }
}

static void normalize(float *rows, long count, long channels, long ld, const tessera_affine *affine,
                      const float *residual, const tessera_activation *activation) {
#define NORMALIZE(KIND, ADDING) \
  normalize_rows(KIND, ADDING, rows, count, channels, ld, affine, residual, activation)
  switch (activation->kind) {
    case TESSERA_LEAKY:
      if (residual)
        NORMALIZE(TESSERA_LEAKY, 1);
      else
        NORMALIZE(TESSERA_LEAKY, 0);
      break;
    case TESSERA_GELU:
      if (residual)
        NORMALIZE(TESSERA_GELU, 1);
      else
        NORMALIZE(TESSERA_GELU, 0);
      break;
    case TESSERA_MISH:
      if (residual)
        NORMALIZE(TESSERA_MISH, 1);
      else
        NORMALIZE(TESSERA_MISH, 0);
      break;
    default:
      if (residual)
        NORMALIZE(TESSERA_FLOOR, 1);
      else
        NORMALIZE(TESSERA_FLOOR, 0);
  }
#undef NORMALIZE
}

static void softmax(float *logits, long classes, long count, long ld) {
  for (long i = 0; i < count; i += LANES) {
    floats greatest = LOAD(logits + i), sum = splat(0);
    for (long c = 1; c < classes; c++) {
      const floats x = LOAD(logits + c * ld + i);
      greatest = choose(x > greatest, x, greatest);
    }
    for (long c = 0; c < classes; c++) {
      const floats e = exp_of_negative(LOAD(logits + c * ld + i) - greatest);
      sum += e;
      STORE(logits + c * ld + i, e);
    }
    for (long c = 0; c < classes; c++) STORE(logits + c * ld + i, LOAD(logits + c * ld + i) / sum);
  }
}

static void sigmoid(float *logits, long classes, long count, long ld) {
  for (long c = 0; c < classes; c++)
    for (long i = 0; i < count; i += LANES) {
      const floats x = LOAD(logits + c * ld + i);
      const floats e = exp_of_negative(choose(x > splat(0), -x, x));
      STORE(logits + c * ld + i, choose(x > splat(0), splat(1), e) / (e + 1.0f));
    }
}

static void add_scaled(float *sum, const float *values, long count, float weight, int reversed) {
  if (reversed)
    for (long i = 0; i < count; i++) sum[count - 1 - i] += weight * values[i];
  else
    for (long i = 0; i < count; i++) sum[i] += weight * values[i];
}

#define ACTIVATION_KERNELS \
  {gather_columns, row_statistics, normalize, softmax, sigmoid, add_scaled}
