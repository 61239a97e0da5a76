// The module FleetInMemoryTests.
