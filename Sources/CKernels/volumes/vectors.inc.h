// Sixteen elements side by side in clang's vector extensions, at every level: of doubles two AVX-512 registers, four of AVX2, eight
// of SSE2.

// Vectors are passed between functions that are always inlined, so no calling convention is at stake.
#pragma clang diagnostic ignored "-Wpsabi"

#define LANES TESSERA_LINE_LANES
typedef float floats __attribute__((vector_size(64)));
typedef int ints __attribute__((vector_size(64)));
typedef unsigned char bytes __attribute__((vector_size(16)));
typedef double doubles __attribute__((vector_size(128), aligned(64)));
typedef long longs __attribute__((vector_size(128), aligned(64)));

// Unaligned: rows start anywhere.
typedef float unaligned_floats __attribute__((vector_size(64), aligned(4)));
typedef double unaligned_doubles __attribute__((vector_size(128), aligned(8)));
typedef unsigned char unaligned_bytes __attribute__((vector_size(16), aligned(1)));
#define LOAD(p) ((floats) * (const unaligned_floats *)(p))
#define STORE(p, v) (*(unaligned_floats *)(p) = (v))
#define LOAD_DOUBLES(p) ((doubles) * (const unaligned_doubles *)(p))
#define STORE_DOUBLES(p, v) (*(unaligned_doubles *)(p) = (v))
#define WIDEN(v) __builtin_convertvector((v), doubles)
#define NARROW(v) __builtin_convertvector((v), floats)
#define INLINE static inline __attribute__((always_inline))

INLINE floats splat(float x) { return (floats){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }
INLINE ints splat_int(int x) { return (ints){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }

// mask ? a : b; the mask is all ones or all zeros in each lane.
INLINE floats choose(ints mask, floats a, floats b) { return (floats)((mask & (ints)a) | (~mask & (ints)b)); }
INLINE ints choose_int(ints mask, ints a, ints b) { return (mask & a) | (~mask & b); }
