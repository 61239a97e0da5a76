internal import FleetContracts

/// An accepted tile that turned out, while it was stitched, to be no probabilities or not what its digest says. It can be computed again.
struct CorruptTile: Error {
  var tile: Int
  var damage: TileDamage
}
