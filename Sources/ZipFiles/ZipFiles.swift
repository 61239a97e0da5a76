// The module ZipFiles.
