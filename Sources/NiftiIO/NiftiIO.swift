// The module NiftiIO.
