// The module BlobStoresTests.
