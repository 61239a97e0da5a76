// The module PreprocessingTests.
