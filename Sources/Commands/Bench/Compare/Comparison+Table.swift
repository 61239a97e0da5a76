extension Comparison {
  /// The machine, a table for each number of threads, and what was left out.
  func rendered() -> String {
    let head = [
      "\(machine.processor), \(machine.processors) processor(s), \(machine.instructionSet), last-level cache "
        + "\(Formats.bytes(machine.lastLevelCacheBytes)), OpenBLAS \(machine.openBLASCore)",
      "\(model): \(Formats.number(gflop, digits: 1)) GFLOP a pass, counted as direct convolution; medians of "
        + "\(rounds) round(s) of \(runs) pass(es)",
    ]
    let absences = leftOut.map { "\($0.engine) is left out: \($0.reason)" }
    return (head + tables.map(\.rendered) + versions + absences).joined(separator: "\n")
  }

  /// What the rows were, each once.
  private var versions: [String] {
    guard let table = tables.first else { return [] }
    return ["", table.engines.map { "\($0.engine) (\($0.version))" }.joined(separator: ", ")]
  }
}

extension Comparison.Table {
  fileprivate var rendered: String {
    let ours = engines.filter(\.isOurs).map(\.engine)
    let hasGain = engines.contains { $0.gain != nil }
    var table = TextTable(
      [("\(threads) thread\(threads == 1 ? "" : "s")", .left), ("seconds", .right), ("from", .right), ("to", .right)]
        + [("GFLOP/s", .right)] + ours.map { ("/ \($0)", .right) } + (hasGain ? [("gain", .right)] : [])
        + [("relative error", .right), ("peak memory", .right)])
    for row in engines {
      var cells = [row.engine]
      cells += [row.seconds, row.fastest, row.slowest].map { Formats.number($0, digits: 4) }
      cells.append(Formats.number(row.gflops, digits: 1))
      cells += row.ratios.map { Formats.number($0.ratio, digits: 2) }
      if hasGain { cells.append(row.gain.map { Formats.number($0, digits: 2) } ?? "") }
      cells.append(row.relativeError.map { Formats.scientific($0) } ?? "")
      cells.append(row.peakMemoryBytes.map(Formats.bytes) ?? "")
      table.add(cells)
    }
    return "\n" + table.rendered()
  }
}
