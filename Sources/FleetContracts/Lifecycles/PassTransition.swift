/// How far a pass has come. The ledger has no column for it: a pass is planned when its row is there, and done when the row has a
/// label map (the last one, when the run is completed).
public enum PassState: String, Hashable, Sendable, CaseIterable {
  /// Asked for.
  case requested
  /// Its tiles are planned.
  case planned
  /// Stitched.
  case done
}

/// What happens to a pass.
public enum PassEvent: String, Hashable, Sendable, CaseIterable {
  /// `RunEvent.plan` of its run.
  case plan
  /// `RunEvent.completePass` or `.complete` of its run.
  case complete
}

extension PassState {
  /// The state after the event; `nil` when it is refused. A pass is planned once and done once: neither is ever taken back, and the
  /// trigger `guard_pass` of the database refuses it too.
  public func after(_ event: PassEvent) -> PassState? {
    switch (self, event) {
    case (.requested, .plan): .planned
    case (.planned, .complete): .done
    default: nil
    }
  }
}
