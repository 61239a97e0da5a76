// The module Pickles.
