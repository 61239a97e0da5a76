// The transforms along y and x: from planes of voxels to planes of points, and back.

// `count` inputs of one line from x on; zero outside.
INLINE void load_inputs(const int count, const float *line, long width, long x, const int activates, floats scale,
                        floats shift, floats slope, floats *d) {
  const float *p = line + x * LANES;
  if (x >= 0 && x + count <= width) {
    if (activates) {
      UNROLLED for (int i = 0; i < count; i++) d[i] = activated(load(p + i * LANES), scale, shift, slope);
    } else {
      UNROLLED for (int i = 0; i < count; i++) d[i] = load(p + i * LANES);
    }
    return;
  }
  UNROLLED for (int i = 0; i < count; i++) {
    d[i] = splat(0);
    if (x + i < 0 || x + i >= width) continue;
    d[i] = load(p + i * LANES);
    if (activates) d[i] = activated(d[i], scale, shift, slope);
  }
}

#define MAX_TOGETHER 2
#ifndef TOGETHER
#define TOGETHER(n) ((n) > 6 ? 1 : 2)
#endif
// `count` neighbouring tiles of a row, of which `p->v` is the first one's place and `p->x` the first one's input.
INLINE void input_tiles(const int n, const int count, const int activates, const tessera_plane_input *p, long x,
                        float *v, floats scale, floats shift, floats slope) {
  const int inputs = STEP(n) * count + OVERLAP(n);
  floats lines[9][MAX_TOGETHER * MAX_POINTS];  // no kind has more inputs
  for (int r = 0; r < INPUTS(n); r++) {
    floats *to = lines[r];
    const long y = p->y + r;
    if (y < 0 || y >= p->height) {
      UNROLLED for (int i = 0; i < n * count; i++) to[i] = splat(0);
      continue;
    }
    if (p->next) {
      // To the second-level cache: lines of all rows and planes share few sets of the first.
      const float *ahead = p->next + (y * p->width + x) * LANES;
      UNROLLED for (int i = 0; i < inputs; i++) __builtin_prefetch(ahead + i * LANES, 0, 2);
    }
    floats seen[MAX_TOGETHER * 8 + 2];
    load_inputs(inputs, p->plane + y * p->width * LANES, p->width, x, activates, scale, shift, slope, seen);
    UNROLLED for (int t = 0; t < count; t++) {
      floats d[MAX_POINTS];
      UNROLLED for (int i = 0; i < INPUTS(n); i++) d[i] = seen[t * STEP(n) + i];
      transform_input(n, d);
      UNROLLED for (int i = 0; i < n; i++) to[t * n + i] = d[i];
    }
  }
  UNROLLED for (int t = 0; t < count; t++)
    for (int i = 0; i < n; i++) {
      floats d[MAX_POINTS];
      UNROLLED for (int y = 0; y < INPUTS(n); y++) d[y] = lines[y][t * n + i];
      transform_input(n, d);
      UNROLLED for (int y = 0; y < n; y++) store(v + t * p->v_tile + (y * n + i) * p->v_point, d[y]);
    }
}

INLINE void input_plane(const int n, const int activates, const tessera_plane_input *p) {
  if (!p->plane) {
    for (int i = 0; i < n * n; i++)
      for (long t = 0; t < p->tiles; t++) store(p->v + i * p->v_point + t * p->v_tile, splat(0));
    return;
  }
  const floats scale = activates ? load(p->scale) : splat(1), shift = activates ? load(p->shift) : splat(0);
  const floats slope = splat(p->slope);
  long t = 0;
  for (; t + TOGETHER(n) <= p->tiles; t += TOGETHER(n))
    input_tiles(n, TOGETHER(n), activates, p, p->x + t * STEP(n), p->v + t * p->v_tile, scale, shift, slope);
  for (; t < p->tiles; t++)
    input_tiles(n, 1, activates, p, p->x + t * STEP(n), p->v + t * p->v_tile, scale, shift, slope);
}

