#pragma once

// What a core does at best, to measure other kernels by: multiply-adds that never leave the registers, and reading memory.

/// The kernels of one instruction set.
typedef struct {
  /// Vectors of sixteen floats that `multiply_add` works on at once: enough independent chains to hide an instruction's latency.
  long chains;

  /// Does x = x * factor + addend, `rounds` times, on each of the `chains` vectors at `values` (on 64 bytes). These are
  /// `2 * 16 * chains * rounds` floating-point operations.
  void (*multiply_add)(float *values, long rounds, float factor, float addend);

  /// Reads `vectors` adjacent vectors of sixteen floats, a whole number of eights, and returns their sum.
  float (*read)(const float *from, long vectors);
} tessera_peak_kernels;

/// The kernels of one instruction set (TESSERA_PORTABLE ...); NULL when the processor or the system doesn't have it.
const tessera_peak_kernels *tessera_peak_kernels_of(int instruction_set);
