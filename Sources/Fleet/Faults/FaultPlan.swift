internal import FleetContracts
internal import Wording

/// What is to go wrong in a process, where and when: the text of `TESSERA_FAULT`.
///
/// Faults are joined by commas, each of the form `POINT[#TILE][@PASSAGE]=ACTION`:
///
/// | text | meaning |
/// |---|---|
/// | `worker.stored=kill` | dies when it first passes the point |
/// | `worker.stored@3=kill` | dies when it passes it for the third time |
/// | `worker.fetched#5=kill` | dies of tile 5, whenever it comes |
/// | `relay.published=delay:2.5` | pauses for 2.5 s at each passage |
///
/// Actions: `kill` (SIGKILL to the worker), `crash` (an abort of the process that computes), `stop` (SIGSTOP), `delay:SECONDS`, `hog:MIB`
/// (takes memory), `fail:KIND` (a `FailureKind`), `corrupt` (changes a value in hand), `nan` (makes it NaN). A fault without `@` happens at
/// each passage.
public struct FaultPlan: Sendable, Hashable {
  struct Fault: Sendable, Hashable {
    var point: FaultPoint
    var tile: Int?
    /// From 1; `nil` for each.
    var passage: Int?
    var action: FaultAction
    var passages = 0
  }

  private(set) var faults: [Fault]

  /// - Throws: `FaultPlanError`.
  public init(_ text: String) throws {
    faults = try text.split(separator: ",").map { try Self.fault(String($0)) }
    guard !faults.isEmpty else { throw FaultPlanError(text: text, reason: "it names no fault") }
  }

  private static func fault(_ text: String) throws -> Fault {
    let halves = text.split(separator: "=", maxSplits: 1).map(String.init)
    guard halves.count == 2 else { throw FaultPlanError(text: text, reason: "it has no action") }
    guard let match = halves[0].wholeMatch(of: #/([a-z.]+)(?:#([0-9]{1,9}))?(?:@([0-9]{1,9}))?/#) else {
      throw FaultPlanError(text: text, reason: "its left side isn't POINT#TILE@PASSAGE")
    }
    guard let point = FaultPoint(rawValue: String(match.1)) else {
      let known = FaultPoint.allCases.map(\.rawValue).joined(separator: ", ")
      throw FaultPlanError(text: text, reason: "there is no such point; there are \(known)")
    }
    return Fault(
      point: point, tile: match.2.flatMap { Int($0) }, passage: match.3.flatMap { Int($0) },
      action: try FaultAction(halves[1], in: text))
  }

  /// Counts a passage and returns what is to happen.
  mutating func action(at point: FaultPoint, tile: Int?) -> FaultAction? {
    for index in faults.indices where faults[index].point == point {
      if let wanted = faults[index].tile, wanted != tile { continue }
      faults[index].passages += 1
      let fault = faults[index]
      if fault.passage == nil || fault.passage == fault.passages { return fault.action }
    }
    return nil
  }
}

/// A `TESSERA_FAULT` that can't be read.
public struct FaultPlanError: Error, Hashable, CustomStringConvertible {
  var text: String
  var reason: String

  public var description: String {
    "The fault '\(text.quotable())' can't be read: \(reason). Write it as worker.stored@2=kill, or unset TESSERA_FAULT."
  }
}
