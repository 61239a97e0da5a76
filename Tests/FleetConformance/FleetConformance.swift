// The module FleetConformance.
