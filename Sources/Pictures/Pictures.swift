// The module Pictures.
