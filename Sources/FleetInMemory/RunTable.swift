internal import FleetContracts

/// All runs, and which changes of state haven't become events yet.
struct RunTable {
  /// A change of state, with the run as it was then.
  struct Change {
    var moment: RunMoment
    var record: RunRecord
  }

  private var runs: [RunID: Run] = [:]
  private(set) var changes: [Change] = []

  var values: some Collection<Run> { runs.values }

  subscript(id: RunID) -> Run? {
    get { runs[id] }
    set {
      let known = runs[id]?.history.count ?? 0
      let before = runs[id]?.history.last?.state
      runs[id] = newValue
      guard let newValue else { return }
      var last = before
      for moment in newValue.history.dropFirst(known) where moment.state != last {
        var record = newValue.record
        record.state = moment.state
        changes.append(Change(moment: moment, record: record))
        last = moment.state
      }
    }
  }

  /// The changes so far, which from now on are somebody else's.
  mutating func takeChanges() -> [Change] {
    defer { changes = [] }
    return changes
  }
}
