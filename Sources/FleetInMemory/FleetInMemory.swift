// The module FleetInMemory.
