// The module FleetTests.
