internal import Foundation

extension Array<Int> {
  /// As in `128 x 128 x 128`.
  var voxels: String { map(String.init).joined(separator: " x ") }
}

extension Array<Double> {
  /// As in `1.5 x 0.8 x 0.8 mm`.
  var millimetres: String { map { String(format: "%.4g", $0) }.joined(separator: " x ") + " mm" }
}

extension PoolingSchedule {
  func reason(spacing: [Double]) -> String {
    "depth \(poolKernels.count), halving the axes \(poolings.map(String.init).joined(separator: ", ")) times: an axis is halved while it has 8 "
      + "voxels or more and its spacing (\(spacing.millimetres)) is below twice the finest one"
  }
}
