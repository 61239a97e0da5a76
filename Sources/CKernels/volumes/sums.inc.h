// Adding overlapping tiles and taking their mean.

static void add_weighted(float *sums, const float *values, const float *weights, long count) {
  long i = 0;
  for (; i + LANES <= count; i += LANES)
    STORE(sums + i, LOAD(sums + i) + LOAD(values + i) * LOAD(weights + i));
  for (; i < count; i++) sums[i] += values[i] * weights[i];
}

static void add(float *sums, const float *values, long count) {
  long i = 0;
  for (; i + LANES <= count; i += LANES) STORE(sums + i, LOAD(sums + i) + LOAD(values + i));
  for (; i < count; i++) sums[i] += values[i];
}

static void divide(float *sums, const float *weights, long count) {
  long i = 0;
  for (; i + LANES <= count; i += LANES) STORE(sums + i, LOAD(sums + i) / LOAD(weights + i));
  for (; i < count; i++) sums[i] /= weights[i];
}

#define VOLUME_KERNELS {resize_lines, extend_range, clip, interpolate_row, blend, decide, add_weighted, add, divide}
