/// Which runs belong together: a forest of runs whose parents come before them (union-find; Tarjan, Efficiency of a good but not linear
/// set union algorithm, JACM 1975, here with path halving and links to the earlier root). Four bytes a run.
struct RunForest {
  private(set) var parents: [UInt32] = []

  /// Adds a run that belongs to none yet.
  mutating func add() { parents.append(UInt32(truncatingIfNeeded: parents.count)) }

  private mutating func root(of run: Int) -> Int {
    parents.withUnsafeMutableBufferPointer { parents in
      var run = run
      while Int(parents[run]) != run {
        parents[run] = parents[Int(parents[run])]
        run = Int(parents[run])
      }
      return run
    }
  }

  mutating func join(_ first: Int, _ second: Int) {
    let (a, b) = (root(of: first), root(of: second))
    if a < b {
      parents[b] = UInt32(truncatingIfNeeded: a)
    } else {
      parents[a] = UInt32(truncatingIfNeeded: b)
    }
  }

  /// The component of each run, numbered in the order of their first runs, and how many there are.
  consuming func components() -> (ofRun: [UInt32], count: Int) {
    var numbers = parents
    parents = []
    var count = 0
    // A parent comes before its child, so its number is there already.
    for run in numbers.indices {
      if Int(numbers[run]) == run {
        numbers[run] = UInt32(truncatingIfNeeded: count)
        count += 1
      } else {
        numbers[run] = numbers[Int(numbers[run])]
      }
    }
    return (numbers, count)
  }
}
