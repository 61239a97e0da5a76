// Rows of class probabilities: interpolated within their plane, blended between two planes, decided.

#define HALF 8
typedef double doubles8 __attribute__((vector_size(64), aligned(8)));

static void interpolate_row(const tessera_row_taps *taps, const float *lower, const float *upper, double lower_weight,
                            double upper_weight, double *scratch, double *output) {
  long i = 0;
  for (; i + LANES <= taps->input; i += LANES)
    STORE_DOUBLES(scratch + i, WIDEN(LOAD(lower + i)) * lower_weight + WIDEN(LOAD(upper + i)) * upper_weight);
  for (; i < taps->input; i++) scratch[i] = (double)lower[i] * lower_weight + (double)upper[i] * upper_weight;
  i = 0;
#ifdef PERMUTE_WINDOW
  // Eight outputs take their samples from a window of sixteen wherever the row isn't shrunk much; beyond the row's end
  // lies what nobody picks.
  for (; i + HALF <= taps->output; i += HALF) {
    const int first = taps->lower[i];
    doubles8 a, b;
    if (taps->upper[i + HALF - 1] - first < 2 * HALF) {
      PERMUTE_WINDOW(a, scratch + first, taps->lower + i, first);
      PERMUTE_WINDOW(b, scratch + first, taps->upper + i, first);
    } else {
      for (long l = 0; l < HALF; l++) a[l] = scratch[taps->lower[i + l]], b[l] = scratch[taps->upper[i + l]];
    }
    *(doubles8 *)(output + i) =
        a * *(const doubles8 *)(taps->lower_weight + i) + b * *(const doubles8 *)(taps->upper_weight + i);
  }
#endif
  for (; i < taps->output; i++)
    output[i] = scratch[taps->lower[i]] * taps->lower_weight[i] + scratch[taps->upper[i]] * taps->upper_weight[i];
}

static void blend(const double *below, const double *above, double below_weight, double above_weight, long count,
                  float *values) {
  long i = 0;
  for (; i + LANES <= count; i += LANES)
    STORE(values + i, NARROW(LOAD_DOUBLES(below + i) * below_weight + LOAD_DOUBLES(above + i) * above_weight));
  for (; i < count; i++) values[i] = (float)(below[i] * below_weight + above[i] * above_weight);
}

static void decide(const double *below, const double *above, double below_weight, double above_weight, long classes,
                   long class_stride, long count, unsigned char *labels) {
  long i = 0;
  for (; i + LANES <= count; i += LANES) {
    floats best = splat(-__builtin_inff());
    ints label = splat_int(0);
    for (long c = 0; c < classes; c++) {
      const floats value = NARROW(LOAD_DOUBLES(below + c * class_stride + i) * below_weight +
                                  LOAD_DOUBLES(above + c * class_stride + i) * above_weight);
      const ints wins = value > best;
      best = choose(wins, value, best);
      label = choose_int(wins, splat_int((int)c), label);
    }
    *(unaligned_bytes *)(labels + i) = __builtin_convertvector(label, bytes);
  }
  for (; i < count; i++) {
    float best = -__builtin_inff();
    long label = 0;
    for (long c = 0; c < classes; c++) {
      const float value =
          (float)(below[c * class_stride + i] * below_weight + above[c * class_stride + i] * above_weight);
      if (value > best) best = value, label = c;
    }
    labels[i] = (unsigned char)label;
  }
}
