// The transforms along z, of vectors that lie side by side in each plane.

INLINE void input_depth(const int n, const float *planes, long plane, float *to, long point, long count) {
  for (long i = 0; i < count * LANES; i += LANES) {
    floats d[MAX_POINTS];
    UNROLLED for (int z = 0; z < INPUTS(n); z++) d[z] = load(planes + z * plane + i);
    transform_input(n, d);
    UNROLLED for (int z = 0; z < n; z++) store(to + z * point + i, d[z]);
  }
}

INLINE void output_depth(const int n, const float *from, long point, float *planes, long plane, long count) {
  for (long i = 0; i < count * LANES; i += LANES) {
    floats d[MAX_POINTS];
    UNROLLED for (int z = 0; z < n; z++) d[z] = load(from + z * point + i);
    transform_output(n, d);
    UNROLLED for (int z = 0; z < OUTPUTS(n); z++) store(planes + z * plane + i, d[z]);
  }
}

#define DEPTH(N)                                                                                          \
  static void input_depth_##N(const float *planes, long plane, float *to, long point, long count) {       \
    input_depth(N, planes, plane, to, point, count);                                                      \
  }                                                                                                       \
  static void output_depth_##N(const float *from, long point, float *planes, long plane, long count) {    \
    output_depth(N, from, point, planes, plane, count);                                                   \
  }

DEPTH(4) DEPTH(5) DEPTH(6) DEPTH(9) DEPTH(10)

static const tessera_winograd_depth depths[] = {
    {4, input_depth_4, output_depth_4}, {5, input_depth_5, output_depth_5},
    {6, input_depth_6, output_depth_6}, {9, input_depth_9, output_depth_9}, {10, input_depth_10, output_depth_10},
};
