// The module NiftiIOTests.
