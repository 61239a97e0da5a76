/// One thing that `tessera doctor --fleet` has looked at.
struct FleetFinding: Encodable, Equatable {
  enum State: String, Encodable {
    case good
    /// It works, and could be better.
    case advice
    /// It can't work.
    case problem
  }

  /// `settings`, `broker`, `database`, `store` or `clock`.
  var part: String
  var state: State
  /// A sentence; for a problem or advice it says what to do.
  var text: String

  var line: (title: String, text: String) {
    switch state {
    case .good: (part, text)
    case .advice: ("advice", "\(part): \(text)")
    case .problem: ("PROBLEM", "\(part): \(text)")
    }
  }
}
