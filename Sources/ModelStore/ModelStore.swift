// The module ModelStore.
