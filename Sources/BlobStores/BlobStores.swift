// The module BlobStores.
