/// The Dice of an epoch's validation patches: counts of all batches together, 2tp / (2tp + fp + fn) for each foreground class
/// (nnUNetTrainer.finish_online_evaluation). It estimates, and isn't comparable to, the Dice of whole cases.
struct OnlineDice {
  private var counts: [(tp: Int, fp: Int, fn: Int)] = []

  mutating func add(_ batch: ValidationBatch) {
    if counts.isEmpty { counts = batch.truePositives.map { _ in (0, 0, 0) } }
    for index in counts.indices {
      counts[index].tp += batch.truePositives[index]
      counts[index].fp += batch.falsePositives[index]
      counts[index].fn += batch.falseNegatives[index]
    }
  }

  /// Of each class that occurred.
  var byClass: [Double] {
    counts.compactMap { count in
      let all = 2 * count.tp + count.fp + count.fn
      return all == 0 ? nil : Double(2 * count.tp) / Double(all)
    }
  }

  /// NaN where no class occurred.
  var mean: Double {
    let values = byClass
    return values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
  }
}
