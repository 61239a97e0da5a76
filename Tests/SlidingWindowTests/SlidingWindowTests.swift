// The module SlidingWindowTests.
