// The module FleetContractsTests.
