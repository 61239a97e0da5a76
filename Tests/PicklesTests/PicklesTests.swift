// The module PicklesTests.
