/// How channels are normalised, by their names and by what cropping took away
/// (experiment_planner_baseline_3DUNet.py: determine_normalization_scheme, determine_whether_to_use_mask_for_norm).
struct NormalizationChoice {
  var schemes: [String]
  var usesMask: [Bool]
  var reasons: [String]

  init(_ fingerprint: DatasetFingerprint) {
    let kept = Quantile.median(ofSorted: fingerprint.cases.map(\.sizeReduction).sorted())
    schemes = fingerprint.modalities.map { name in
      switch name {
      case "CT", "ct": "CT"
      case "noNorm": "noNorm"
      default: "nonCT"
      }
    }
    usesMask = fingerprint.modalities.map { !$0.contains("CT") && kept < 0.75 }
    reasons = zip(zip(fingerprint.modalities, schemes), usesMask).enumerated().map { channel, choice in
      let ((name, scheme), mask) = choice
      let what =
        switch scheme {
        case "CT": "clipped and scaled by the whole dataset's intensities"
        case "noNorm": "left as it is"
        default: "scaled by each case's own mean and deviation"
        }
      let part = mask ? ", of the nonzero part, as cropping left less than 3/4 of the median case" : ""
      return "channel \(channel) (\(name)): \(what)\(part)"
    }
  }
}
