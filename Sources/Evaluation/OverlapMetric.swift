/// The metrics of nnU-Net's `summary.json`, by their names there (nnunet/evaluation/evaluator.py, `default_metrics`; their formulas and
/// when they have no value: nnunet/evaluation/metrics.py).
public enum OverlapMetric: String, Hashable, Sendable, CaseIterable {
  case accuracy = "Accuracy"
  case dice = "Dice"
  case falseDiscoveryRate = "False Discovery Rate"
  case falseNegativeRate = "False Negative Rate"
  case falseOmissionRate = "False Omission Rate"
  case falsePositiveRate = "False Positive Rate"
  case jaccard = "Jaccard"
  case negativePredictiveValue = "Negative Predictive Value"
  case precision = "Precision"
  case recall = "Recall"
  /// Voxels.
  case totalPositivesReference = "Total Positives Reference"
  /// Voxels.
  case totalPositivesTest = "Total Positives Test"
  case trueNegativeRate = "True Negative Rate"

  /// Whether it is a number of voxels, which nnU-Net writes as an integer for a case and as a mean of them over cases.
  public var isCount: Bool { self == .totalPositivesReference || self == .totalPositivesTest }
}

extension ConfusionCounts {
  /// A metric's value: a share from 0 to 1, or a number of voxels. NaN where the label is absent in a way that leaves it undefined: from
  /// both (Dice, Jaccard), from the prediction (Precision, False Discovery Rate), from the reference (Recall, False Negative Rate), or
  /// where the reference (True Negative Rate, False Positive Rate) or the prediction (False Omission Rate, Negative Predictive Value)
  /// has nothing else.
  public subscript(metric: OverlapMetric) -> Double {
    let (tp, fp) = (Double(truePositives), Double(falsePositives))
    let (fn, tn) = (Double(falseNegatives), Double(trueNegatives))
    // Each denominator is 0 exactly where nnU-Net says that there is no value, and then so is the numerator: 0 / 0 is NaN.
    switch metric {
    case .accuracy: return (tp + tn) / (tp + fp + fn + tn)
    case .dice: return 2 * tp / (2 * tp + fp + fn)
    case .falseDiscoveryRate: return 1 - tp / (tp + fp)
    case .falseNegativeRate: return 1 - tp / (tp + fn)
    case .falseOmissionRate: return fn / (fn + tn)
    case .falsePositiveRate: return 1 - tn / (tn + fp)
    case .jaccard: return tp / (tp + fp + fn)
    case .negativePredictiveValue: return 1 - fn / (fn + tn)
    case .precision: return tp / (tp + fp)
    case .recall: return tp / (tp + fn)
    case .totalPositivesReference: return tp + fn
    case .totalPositivesTest: return tp + fp
    case .trueNegativeRate: return tn / (tn + fp)
    }
  }
}
