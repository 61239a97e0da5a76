#include "sampling_kernels.h"

#include "../volumes/vectors.inc.h"

// The pole of the cubic B-spline's recursive filter, sqrt(3) - 2 (Unser, Aldroubi, Eden: B-spline signal processing, IEEE
// Transactions on Signal Processing 41, 1993).
#define POLE -0.267949192431122706472553658494127633
// The pole's powers beyond this one are below 1e-23 and can't change a float64 sum of samples.
#define HORIZON 40

// SciPy's `spline_filter1d` in its mode "mirror": the samples beyond an end are those before it, the end itself not repeated.
INLINE void filter_line(doubles *line, long count) {
  const double z = POLE, gain = (1 - z) * (1 - 1 / z);
  if (count < 2) return;
  for (long i = 0; i < count; i++) line[i] *= gain;
  double z_to_last = 1;
  for (long i = 1; i < count; i++) z_to_last *= z;
  doubles sum = line[0] + z_to_last * line[count - 1];
  double power = z;
  for (long i = 1; i < count - 1 && i < HORIZON; i++, power *= z) sum += power * (line[i] + z_to_last * line[count - 1 - i]);
  doubles carry = sum / (1 - z_to_last * z_to_last);
  line[0] = carry;
  for (long i = 1; i < count; i++) line[i] = carry = line[i] + z * carry;
  line[count - 1] = carry = (z * line[count - 2] + carry) * (z / (z * z - 1));
  for (long i = count - 2; i >= 0; i--) line[i] = carry = z * (carry - line[i]);
}

void tessera_filter_mirrored(float *origin, long count, long sample_stride, long lanes, long lane_stride, double *scratch) {
  doubles *line = (doubles *)scratch;
  float row[LANES] = {0};
  for (long s = 0; s < count; s++) {
    const float *p = origin + s * sample_stride;
    if (lane_stride == 1 && lanes == LANES) {
      line[s] = WIDEN(LOAD(p));
    } else {
      for (long l = 0; l < lanes; l++) row[l] = p[l * lane_stride];
      line[s] = WIDEN(LOAD(row));
    }
  }
  filter_line(line, count);
  for (long s = 0; s < count; s++) {
    float *p = origin + s * sample_stride;
    if (lane_stride == 1 && lanes == LANES) {
      STORE(p, NARROW(line[s]));
    } else {
      STORE(row, NARROW(line[s]));
      for (long l = 0; l < lanes; l++) p[l * lane_stride] = row[l];
    }
  }
}

typedef float floats4 __attribute__((vector_size(16), aligned(4)));

// The grid's point in the volume, NumPy's order of operations. 0 outside the volume.
INLINE int locate(const tessera_placement *p, const long extent[3], const double offset[3], double place[3]) {
  const double(*m)[3] = (const double(*)[3])p->matrix;
  for (int to = 3 - p->axes; to < 3; to++) {
    double sum = 0;
    for (int from = 3 - p->axes; from < 3; from++) sum += offset[from] * m[from][to];
    place[to] = sum * p->scale + p->centre[to];
    if (!(place[to] >= 0 && place[to] <= (double)(extent[to] - 1))) return 0;
  }
  return 1;
}

// A cubic B-spline's weights for a point that lies `t` behind the second of four taps, of three axes at once.
INLINE void cubic_weights(floats4 t, floats4 weights[4]) {
  const floats4 u = 1 - t;
  weights[0] = u * u * u / 6;
  weights[1] = (t * t * (t - 2) * 3 + 4) / 6;
  weights[2] = (u * u * (u - 2) * 3 + 4) / 6;
  weights[3] = 1 - weights[0] - weights[1] - weights[2];
}

INLINE float weigh_plane(const float *p, long row, floats4 y, floats4 x) {
  const floats4 sum = y[0] * *(const floats4 *)p + y[1] * *(const floats4 *)(p + row) + y[2] * *(const floats4 *)(p + 2 * row) +
                      y[3] * *(const floats4 *)(p + 3 * row);
  const floats4 product = sum * x;
  return (product[0] + product[1]) + (product[2] + product[3]);
}

