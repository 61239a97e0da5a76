// The module FleetContracts.
