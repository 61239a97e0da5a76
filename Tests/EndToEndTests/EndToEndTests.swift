// The module EndToEndTests.
