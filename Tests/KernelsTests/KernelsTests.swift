// The module KernelsTests.
