internal import ArgumentParser
internal import Foundation

/// A length of time as people write it: `90s`, `45m`, `2h`, `30d`.
struct TimeSpan: Hashable, ExpressibleByArgument {
  let seconds: Double

  private static let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
  /// A hundred years: whatever is longer is a mistake.
  private static let longest = 100 * 365.25 * 86400

  static let fiveSeconds = TimeSpan(seconds: 5)

  init(seconds: Double) { self.seconds = seconds }

  init?(argument: String) {
    guard let unit = argument.last.flatMap({ Self.units[$0] }), let amount = Double(argument.dropLast()), amount >= 0,
      amount * unit <= Self.longest
    else { return nil }
    seconds = amount * unit
  }

  /// In the largest unit that leaves no rest.
  var defaultValueDescription: String {
    let units = Self.units.sorted { $0.value > $1.value }
    guard seconds > 0, let unit = units.first(where: { seconds.remainder(dividingBy: $0.value) == 0 }) else {
      return "\(seconds)s"
    }
    return "\(Int(seconds / unit.value))\(unit.key)"
  }
}
