// Sixteen floats at a time, in clang's vector extensions: one AVX-512 register, two of AVX2, four of SSE2 or NEON. Included by
// the templates of the products and winograd families, inside the region for which an instruction set is switched on.

// Vectors are passed between functions that are always inlined, so no calling convention is at stake.
#pragma clang diagnostic ignored "-Wpsabi"

#define LANES 16
#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

typedef float floats __attribute__((vector_size(64)));
typedef int ints __attribute__((vector_size(64)));

// Blocks of sixteen channels lie on 64-byte boundaries everywhere in the engine.
INLINE floats load(const float *p) { return *(const floats *)p; }
INLINE void store(float *p, floats v) { *(floats *)p = v; }
// Past the caches: for tensors that don't fit them anyway, so that the line isn't read before it is overwritten.
INLINE void stream(float *p, floats v) { __builtin_nontemporal_store(v, (floats *)p); }

INLINE floats splat(float x) { return (floats){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }

// a * b + c, in one rounding where the instruction set has it.
INLINE floats multiply_add(floats a, floats b, floats c) {
#if FUSED_MULTIPLY_ADD
  return __builtin_elementwise_fma(a, b, c);
#else
  return a * b + c;
#endif
}

// mask ? a : b; the mask is all ones or all zeros in each lane.
INLINE floats choose(ints mask, floats a, floats b) { return (floats)((mask & (ints)a) | (~mask & (ints)b)); }

// What instance normalisation and leaky ReLU, whose slope is at most 1, make of a convolution's output.
INLINE floats activated(floats x, floats scale, floats shift, floats slope) {
  const floats y = multiply_add(x, scale, shift), under_zero = y * slope;
  return choose(y > under_zero, y, under_zero);
}
