// The module Fleet.