// What the outputs of a block add up to, less their shift.
typedef struct {
  floats shift, sum, squares;
  int first;  // whether the next output is the first one
} running_moments;

// One tile whose first output is `x`; `added` is what is added to it. Returns how many voxels it wrote.
INLINE long output_tile(const int n, const int adds, const int past_caches, const tessera_plane_output *p,
                        const float *m, long first_x, const float *added, running_moments *moments) {
  floats lines[MAX_OUTPUTS][MAX_POINTS];
  for (int x = 0; x < n; x++) {
    floats d[MAX_POINTS];
    UNROLLED for (int y = 0; y < n; y++) d[y] = load(m + (y * n + x) * p->m_point);
    transform_output(n, d);
    UNROLLED for (int y = 0; y < OUTPUTS(n); y++) lines[y][x] = d[y];
  }
  const long height = p->height - p->y < OUTPUTS(n) ? p->height - p->y : OUTPUTS(n);
  const long width = p->width - first_x < OUTPUTS(n) ? p->width - first_x : OUTPUTS(n);
  for (long y = 0; y < height; y++) {
    floats d[MAX_POINTS];
    UNROLLED for (int x = 0; x < n; x++) d[x] = lines[y][x];
    transform_output(n, d);
    float *line = p->plane + ((p->y + y) * p->width + first_x) * LANES;
    if (adds) {
      UNROLLED for (int x = 0; x < OUTPUTS(n); x++)
        if (x < width) d[x] += load(added + (y * p->added_width + x) * LANES);
    }
    if (moments->first) *moments = (running_moments){d[0], splat(0), splat(0), 0};
    UNROLLED for (int x = 0; x < OUTPUTS(n); x++) {
      if (x >= width) continue;
      const floats deviation = d[x] - moments->shift;
      moments->sum += deviation;
      moments->squares = multiply_add(deviation, deviation, moments->squares);
      if (past_caches)
        stream(line + x * LANES, d[x]);
      else
        store(line + x * LANES, d[x]);
    }
  }
  return height * width;
}

INLINE long output_plane(const int n, const int adds, const int past_caches, const tessera_plane_output *p) {
  // The row's own sums first, so that a brick's don't lose digits one voxel at a time.
  running_moments moments = {load(p->moments), splat(0), splat(0), p->first};
  long written = 0;
  for (long t = 0; t < p->tiles; t++)
    written += output_tile(n, adds, past_caches, p, p->m + t * p->m_tile, p->x + t * OUTPUTS(n),
                           adds ? p->added + t * OUTPUTS(n) * LANES : 0, &moments);
  store(p->moments, moments.shift);
  store(p->moments + LANES, p->first ? moments.sum : load(p->moments + LANES) + moments.sum);
  store(p->moments + 2 * LANES, p->first ? moments.squares : load(p->moments + 2 * LANES) + moments.squares);
  return written;
}

#define PLANE(N)                                                                             \
  static void input_plane_##N(const tessera_plane_input *p) {                                \
    if (p->scale)                                                                            \
      input_plane(N, 1, p);                                                                  \
    else                                                                                     \
      input_plane(N, 0, p);                                                                  \
  }                                                                                          \
  static long output_plane_##N(const tessera_plane_output *p) {                              \
    if (p->added) return p->past_caches ? output_plane(N, 1, 1, p) : output_plane(N, 1, 0, p); \
    return p->past_caches ? output_plane(N, 0, 1, p) : output_plane(N, 0, 0, p);             \
  }

PLANE(4) PLANE(5) PLANE(6) PLANE(9) PLANE(10)

static const tessera_winograd_plane planes[] = {
    {4, input_plane_4, output_plane_4}, {5, input_plane_5, output_plane_5}, {6, input_plane_6, output_plane_6},
    {9, input_plane_9, output_plane_9}, {10, input_plane_10, output_plane_10},
};
