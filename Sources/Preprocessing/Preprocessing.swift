// The module Preprocessing.
