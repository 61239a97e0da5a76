// The module InferenceTests.
