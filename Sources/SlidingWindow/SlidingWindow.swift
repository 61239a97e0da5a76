// The module SlidingWindow.
