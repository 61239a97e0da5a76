// libFuzzer as a library: its loop, to be called from a main of our own (compiler-rt/lib/fuzzer/FuzzerInterface.h declares it for C++).
#pragma once
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*one)(const uint8_t *data, size_t size));
