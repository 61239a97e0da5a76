// The module UNetTests.
