internal import FleetContracts
internal import Foundation

/// What a worker asks of a process that computes for it: one JSON line each.
enum ComputeRequest: Sendable, Codable {
  case predict(TileJob)
  /// No more tiles: what is still being written is written, then the process ends.
  case finish
}

/// What that process answers.
enum ComputeReply: Sendable, Codable {
  /// It takes requests.
  case ready
  /// It has taken up the tile: what kills it from now on is held against the tile.
  case begun
  case computed(ComputedTile)
  case failed(RunFailure)
}

extension ComputeRequest {
  func line() throws -> [UInt8] { Array(try JSONEncoder().encode(self)) }
  init(line: [UInt8]) throws { self = try JSONDecoder().decode(Self.self, from: Data(line)) }
}

extension ComputeReply {
  func line() throws -> [UInt8] { Array(try JSONEncoder().encode(self)) }
  init(line: [UInt8]) throws { self = try JSONDecoder().decode(Self.self, from: Data(line)) }
}
