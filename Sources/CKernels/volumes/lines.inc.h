// Resizing lines with splines, sixteen side by side.

// The pole of the cubic B-spline's recursive filter, sqrt(3) - 2 (Unser, Aldroubi, Eden: B-spline signal processing, IEEE
// Transactions on Signal Processing 41, 1993).
#define POLE -0.267949192431122706472553658494127633
// The pole's powers beyond this one are below 1e-23 and can't change a float64 sum of samples.
#define HORIZON 40

// Turns samples into B-spline coefficients, in place, as SciPy's `spline_filter1d` does with half-sample symmetric ends. A line has
// at least 25 samples, padding included.
INLINE void filter_cubic(doubles *lines, long count) {
  const double z = POLE, gain = (1 - z) * (1 - 1 / z);
  double z_to_count = 1;
  for (long i = 0; i < count; i++) z_to_count *= z;
  for (long i = 0; i < count; i++) lines[i] *= gain;

  // The first causal value: the sum over the line's mirror images, which goes on without end in both directions.
  doubles sum = lines[0] + z_to_count * lines[count - 1];
  double power = z;
  for (long i = 1; i < HORIZON && i < count; i++, power *= z)
    sum += power * (lines[i] + z_to_count * lines[count - 1 - i]);
  doubles carry = lines[0] + z / (1 - z_to_count * z_to_count) * sum;

  lines[0] = carry;
  for (long i = 1; i < count; i++) lines[i] = carry = lines[i] + z * carry;
  lines[count - 1] = carry = carry * (z / (z - 1));
  for (long i = count - 2; i >= 0; i--) lines[i] = carry = z * (carry - lines[i]);
}

INLINE void load_lines(const tessera_line_taps *taps, tessera_lines from, long lanes, int replaces_nan,
                       doubles *samples) {
  if (from.lane_stride == 1 && lanes == LANES) {
    for (long s = 0; s < taps->input; s++) samples[s] = WIDEN(LOAD(from.origin + s * from.sample_stride));
  } else {
    float row[LANES] = {0};
    for (long s = 0; s < taps->input; s++) {
      const float *p = from.origin + s * from.sample_stride;
      if (lanes == LANES) {
        for (long l = 0; l < LANES; l++) row[l] = p[l * from.lane_stride];
      } else {
        for (long l = 0; l < lanes; l++) row[l] = p[l * from.lane_stride];
      }
      samples[s] = WIDEN(LOAD(row));
    }
  }
  if (replaces_nan)
    for (long s = 0; s < taps->input; s++)
      samples[s] = (doubles)((samples[s] == samples[s]) & (longs)samples[s]);  // all bits zero is 0
}

INLINE void store_lanes(tessera_lines_out to, long sample, long lanes, doubles value) {
  float *p = to.origin + sample * to.sample_stride;
  if (to.lane_stride == 1 && lanes == LANES) {
    STORE(p, NARROW(value));
  } else {
    float row[LANES];
    STORE(row, NARROW(value));
    if (lanes == LANES) {
      for (long l = 0; l < LANES; l++) p[l * to.lane_stride] = row[l];
    } else {
      for (long l = 0; l < lanes; l++) p[l * to.lane_stride] = row[l];
    }
  }
}

static void resize_lines(const tessera_line_taps *taps, tessera_lines from, tessera_lines_out to, long lanes,
                         int replaces_nan, double *scratch) {
  doubles *lines = (doubles *)scratch, *samples = lines + taps->padding;
  load_lines(taps, from, lanes, replaces_nan, samples);
  for (long p = 0; p < taps->padding; p++) {
    lines[p] = samples[0];
    samples[taps->input + p] = samples[taps->input - 1];
  }
  const long *index = taps->indices;
  const double *weight = taps->weights;
  if (taps->order == 3) {
    filter_cubic(lines, taps->input + 2 * taps->padding);
    for (long s = 0; s < taps->output; s++, index += 4, weight += 4)
      store_lanes(to, s, lanes,
                  lines[index[0]] * weight[0] + lines[index[1]] * weight[1] + lines[index[2]] * weight[2] +
                      lines[index[3]] * weight[3]);
  } else if (taps->order == 1) {
    for (long s = 0; s < taps->output; s++, index += 2, weight += 2)
      store_lanes(to, s, lanes, lines[index[0]] * weight[0] + lines[index[1]] * weight[1]);
  } else {
    for (long s = 0; s < taps->output; s++) store_lanes(to, s, lanes, lines[index[s]]);
  }
}

static void extend_range(tessera_range *range, const float *values, long count, long stride, int replaces_nan) {
  float lower = range->lower, upper = range->upper;
  int has_nan = 0;
  long i = 0;
  if (stride == 1 && count >= LANES) {
    floats least = splat(lower), greatest = splat(upper);
    ints nan = splat_int(0);
    for (; i + LANES <= count; i += LANES) {
      const floats v = LOAD(values + i);
      least = choose(v < least, v, least);
      greatest = choose(v > greatest, v, greatest);
      nan |= v != v;
    }
    for (long l = 0; l < LANES; l++) {
      if (least[l] < lower) lower = least[l];
      if (greatest[l] > upper) upper = greatest[l];
      has_nan |= nan[l];
    }
  }
  for (; i < count; i++) {
    const float v = values[i * stride];
    if (v < lower) lower = v;
    if (v > upper) upper = v;
    has_nan |= v != v;
  }
  if (has_nan && replaces_nan) {
    if (lower > 0) lower = 0;
    if (upper < 0) upper = 0;
  }
  *range = (tessera_range){lower, upper};
}

static void clip(float *values, long count, tessera_range range) {
  const floats lower = splat(range.lower), upper = splat(range.upper);
  long i = 0;
  for (; i + LANES <= count; i += LANES) {
    const floats v = LOAD(values + i);
    STORE(values + i, choose(v < lower, lower, choose(v > upper, upper, v)));
  }
  for (; i < count; i++)
    values[i] = values[i] < range.lower ? range.lower : values[i] > range.upper ? range.upper : values[i];
}
