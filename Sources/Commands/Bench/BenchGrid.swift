internal import ArgumentParser
internal import Volumes

/// An extent in voxels on the command line, `ZxYxX`.
struct ExtentArgument: ExpressibleByArgument {
  let extent: Extent

  init(_ extent: Extent) { self.extent = extent }

  init?(argument: String) {
    let parts = argument.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 3, let z = parts[0], let y = parts[1], let x = parts[2],
      [z, y, x].allSatisfy({ (1...1 << 14).contains($0) })
    else { return nil }
    extent = Extent(z: z, y: y, x: x)
  }

  var defaultValueDescription: String { extent.description }
}

/// A spacing in mm on the command line, `ZxYxX`.
struct SpacingArgument: ExpressibleByArgument {
  let spacing: Spacing

  init(_ spacing: Spacing) { self.spacing = spacing }

  init?(argument: String) {
    let parts = argument.split(separator: "x", omittingEmptySubsequences: false).map { Double($0) }
    guard parts.count == 3, let z = parts[0], let y = parts[1], let x = parts[2],
      [z, y, x].allSatisfy({ $0 > 0.001 && $0 < 1000 })
    else { return nil }
    spacing = Spacing(z: z, y: y, x: x)
  }

  var defaultValueDescription: String { "\(spacing.z)x\(spacing.y)x\(spacing.x)" }
}

/// What all benchmarks of volumes take.
struct BenchOptions: ParsableArguments {
  @Option(help: "Compute threads.")
  var threads = 1

  @Option(
    help: ArgumentHelp(
      "Also runs the peer with this Python, from a checkout's top folder, and compares.", valueName: "python"))
  var peer: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    guard (1...1024).contains(threads) else {
      throw ValidationError("--threads must be from 1 to 1024, it is \(threads).")
    }
  }
}
