// The module ZipFilesTests.
