// One axis of Winograd's transforms. README.md beside it has the matrices; an axis is named by its points.

#define MAX_POINTS 10
#define MAX_OUTPUTS 8
#define ROOT_HALF 0.70710678118654752f
#define ROOT_TWO 1.41421356237309505f

// Of a tile along an axis: its inputs, its outputs, and the inputs from one tile to the next.
#define INPUTS(points) ((points) == 10 ? 6 : (points))
#define OUTPUTS(points) ((points) == 10 ? 8 : (points) >= 6 ? 4 : (points) == 1 ? 1 : 2)
#define STEP(points) ((points) == 10 ? 4 : (points) == 9 ? 8 : (points) == 5 ? 4 : OUTPUTS(points))
// Inputs that neighbouring tiles both see.
#define OVERLAP(points) (INPUTS(points) - STEP(points))

// F(4,2): five inputs, five points +-r, +-s, infinity.
INLINE void transform_pair_input(const floats d[5], floats *to) {
  const floats even2 = multiply_add(d[0], splat(-2.0f), d[2]), odd2 = multiply_add(d[1], splat(-2.0f), d[3]);
  const floats even5 = multiply_add(d[0], splat(-0.5f), d[2]), odd5 = multiply_add(d[1], splat(-0.5f), d[3]);
  to[0] = multiply_add(even2, splat(ROOT_HALF), odd2);
  to[1] = multiply_add(even2, splat(-ROOT_HALF), odd2);
  to[2] = multiply_add(even5, splat(ROOT_TWO), odd5);
  to[3] = multiply_add(even5, splat(-ROOT_TWO), odd5);
  to[4] = multiply_add(d[2], splat(-2.5f), d[0] + d[4]);
}

// F(4,2): five products, four outputs, to each of which `more` is added.
INLINE void transform_pair_output(const floats m[5], const floats more[4], floats to[4]) {
  const floats s = m[0] + m[1], d = m[0] - m[1], s2 = m[2] + m[3], d2 = m[2] - m[3];
  to[0] = (s + s2) + more[0];
  to[1] = multiply_add(d2, splat(ROOT_TWO), multiply_add(d, splat(ROOT_HALF), more[1]));
  to[2] = multiply_add(s2, splat(2.0f), multiply_add(s, splat(0.5f), more[2]));
  to[3] = multiply_add(d2, splat(2.0f * ROOT_TWO), multiply_add(d, splat(0.5f * ROOT_HALF), m[4] + more[3]));
}

// B^T d, in place: INPUTS(points) become `points`.
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
    const floats even[5] = {d[0], d[2], d[4], d[6], d[8]}, odd[4] = {d[1], d[3], d[5], d[7]};
    transform_pair_input(even, d);
    UNROLLED for (int i = 0; i < 4; i++) d[5 + i] = odd[i];
  } else if (points == 10) {
    // F(4,2) for the even outputs, and for the odd ones one input further on.
    const floats even[5] = {d[0], d[1], d[2], d[3], d[4]}, odd[5] = {d[1], d[2], d[3], d[4], d[5]};
    transform_pair_input(even, d);
    transform_pair_input(odd, d + 5);
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
    const floats pair[5] = {m[0], m[1], m[2], m[3], m[4]}, odd[4] = {m[5], m[6], m[7], m[8]};
    transform_pair_output(pair, odd, m);
  } else if (points == 10) {
    const floats none[4] = {splat(0), splat(0), splat(0), splat(0)};
    floats even[4], odd[4];
    transform_pair_output(m, none, even);
    transform_pair_output(m + 5, none, odd);
    UNROLLED for (int i = 0; i < 4; i++) {
      m[2 * i] = even[i];
      m[2 * i + 1] = odd[i];
    }
  }
}
