internal import Digests
internal import FleetContracts
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import PythonJSON

/// Handing in studies.
struct SubmissionOperations: OperationGroup {
  let title = "Runs"
  private let services: APIServices
  private let keys = IdempotencyKeys()

  init(_ services: APIServices) { self.services = services }

  private static let form = "multipart/form-data"
  private static let json = "application/json"

  var operations: [Operation] {
    [
      Operation(
        id: "submitRun", method: .post, path: "/v1/runs", summary: "Hands in a study.",
        detail: """
          As JSON it names images that were brought by POST /v1/inputs; as a form it brings them. With an Idempotency-Key it may be sent again \
          after any failure: the same key with the same images, models and options answers the same run, in the same words; with other content it \
          is a problem. Keys are a tenant's own and never expire.
          """, scope: .submit,
        parameters: [
          .header(IdempotencyKeys.header, IdempotencyKeys.schema, "Your key of the study, unique for the tenant."),
          .header(
            "traceparent", .text(.any),
            "The trace that the study belongs to, by W3C's Trace Context; a new one where it is missing or can't be read."
          ),
        ],
        body: BodyDescription(
          doc: "What is to be segmented, and how.",
          contents: [
            (Self.json, .json(RunRequest.schema)),
            (
              Self.form,
              .form(RunRequest.formSchema, files: [RunRequest.imageField, RunRequest.lowResolutionField])
            ),
          ]),
        answers: [
          .init(
            status: .created, doc: "The run, made now or before.", content: .json(SubmissionAnswer.schema),
            headers: [("Location", .text(.any), "Where the run can be followed.")])
        ],
        problems: [.badRequest, .keyInUse, .tooLarge, .unsupportedMediaType, .invalid, .keyConflict, .storeFull]
      ) { request in
        let key = try request[IdempotencyKeys.header]?.string.map(IdempotencyKeys.key)
        return try await keys.hold(key, of: request.caller.tenant) { try await submit(request, key: key) }
      }
    ]
  }

  private func submit(_ request: APIRequest, key: String?) async throws -> Response {
    try await services.reserve.check(services.store)
    let wish = try await read(request)
    for image in wish.inputs + (wish.lowResolution.map { [$0] } ?? []) {
      guard try await services.store.contains(image) else {
        throw Problem(.invalid, "The image \(image) isn't in the store; bring it by POST /v1/inputs.")
      }
    }
    var members: [PassRequest.Member] = []
    for (name, weight) in wish.models {
      guard let model = try await services.ledger.model(named: name) else { throw LedgerError.unknownModel(name) }
      guard wish.inputs.count == model.channels else {
        throw Problem(
          .invalid,
          "The model \(name) needs \(model.channels) image(s), one for each channel; \(wish.inputs.count) were given.")
      }
      members.append(.init(model: model, folds: wish.folds, weight: weight))
    }
    let receipt = try await services.ledger.submit(
      Submission(
        images: wish.inputs, passes: try PassRequest.passes(of: members, lowResolution: wish.lowResolution),
        options: wish.options, key: key, runClass: wish.runClass, tenant: request.caller.tenant,
        deadline: wish.deadline, trace: request["traceparent"]?.string.flatMap { TraceContext($0) } ?? TraceContext()))
    guard let run = try await services.ledger.run(receipt.run) else {
      throw LedgerError.unavailable("The run \(receipt.run) was submitted and isn't there.")
    }
    return Response.json(SubmissionAnswer(run: run), .created, headers: [.location: "/v1/runs/\(run.id)"])
  }

  private func read(_ request: APIRequest) async throws -> RunRequest {
    switch request.mediaType {
    case Self.json:
      return try RunRequest(try await request.json(RunRequest.schema, upTo: APILimits.json))
    case Self.form:
      guard let boundary = request.raw.headers[.contentType].flatMap(MultipartReader.boundary) else {
        throw Problem(.badRequest, "The content type names no boundary of 1 to 70 characters.")
      }
      let body = try BodyReader(request.raw, limit: services.limits.upload)
      let reader = MultipartReader(boundary: boundary) { try await body.next() }
      let form = try await RunForm(intake: ImageIntake(store: services.store)).read(reader)
      try APIRequest.check(form, RunRequest.formSchema)
      return try RunRequest(form)
    case let other:
      throw Problem(
        .unsupportedMediaType,
        "Send \(Self.json) or \(Self.form), not \(other?.prefix(80).description ?? "a body without a Content-Type").")
    }
  }
}

/// What doesn't change any more of a run that was submitted, so that a repeated submission is answered in the same words.
struct SubmissionAnswer: Described {
  var run: RunRecord

  static var schemaName: String { "Submission" }
  static var fields: [Field<SubmissionAnswer>] {
    [
      Field("run", "The run's identifier.") { $0.run.id },
      Field("model", "The model's name; an ensemble's are joined by ' + '.") { $0.run.model.name },
      Field("model_sha256", "SHA-256 of the last model's manifest.") { $0.run.model.digest },
      Field("inputs", "SHA-256 of the image of each channel.") { $0.run.images },
      Field(optional: "key", "The idempotency key.") { $0.run.key },
      Field("class", "How urgent it is.") { $0.run.runClass },
      Field("tenant", "For whom it is.") { $0.run.tenant },
      Field(optional: "deadline", "When the result is wanted.") { $0.run.deadline },
      Field("submitted_at", "When it was submitted first.") { $0.run.submittedAt },
      Field(optional: "trace_id", "The trace that it belongs to.") { $0.run.trace?.traceID },
    ]
  }
}
