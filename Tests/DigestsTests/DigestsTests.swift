// The module DigestsTests.
