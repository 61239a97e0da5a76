// The module Digests.
