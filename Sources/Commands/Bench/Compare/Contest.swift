internal import UNet

/// Engines measured in turn, so that what slows the machine for a while slows all of them.
struct Contest {
  let model: String
  let rounds: Int
  let runs: Int
  let contestants: [Contestant]

  /// All rounds for each number of threads. A peer that is missing or fails is left out, with the reason.
  /// - Parameter progress: told a line after each measurement.
  /// - Throws: `InputError` when an engine of ours fails.
  func run(threads: [Int], progress: (String) -> Void) throws -> Comparison {
    var absences: [Comparison.Absence] = []
    for case .peer(let peer) in contestants {
      guard let reason = peer.missing else { continue }
      absences.append(.init(engine: peer.name, reason: reason))
      progress("\(peer.name) is left out: \(reason)")
    }
    var tables: [(threads: Int, engines: [(isOurs: Bool, measurements: [EngineTimes])])] = []
    for threads in threads {
      var measured = [[EngineTimes]](repeating: [], count: contestants.count)
      for round in 1...rounds {
        for (place, contestant) in contestants.enumerated()
        where !absences.contains(where: { $0.engine == contestant.name }) {
          do {
            let found = try contestant.measure(model: model, threads: threads, runs: runs)
            measured[place].append(found)
            progress(
              "\(threads) thread(s), round \(round) of \(rounds): \(found.engine) "
                + "\(Formats.number(ForwardBenchmark.median(found.passes), digits: 4)) s")
          } catch {
            guard case .peer = contestant else { throw error }
            absences.append(.init(engine: contestant.name, reason: "\(error)"))
            progress("\(contestant.name) is left out: \(error)")
            measured[place] = []
          }
        }
      }
      tables.append((threads, zip(contestants, measured).map { ($0.isOurs, $1) }))
    }
    return Comparison(
      machine: .current, model: model, rounds: rounds, runs: runs, leftOut: absences, measured: tables)
  }
}
