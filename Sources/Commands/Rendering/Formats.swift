internal import Foundation

/// How numbers look in tables.
enum Formats {
  /// `12.345`
  static func number(_ value: Double, digits: Int) -> String { String(format: "%.\(digits)f", value) }

  /// `7.2e-06`
  static func scientific(_ value: Double) -> String { String(format: "%.1e", value) }

  /// `4.2 s`, `3 min 12 s`, `2 h 5 min`
  static func seconds(_ value: Double) -> String {
    if value < 60 { return String(format: "%.1f s", value) }
    let whole = Int(value.rounded())
    return whole < 3600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole % 3600 / 60) min"
  }

  /// `1.5 MiB`
  static func bytes(_ value: Int) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    var amount = Double(value)
    var unit = 0
    while amount >= 1024, unit + 1 < units.count {
      amount /= 1024
      unit += 1
    }
    return unit == 0 ? "\(value) B" : String(format: "%.1f %@", amount, units[unit])
  }
}