void tessera_sample_cubic(const tessera_placement *placement, const float *coefficients, const long extent[3],
                          const long strides[2], long z, long y, long count, float *values) {
  double offset[3] = {(double)z - placement->middle[0], (double)y - placement->middle[1], 0};
  double place[3] = {(double)z, 0, 0};
  for (long x = 0; x < count; x++) {
    offset[2] = (double)x - placement->middle[2];
    if (!locate(placement, extent, offset, place)) {
      values[x] = 0;
      continue;
    }
    const long first[3] = {(long)place[0], (long)place[1], (long)place[2]};
    const floats4 t = {(float)(place[0] - first[0]), (float)(place[1] - first[1]), (float)(place[2] - first[2]), 0};
    floats4 weights[4];
    cubic_weights(t, weights);
    const floats4 wy = {weights[0][1], weights[1][1], weights[2][1], weights[3][1]};
    const floats4 wx = {weights[0][2], weights[1][2], weights[2][2], weights[3][2]};
    const float *p = coefficients + first[0] * strides[0] + (first[1] - 1) * strides[1] + first[2] - 1;
    if (placement->axes == 3) {
      float sum = 0;
      for (int tap = 0; tap < 4; tap++) sum += weights[tap][0] * weigh_plane(p + (tap - 1) * strides[0], strides[1], wy, wx);
      values[x] = sum;
    } else {
      values[x] = weigh_plane(p, strides[1], wy, wx);
    }
  }
}

// The winner among eight voxels' labels, their weights summed in SciPy's order: ties are decided by exact equality.
INLINE unsigned char vote(const unsigned char labels[8], const double terms[8], unsigned char nearest) {
  unsigned char winner = 0;
  double best = -1, at_nearest = 0;
  for (int tap = 0; tap < 8; tap++) {
    double score = 0;
    for (int other = 0; other < 8; other++)
      if (labels[other] == labels[tap]) score += terms[other];
    if (score > best || (score == best && labels[tap] < winner)) best = score, winner = labels[tap];
    if (labels[tap] == nearest) at_nearest = score;
  }
  return at_nearest == best && at_nearest > 0 ? nearest : winner;
}

void tessera_sample_labels(const tessera_placement *placement, const unsigned char *labels, const long extent[3],
                           unsigned char outside, long z, long y, long count, unsigned char *result) {
  double offset[3] = {(double)z - placement->middle[0], (double)y - placement->middle[1], 0};
  double place[3] = {(double)z, 0, 0};
  const long row = extent[2], plane = extent[1] * extent[2];
  for (long x = 0; x < count; x++) {
    offset[2] = (double)x - placement->middle[2];
    if (!locate(placement, extent, offset, place)) {
      result[x] = outside;
      continue;
    }
    long first[3], step[3], near[3];
    double weights[3][2];
    for (int axis = 0; axis < 3; axis++) {
      first[axis] = (long)place[axis];
      const double t = place[axis] - (double)first[axis];
      step[axis] = first[axis] < extent[axis] - 1;  // beyond the last voxel the weight is 0
      near[axis] = (long)(place[axis] + 0.5);
      weights[axis][0] = 1 - t;
      weights[axis][1] = 1 - weights[axis][0];
    }
    const unsigned char *p = labels + first[0] * plane + first[1] * row + first[2];
    unsigned char taps[8];
    for (int tap = 0; tap < 8; tap++)
      taps[tap] = p[(tap >> 2 & 1) * step[0] * plane + (tap >> 1 & 1) * step[1] * row + (tap & 1) * step[2]];
    int differ = 0;
    for (int tap = 1; tap < 8; tap++) differ |= taps[tap] ^ taps[0];
    if (!differ) {
      result[x] = taps[0];
      continue;
    }
    double terms[8];
    for (int tap = 0; tap < 8; tap++) terms[tap] = weights[0][tap >> 2 & 1] * weights[1][tap >> 1 & 1] * weights[2][tap & 1];
    result[x] = vote(taps, terms, labels[near[0] * plane + near[1] * row + near[2]]);
  }
}
