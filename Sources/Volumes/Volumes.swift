// The module Volumes.
