// The module Testkit.
