// The module Threads.
