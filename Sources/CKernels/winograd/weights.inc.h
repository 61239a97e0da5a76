// The transform of the kernels, in double: once for each model.

typedef double doubles __attribute__((vector_size(128)));

static void transform_weights(const int points[3], const double (*const matrices[3])[4], const int kernel[3],
                              const float *weights, long output_stride, int outputs, float *u, long stride) {
  const int kz = kernel[0], ky = kernel[1], kx = kernel[2];
  doubles taps[64], lines[16 * MAX_POINTS], planes[4 * MAX_POINTS * MAX_POINTS];
  for (int t = 0; t < kz * ky * kx; t++) {
    taps[t] = (doubles){0};
    for (int lane = 0; lane < outputs; lane++) taps[t][lane] = (double)weights[lane * output_stride + t];
  }
  for (int line = 0; line < kz * ky; line++)
    for (int x = 0; x < points[2]; x++) {
      doubles sum = {0};
      for (int k = 0; k < kx; k++) sum += taps[line * kx + k] * matrices[2][x][k];
      lines[line * points[2] + x] = sum;
    }
  const int plane = points[1] * points[2];
  for (int z = 0; z < kz; z++)
    for (int y = 0; y < points[1]; y++)
      for (int x = 0; x < points[2]; x++) {
        doubles sum = {0};
        for (int k = 0; k < ky; k++) sum += lines[(z * ky + k) * points[2] + x] * matrices[1][y][k];
        planes[z * plane + y * points[2] + x] = sum;
      }
  for (int i = 0; i < plane; i++)
    for (int z = 0; z < points[0]; z++) {
      doubles sum = {0};
      for (int k = 0; k < kz; k++) sum += planes[k * plane + i] * matrices[0][z][k];
      store(u + (i * points[0] + z) * stride, __builtin_convertvector(sum, floats));
    }
}
