#pragma once

// Between float16 and float32, little-endian. Widening is exact; narrowing rounds to the nearest, ties to even, as numpy and
// Swift do. Halves may lie at any address. Counts are in values. Every instruction set gives the same bits; what a NaN becomes
// is some NaN.

/// Whether the processor has instructions for it (F16C on x86-64).
int tessera_half_is_fast(void);

/// `fast` 0 takes the portable way, which exists for tests and old processors.
void tessera_half_widen(const void *halves, float *values, long count, int fast);
void tessera_half_narrow(const float *values, void *halves, long count, int fast);
