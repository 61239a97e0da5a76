// The module PicturesTests.
