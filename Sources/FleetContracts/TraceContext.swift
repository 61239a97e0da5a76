/// Where a piece of work belongs: the caller's trace and the span that caused it, as W3C's Trace Context writes them
/// (https://www.w3.org/TR/trace-context/#traceparent-header): `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
///
/// A run keeps the context that it was submitted with; jobs and results carry one of the same trace in the header `traceparent`, and logs
/// name the trace as `trace_id`. So one study can be followed through all processes, beginning with the caller's.
public struct TraceContext: Hashable, Sendable, CustomStringConvertible {
  /// The header's name.
  public static let header = "traceparent"

  /// 32 hexadecimal digits in lower case, not all zero.
  public let traceID: String
  /// The span that caused the work: 16 hexadecimal digits in lower case, not all zero.
  public let spanID: String
  /// Bit 0: the caller records the trace.
  public let flags: UInt8

  /// The beginning of a trace of our own.
  public init() {
    traceID = Self.random(32)
    spanID = Self.random(16)
    flags = 1
  }

  private init(traceID: String, spanID: String, flags: UInt8) {
    self.traceID = traceID
    self.spanID = spanID
    self.flags = flags
  }

  /// `nil` when `text` isn't a `traceparent`. Later versions are read as far as version 00 goes, as the standard demands.
  public init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, Self.isHexadecimal(parts[0], 2), parts[0] != "ff", parts[0] != "00" || parts.count == 4,
      Self.isHexadecimal(parts[1], 32), parts[1].contains(where: { $0 != "0" }), Self.isHexadecimal(parts[2], 16),
      parts[2].contains(where: { $0 != "0" }), Self.isHexadecimal(parts[3], 2), let flags = UInt8(parts[3], radix: 16)
    else { return nil }
    traceID = String(parts[1])
    spanID = String(parts[2])
    self.flags = flags
  }

  /// The context of work that this one causes: the same trace, a span of its own.
  public func child() -> TraceContext { TraceContext(traceID: traceID, spanID: Self.random(16), flags: flags & 1) }

  /// As the header has it.
  public var description: String {
    let digits = String(flags, radix: 16)
    return "00-\(traceID)-\(spanID)-\(digits.count < 2 ? "0" : "")\(digits)"
  }

  private static func isHexadecimal(_ text: Substring, _ count: Int) -> Bool {
    text.utf8.count == count && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
  }

  private static func random(_ digits: Int) -> String {
    let text = (0..<digits).map { _ in String(UInt8.random(in: 0...15), radix: 16) }.joined()
    return text.contains { $0 != "0" } ? text : random(digits)
  }
}
