internal import FleetContracts
internal import Logging

extension Logger {
  /// The logger for work of a trace: each line names it, so one study can be followed through all processes. In work that has a span of its
  /// own, lines name that too.
  func tracing(_ trace: TraceContext?, span: TraceContext? = nil) -> Logger {
    guard let trace else { return self }
    var logger = self
    logger[metadataKey: "trace_id"] = "\(trace.traceID)"
    if let span {
      logger[metadataKey: "span_id"] = "\(span.spanID)"
      logger[metadataKey: "parent_span_id"] = "\(trace.spanID)"
    }
    return logger
  }
}
