// The module ModelStoreTests.
