internal import Foundation

/// Points in time as texts: RFC 3339, in UTC, to the millisecond.
enum Timestamp {
  static func text(_ date: Date) -> String { date.formatted(.iso8601.precise) }

  /// `nil` unless the text is a date and time with a zone, in the years 1 to 9999.
  static func date(_ text: String) -> Date? {
    // The strategy would read the beginning of a longer text.
    guard text.wholeMatch(of: #/\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)/#) != nil else {
      return nil
    }
    let upper = text.uppercased()
    return (try? Date(upper, strategy: .iso8601)) ?? (try? Date(upper, strategy: .iso8601.precise))
  }
}

extension Date.ISO8601FormatStyle {
  fileprivate var precise: Self {
    year().month().day().time(includingFractionalSeconds: true).timeZone(separator: .omitted)
  }
}
