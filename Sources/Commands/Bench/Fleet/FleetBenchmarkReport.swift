internal import Foundation

/// What a simulated fleet has carried.
struct FleetBenchmarkReport: Encodable {
  /// Memory and open files of a role, summed over its processes.
  struct Role: Encodable {
    var role: String
    /// In bytes, a third of the way and at the end.
    var early: Int
    var late: Int
    var earlyFiles: Int
    var lateFiles: Int
  }

  private struct Look {
    var at: ContinuousClock.Instant
    var accepted: Int
    var memory: [String: Int]
    var files: [String: Int]
  }

  var workers: Int
  var processes: Int
  var tileSeconds: Double
  private var looks: [Look] = []

  init(workers: Int, processes: Int, tileSeconds: Double) {
    self.workers = workers
    self.processes = processes
    self.tileSeconds = tileSeconds
  }

  mutating func add(accepted: Int, at instant: ContinuousClock.Instant, _ children: [SimulatedProcess]) {
    var look = Look(at: instant, accepted: accepted, memory: [:], files: [:])
    for child in children {
      look.memory[child.role, default: 0] += child.residentBytes
      look.files[child.role, default: 0] += child.openFiles
    }
    looks.append(look)
  }

  /// Tiles a second over the whole time.
  var tilesPerSecond: Double { rate(looks.first, looks.last) }

  /// The least of any five seconds in a row.
  var leastOfFiveSeconds: Double {
    looks.indices.dropLast(5).map { rate(looks[$0], looks[$0 + 5]) }.min() ?? tilesPerSecond
  }

  var roles: [Role] {
    guard let last = looks.last else { return [] }
    let early = looks[looks.count / 3]
    return last.memory.keys.sorted().map { role in
      Role(
        role: role, early: early.memory[role] ?? 0, late: last.memory[role] ?? 0, earlyFiles: early.files[role] ?? 0,
        lateFiles: last.files[role] ?? 0)
    }
  }

  private func rate(_ first: Look?, _ last: Look?) -> Double {
    guard let first, let last, first.at < last.at else { return 0 }
    let time = last.at - first.at
    return Double(last.accepted - first.accepted) / (time / .seconds(1))
  }

  var rendered: String {
    var table = TextTable([
      ("role", .left), ("MiB early", .right), ("MiB late", .right), ("files early", .right), ("files late", .right),
    ])
    for role in roles {
      table.add([
        role.role, "\(role.early >> 20)", "\(role.late >> 20)", "\(role.earlyFiles)", "\(role.lateFiles)",
      ])
    }
    return """
      \(workers) simulated workers in \(processes) processes, \(Formats.number(tileSeconds, digits: 2)) s a tile
      \(Formats.number(tilesPerSecond, digits: 0)) tiles/s; the least of any five seconds \(Formats.number(leastOfFiveSeconds, digits: 0))

      \(table.rendered())
      """
  }

  private enum CodingKeys: String, CodingKey {
    case workers, processes, tileSeconds, tilesPerSecond, leastOfFiveSeconds, roles
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(workers, forKey: .workers)
    try container.encode(processes, forKey: .processes)
    try container.encode(tileSeconds, forKey: .tileSeconds)
    try container.encode(tilesPerSecond, forKey: .tilesPerSecond)
    try container.encode(leastOfFiveSeconds, forKey: .leastOfFiveSeconds)
    try container.encode(roles, forKey: .roles)
  }
}
