// The module Inference.
