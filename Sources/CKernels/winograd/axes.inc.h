// One axis of Winograd's transforms. README.md beside it has the matrices; an axis is named by its points.

#define MAX_POINTS 9
#define MAX_OUTPUTS 4
#define ROOT_HALF 0.70710678118654752f
#define ROOT_TWO 1.41421356237309505f

// Outputs of a tile along an axis, and how many inputs lie between two outputs.
#define OUTPUTS(points) ((points) >= 6 ? 4 : (points) == 1 ? 1 : 2)
#define STRIDE(points) ((points) == 5 || (points) == 9 ? 2 : 1)
// Inputs from one tile to the next, and those that both see.
#define STEP(points) (OUTPUTS(points) * STRIDE(points))
#define OVERLAP(points) ((points)-STEP(points))

// B^T d, in place.
INLINE void transform_input(const int points, floats d[MAX_POINTS]) {
  if (points == 4) {
    const floats d0 = d[0], d1 = d[1], d2 = d[2], d3 = d[3];
    d[0] = d0 - d2;
    d[1] = d1 + d2;
    d[2] = d2 - d1;
    d[3] = d3 - d1;
  } else if (points == 5) {
    // Even inputs under the kernel's outer taps, F(2,2); odd ones under its middle tap.
    const floats d0 = d[0], d1 = d[1], d2 = d[2], d3 = d[3], d4 = d[4];
    d[0] = d0 - d2;
    d[1] = d2;
    d[2] = d4 - d2;
    d[3] = d1;
    d[4] = d3;
  } else if (points == 6) {
    const floats d0 = d[0], d1 = d[1], d2 = d[2], d3 = d[3], d4 = d[4], d5 = d[5];
    const floats even2 = multiply_add(d2, splat(-2.0f), d4), odd2 = multiply_add(d1, splat(-2.0f), d3);
    const floats even5 = multiply_add(d2, splat(-0.5f), d4), odd5 = multiply_add(d1, splat(-0.5f), d3);
    d[0] = multiply_add(d2, splat(-2.5f), d0 + d4);
    d[1] = multiply_add(odd2, splat(ROOT_HALF), even2);
    d[2] = multiply_add(odd2, splat(-ROOT_HALF), even2);
    d[3] = multiply_add(odd5, splat(ROOT_TWO), even5);
    d[4] = multiply_add(odd5, splat(-ROOT_TWO), even5);
    d[5] = multiply_add(d3, splat(-2.5f), d1 + d5);
  } else if (points == 9) {
    // As with 5: F(4,2) of the even inputs, and the odd ones as they are.
    const floats e0 = d[0], e1 = d[2], e2 = d[4], e3 = d[6], e4 = d[8];
    const floats o0 = d[1], o1 = d[3], o2 = d[5], o3 = d[7];
    const floats even2 = multiply_add(e0, splat(-2.0f), e2), odd2 = multiply_add(e1, splat(-2.0f), e3);
    const floats even5 = multiply_add(e0, splat(-0.5f), e2), odd5 = multiply_add(e1, splat(-0.5f), e3);
    d[0] = multiply_add(even2, splat(ROOT_HALF), odd2);
    d[1] = multiply_add(even2, splat(-ROOT_HALF), odd2);
    d[2] = multiply_add(even5, splat(ROOT_TWO), odd5);
    d[3] = multiply_add(even5, splat(-ROOT_TWO), odd5);
    d[4] = multiply_add(e2, splat(-2.5f), e0 + e4);
    d[5] = o0;
    d[6] = o1;
    d[7] = o2;
    d[8] = o3;
  }
}

// A^T m, in place; the results are the first OUTPUTS(points).
INLINE void transform_output(const int points, floats m[MAX_POINTS]) {
  if (points == 4) {
    const floats m0 = m[0], m1 = m[1], m2 = m[2], m3 = m[3];
    m[0] = m0 + m1 + m2;
    m[1] = m1 - m2 + m3;
  } else if (points == 5) {
    const floats m0 = m[0], m1 = m[1], m2 = m[2], m3 = m[3], m4 = m[4];
    m[0] = m0 + m1 + m3;
    m[1] = m1 + m2 + m4;
  } else if (points == 6) {
    const floats m0 = m[0], m1 = m[1], m2 = m[2], m3 = m[3], m4 = m[4], m5 = m[5];
    const floats s = m1 + m2, d = m1 - m2, s2 = m3 + m4, d2 = m3 - m4;
    m[0] = m0 + (s + s2);
    m[1] = multiply_add(d2, splat(ROOT_TWO), d * splat(ROOT_HALF));
    m[2] = multiply_add(s2, splat(2.0f), s * splat(0.5f));
    m[3] = multiply_add(d2, splat(2.0f * ROOT_TWO), multiply_add(d, splat(0.5f * ROOT_HALF), m5));
  } else if (points == 9) {
    const floats m0 = m[0], m1 = m[1], m2 = m[2], m3 = m[3], m4 = m[4], m5 = m[5], m6 = m[6], m7 = m[7], m8 = m[8];
    const floats s = m0 + m1, d = m0 - m1, s2 = m2 + m3, d2 = m2 - m3;
    m[0] = (s + s2) + m5;
    m[1] = multiply_add(d2, splat(ROOT_TWO), multiply_add(d, splat(ROOT_HALF), m6));
    m[2] = multiply_add(s2, splat(2.0f), multiply_add(s, splat(0.5f), m7));
    m[3] = multiply_add(d2, splat(2.0f * ROOT_TWO), multiply_add(d, splat(0.5f * ROOT_HALF), m4 + m8));
  }
}
