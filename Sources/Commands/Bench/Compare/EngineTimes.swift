/// What one process measured.
struct EngineTimes {
  /// As tables name it.
  var engine: String
  var version: String
  /// Seconds of each timed pass.
  var passes: [Double]
  /// 1e9 operations of a pass, counted as direct convolution; only ours tell.
  var gflop: Double?
  /// Root mean square of the difference from the reference logits over that of the reference.
  var relativeError: Double?
  /// The most memory that the process had.
  var peakMemoryBytes: Int?
}
