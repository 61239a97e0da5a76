// The module CommandsTests.
