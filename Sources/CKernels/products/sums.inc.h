// Products with few columns: sums across the lanes instead of a panel of sixteen, most of which would be padding.

// Lane i becomes the sum over the lanes of v[i]. Each step adds neighbours and puts two vectors into one.
INLINE floats lane_sums(floats v[LANES]) {
  UNROLLED for (int i = 0; i < 8; i++) {
    const floats a = v[2 * i], b = v[2 * i + 1];
    v[i] = __builtin_shufflevector(a, b, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30) +
           __builtin_shufflevector(a, b, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
  }
  UNROLLED for (int i = 0; i < 4; i++) {
    const floats a = v[2 * i], b = v[2 * i + 1];
    v[i] = __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +
           __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
  }
  UNROLLED for (int i = 0; i < 2; i++) {
    const floats a = v[2 * i], b = v[2 * i + 1];
    v[i] = __builtin_shufflevector(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27) +
           __builtin_shufflevector(a, b, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
  }
  const floats a = v[0], b = v[1];
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
         __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
}

// Voxels from those that are read to those that are fetched.
#define SUMS_AHEAD 64

static void sums(const tessera_sums *p) {
  for (long first = 0; first < p->voxels; first += LANES) {
    const long count = p->voxels - first < LANES ? p->voxels - first : LANES;
    for (long block = 0; block < p->blocks; block++) {
      const float *from = p->a + block * p->a_block + first * LANES;
      float *to = p->scratch + block * LANES;
      UNROLLED for (int i = 0; i < LANES; i++) __builtin_prefetch(from + (i + SUMS_AHEAD) * LANES, 0, 2);
      activate(from, count, p->scale ? p->scale + block * LANES : 0, p->shift ? p->shift + block * LANES : 0, p->slope, to,
               p->blocks * LANES);
    }
    for (long output = 0; output < p->outputs; output++) {
      floats sum[LANES];
      UNROLLED for (int i = 0; i < LANES; i++) sum[i] = splat(0);
      for (long block = 0; block < p->blocks; block++) {
        const floats w = load(p->weights + (output * p->blocks + block) * LANES);
        const float *x = p->scratch + block * LANES;
        UNROLLED for (int i = 0; i < LANES; i++) {
          const long voxel = i < count ? i : 0;
          sum[i] = multiply_add(load(x + voxel * p->blocks * LANES), w, sum[i]);
        }
      }
      const floats all = lane_sums(sum);
      float *to = p->c + output * p->c_output + first;
      if (count == LANES)
        __builtin_memcpy(to, &all, sizeof all);
      else
        for (long i = 0; i < count; i++) to[i] = all[i];
    }
  }
}
