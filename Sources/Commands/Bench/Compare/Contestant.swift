/// An engine of ours, or a peer.
enum Contestant {
  case ours(OwnEngine)
  case peer(PeerEngine)

  /// As told before the first measurement.
  var name: String {
    switch self {
    case .ours(let engine): engine.defaultValueDescription
    case .peer(let engine): engine.name
    }
  }

  var isOurs: Bool {
    switch self {
    case .ours: true
    case .peer: false
    }
  }

  func measure(model: String, threads: Int, runs: Int) throws -> EngineTimes {
    switch self {
    case .ours(let engine): try engine.measure(model: model, threads: threads, runs: runs)
    case .peer(let engine): try engine.peers.measure(engine, model: model, threads: threads, runs: runs)
    }
  }
}
