internal import Digests
internal import FleetContracts
internal import HTTPTypes
internal import Hummingbird

/// Bringing images.
struct InputOperations: OperationGroup {
  let title = "Inputs"
  private let store: any BlobStore
  private let services: APIServices

  init(_ services: APIServices) {
    store = services.store
    self.services = services
  }

  static let types = ["application/octet-stream", "application/gzip", "application/x-gzip"]

  var operations: [Operation] { [put, look] }

  private var put: Operation {
    Operation(
      id: "putInput", method: .post, path: "/v1/inputs",
      summary: "Brings an image, for runs that name it by its SHA-256.",
      detail: "A NIfTI file (.nii or .nii.gz) as it is. Bringing the same file again is harmless.", scope: .submit,
      parameters: [
        .header(
          "Content-Digest", .text(.any),
          "The body's SHA-256 by RFC 9530, sha-256=:BASE64:. A body with another one isn't kept. Repr-Digest means the same."
        )
      ],
      body: BodyDescription(doc: "The file's bytes.", contents: Self.types.map { ($0, .bytes) }),
      answers: [
        .init(
          status: .created, doc: "It is stored.", content: .json(InputAnswer.schema),
          headers: [("Location", .text(.any), "Where it can be asked for.")])
      ],
      problems: [.badRequest, .tooLarge, .unsupportedMediaType, .invalid, .digestMismatch, .storeFull]
    ) { [services, store] request in
      if let type = request.mediaType, !Self.types.contains(type) {
        throw Problem(
          .unsupportedMediaType,
          "Send the file as \(Self.types[0]), not as \(type.prefix(80)); curl needs -H 'Content-Type: \(Self.types[0])'."
        )
      }
      try await services.reserve.check(store)
      let announced = try AnnouncedDigest.sha256(request.raw)
      let body = try BodyReader(request.raw, limit: services.limits.upload)
      let stored = try await ImageIntake(store: store).take("The body") { try await body.next() }
      guard announced == nil || announced == stored.digest else {
        throw Problem(.digestMismatch, "The body's SHA-256 is \(stored.digest); send it again.")
      }
      return Response.json(
        InputAnswer(sha256: stored.digest, bytes: stored.count), .created,
        headers: [.location: "/v1/inputs/\(stored.digest)"])
    }
  }

  private var look: Operation {
    Operation(
      id: "getInput", method: .get, path: "/v1/inputs/{sha256}",
      summary: "Whether an image is there, so that it needn't be sent again.", scope: .submit,
      parameters: [.path("sha256", .text(.sha256), "The image's SHA-256.")],
      answers: [.init(status: .ok, doc: "It is.", content: .json(InputPresence.schema))]
    ) { [store] request in
      guard let digest = request["sha256"]?.string.flatMap(Digest.init(hexadecimal:)), try await store.contains(digest)
      else {
        throw Problem(.notFound, "There is no such image; bring it by POST /v1/inputs.")
      }
      return Response.json(InputPresence(sha256: digest))
    }
  }
}

struct InputAnswer: Described {
  var sha256: Digest
  var bytes: Int

  static var schemaName: String { "Input" }
  static var fields: [Field<InputAnswer>] {
    [
      Field("sha256", "What runs name it by.") { $0.sha256 },
      Field("bytes", "Its size.") { $0.bytes },
    ]
  }
}

struct InputPresence: Described {
  var sha256: Digest
  static var fields: [Field<InputPresence>] { [Field("sha256", "What runs name it by.") { $0.sha256 }] }
}
