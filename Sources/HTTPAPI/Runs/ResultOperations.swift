internal import Digests
internal import FleetContracts
internal import HTTPTypes
internal import Hummingbird

/// Getting what a run has found.
struct ResultOperations: OperationGroup {
  let title = "Results"
  private let services: APIServices

  init(_ services: APIServices) { self.services = services }

  private static let gzip = "application/gzip"
  private static let bytes = "application/octet-stream"

  var operations: [Operation] {
    [
      content(
        "Labelmap", "labelmap", "The label map, as .nii.gz in the geometry of the input.", type: Self.gzip,
        file: "nii.gz"
      ) { $0.labelMap },
      content(
        "Probabilities", "probabilities", "The probabilities, as nnU-Net's .npz, of a run that asked for them.",
        type: Self.bytes,
        file: "npz"
      ) { $0.probabilities },
      content(
        "Properties", "properties", "What nnU-Net writes beside probabilities (.pkl), of a run that asked for them.",
        type: Self.bytes, file: "pkl"
      ) { $0.properties },
      report,
    ]
  }

  private static let etag = ("ETag", JSONSchema.text(.any), "The content's SHA-256, in quotes.")

  private func content(
    _ id: String, _ path: String, _ summary: String, type: String, file: String,
    _ digest: @escaping @Sendable (RunOutcome) -> Digest?
  ) -> Operation {
    Operation(
      id: "get\(id)", method: .get, path: "/v1/runs/{run}/\(path)", summary: summary, scope: .read,
      parameters: [
        RunOperations.runParameter,
        .header("Range", .text(.any), "One range of bytes, such as bytes=0-1023."),
        .header("If-None-Match", .text(.any), "ETags that the caller has."),
      ],
      answers: [
        .init(
          status: .ok, doc: "The file.", content: .bytes(type: type),
          headers: [Self.etag, ("Repr-Digest", .text(.any), "The file's SHA-256 (RFC 9530).")]),
        .init(
          status: .partialContent, doc: "The range.", content: .bytes(type: type),
          headers: [Self.etag, ("Content-Range", .text(.any), "Which bytes these are.")]),
        .init(status: .notModified, doc: "The caller has it.", content: .nothing, headers: [Self.etag]),
      ], problems: [.noResultYet, .rangeNotSatisfiable]
    ) { [services] request in
      let (run, outcome) = try await services.ledger.result(for: request)
      guard let digest = digest(outcome) else {
        throw Problem(.notFound, "The run wasn't asked to keep its probabilities.")
      }
      return try await StoredContent(store: services.store).response(
        digest, type: type, name: "\(run.id).\(file)", for: request.raw)
    }
  }

  private var report: Operation {
    Operation(
      id: "getReport", method: .get, path: "/v1/runs/{run}/report.json",
      summary: "Volumes, timings, and the digests of all that made them.", scope: .read,
      parameters: [RunOperations.runParameter],
      answers: [.init(status: .ok, doc: "The report.", content: .json(RunReport.schema))], problems: [.noResultYet]
    ) { [services] request in
      let (run, outcome) = try await services.ledger.result(for: request)
      return Response.json(RunReport(run: run, outcome: outcome))
    }
  }
}

extension Ledger {
  /// A completed run that the request's path names.
  /// - Throws: `Problem` of kind notFound or noResultYet.
  func result(for request: APIRequest) async throws -> (run: RunRecord, outcome: RunOutcome) {
    let run = try await run(for: request)
    guard let outcome = run.outcome else {
      let reason = run.failure.map { ": \($0.reason)" } ?? "."
      throw Problem(.noResultYet, "The run is \(run.state.rawValue)\(reason)")
    }
    return (run, outcome)
  }
}
