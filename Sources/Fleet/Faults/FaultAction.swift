internal import FleetContracts
internal import Glibc
internal import Volumes

/// What happens at a fault point.
enum FaultAction: Sendable, Hashable {
  /// SIGKILL to the whole worker, dispatcher or aggregator, as an impatient operator would.
  case kill
  /// Ends the process that has the data in hand, as a fault of memory would: of a worker, the one that computes.
  case crash
  /// SIGSTOP: the process stands still, its connections too, until somebody sends SIGCONT.
  case stop
  case delay(Duration)
  case fail(FailureKind)
  /// Changes one value that is in hand, as a broken processor might.
  case corrupt
  /// Makes that value NaN.
  case nan
  /// Takes so many MiB of memory, and uses them.
  case hog(Int)

  /// - Throws: `FaultPlanError`.
  init(_ word: String, in text: String) throws {
    let parts = word.split(separator: ":", maxSplits: 1).map(String.init)
    switch (parts.first, parts.dropFirst().first) {
    case ("kill", nil): self = .kill
    case ("crash", nil): self = .crash
    case ("stop", nil): self = .stop
    case ("corrupt", nil): self = .corrupt
    case ("nan", nil): self = .nan
    case ("delay", let seconds?):
      guard let value = Double(seconds), (0...3600).contains(value) else {
        throw FaultPlanError(text: text, reason: "a delay is 0 to 3600 seconds")
      }
      self = .delay(.seconds(value))
    case ("hog", let size?):
      guard let mebibytes = Int(size), (1...65536).contains(mebibytes) else {
        throw FaultPlanError(text: text, reason: "a hog takes 1 to 65536 MiB")
      }
      self = .hog(mebibytes)
    case ("fail", let kind?):
      guard let kind = FailureKind(rawValue: kind) else {
        throw FaultPlanError(
          text: text, reason: "a failure is \(FailureKind.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      self = .fail(kind)
    default:
      throw FaultPlanError(
        text: text, reason: "an action is kill, crash, stop, delay:SECONDS, hog:MIB, fail:KIND, corrupt or nan")
    }
  }

  /// - Parameter values: what is in hand.
  /// - Throws: `RunFailure` for `fail`, `CancellationError` during a delay.
  func perform(on values: ChannelVolume?) async throws {
    switch self {
    case .kill: FaultPoint.strike(SIGKILL)
    case .crash: abort()
    case .stop: FaultPoint.strike(SIGSTOP)
    case .delay(let pause): try await Task.sleep(for: pause)
    case .hog(let mebibytes):
      // Never freed: whoever asked for it wants the process to be short of memory. From the kernel itself, since a compiler leaves out an
      // allocation that nobody reads.
      let memory = mmap(nil, mebibytes << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      guard let memory, memory != MAP_FAILED else { return }
      memory.initializeMemory(as: UInt8.self, repeating: 1, count: mebibytes << 20)
    case .fail(let kind): throw RunFailure(kind: kind, reason: "The fault that TESSERA_FAULT asked for.")
    case .corrupt: values?.elements.first.map { values?.elements[0] = 1 - $0 }
    case .nan: if let values, !values.elements.isEmpty { values.elements[0] = .nan }
    }
  }
}
