internal import UNet

extension ForwardBenchmarkReport {
  /// What each layer took, beside what it takes at least on this machine.
  func layerTable() -> String {
    var table = TextTable([
      ("layer", .left), ("method", .left), ("ms", .right), ("GFLOP", .right), ("GFLOP/s", .right),
      ("arithmetic", .right), ("GFLOP/s", .right), ("of peak", .right), ("ms at peak", .right),
      ("MB", .right), ("ms of memory", .right),
    ])
    for layer in layers + [total] { table.add(layer.cells) }
    guard let peak else { return table.rendered() }
    return table.rendered() + "\n"
      + "peak of \(peak.threads) thread(s), \(peak.instructionSet): \(Formats.number(peak.gflops, digits: 1)) GFLOP/s; "
      + "memory: \(Formats.number(peak.gigabytesPerSecond, digits: 1)) GB/s; "
      + "last-level cache: \(Formats.bytes(peak.lastLevelCacheBytes))"
  }
}

extension ForwardBenchmarkReport.Layer {
  fileprivate var cells: [String] {
    func milliseconds(_ seconds: Double?) -> String { seconds.map { Formats.number($0 * 1000, digits: 2) } ?? "" }
    return [
      name, method, milliseconds(seconds), Formats.number(gflop, digits: 2), Formats.number(gflops, digits: 1),
      Formats.number(arithmeticGflop, digits: 2), Formats.number(arithmeticGflops, digits: 1),
      shareOfPeak.map { "\(Formats.number($0 * 100, digits: 0)) %" } ?? "", milliseconds(arithmeticFloorSeconds),
      Formats.number(Double(memoryBytes) / 1e6, digits: 1), milliseconds(memoryFloorSeconds),
    ]
  }
}
