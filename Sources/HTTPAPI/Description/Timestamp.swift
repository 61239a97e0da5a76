internal import Foundation

/// Points in time as texts: RFC 3339, in UTC, to the millisecond.
enum Timestamp {
  static func text(_ date: Date) -> String { date.formatted(.iso8601.precise) }

  /// `nil` unless the text is a date and time with a zone, in the years 1 to 9999.
  static func date(_ text: String) -> Date? {
    let form = #/(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))/#
    guard let match = text.wholeMatch(of: form), let base = try? Date("\(match.1)T\(match.2)Z", strategy: .iso8601)
    else {
      return nil
    }
    // Foundation's strategy refuses offsets that no place of the world has; RFC 3339 allows up to a day.
    let (hours, minutes) = (match.5.flatMap { Int($0) } ?? 0, match.6.flatMap { Int($0) } ?? 0)
    guard hours < 24, minutes < 60 else { return nil }
    let offset = Double(hours * 3600 + minutes * 60) * (match.4 == "-" ? -1 : 1)
    return base.addingTimeInterval((match.3.flatMap { Double("0\($0)") } ?? 0) - offset)
  }
}

extension Date.ISO8601FormatStyle {
  fileprivate var precise: Self {
    year().month().day().time(includingFractionalSeconds: true).timeZone(separator: .omitted)
  }
}
