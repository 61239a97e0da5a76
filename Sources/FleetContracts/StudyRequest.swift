public import Digests
public import Foundation
internal import Wording

/// A study as another system asks for it: in a message on `tessera.ingest`, or in a file beside a case in a watched folder. Schema:
/// `Schemas/submission.v1.json`.
///
/// What the schema doesn't know is refused: a misspelled `class` must not make an urgent study a routine one.
public struct StudyRequest: Hashable, Sendable {
  public static let type = "tessera.submission.v1"

  public enum Image: Hashable, Sendable {
    /// A blob in the store.
    case digest(Digest)
    /// A file below the folder that submissions may name files in.
    case file(String)
  }

  public var models: [String]
  /// One for each model, or none: all equal.
  public var weights: [Double]
  /// Folds to average, by their names (`fold_0`, `all`); empty for all.
  public var folds: [String]
  /// The image of each channel, in the model's order; empty where a folder says it.
  public var images: [Image]
  public var key: String?
  public var runClass: RunClass?
  public var tenant: Tenant?
  public var deadline: Date?
  /// As in `RunOptions`; `nil` for the default.
  public var mirroring: Bool?
  public var stepSize: Double?
  public var savesProbabilities: Bool?

  public init(
    models: [String] = [], weights: [Double] = [], folds: [String] = [], images: [Image] = [], key: String? = nil,
    runClass: RunClass? = nil, tenant: Tenant? = nil, deadline: Date? = nil, mirroring: Bool? = nil,
    stepSize: Double? = nil, savesProbabilities: Bool? = nil
  ) {
    self.models = models
    self.weights = weights
    self.folds = folds
    self.images = images
    self.key = key
    self.runClass = runClass
    self.tenant = tenant
    self.deadline = deadline
    self.mirroring = mirroring
    self.stepSize = stepSize
    self.savesProbabilities = savesProbabilities
  }

  /// - Throws: `MessageError.unreadable`, with what is wrong as a sentence.
  public init(json: [UInt8]) throws {
    do {
      self = try JSONDecoder().decode(StudyRequest.self, from: Data(json))
    } catch {
      throw MessageError.unreadable(type: Self.type, reason: (error as? DecodingError)?.reason ?? "\(error)")
    }
  }

  public var options: RunOptions {
    var options = RunOptions()
    if let mirroring { options.mirroring = mirroring }
    if let stepSize { options.stepSize = stepSize }
    if let savesProbabilities { options.savesProbabilities = savesProbabilities }
    return options
  }

  static let mostImages = 64
  static let longestKey = 255
}

extension StudyRequest: Decodable {
  private struct Member: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Member.self)
    let known: Set = [
      "version", "model", "models", "weights", "folds", "images", "key", "class", "tenant", "deadline", "mirroring",
      "step_size", "probabilities",
    ]
    func wrong(_ member: String, _ words: String) -> DecodingError {
      .dataCorruptedError(forKey: Member(member), in: container, debugDescription: words)
    }
    func value<Value: Decodable>(_ member: String, _: Value.Type = Value.self) throws -> Value? {
      try container.decodeIfPresent(Value.self, forKey: Member(member))
    }
    if let stranger = container.allKeys.map(\.stringValue).filter({ !known.contains($0) }).min() {
      throw wrong(stranger, "a member \(stranger.quotable()), which this version doesn't know")
    }
    guard try value("version", Int.self) ?? 1 == 1 else { throw wrong("version", "a version other than 1") }
    let (single, several) = (try value("model", String.self), try value("models", [String].self))
    guard single == nil || several == nil else { throw wrong("models", "both model and models; give one of them") }
    models = single.map { [$0] } ?? several ?? []
    guard models.allSatisfy({ !$0.isEmpty }) else { throw wrong("models", "a model without a name") }
    weights = try value("weights") ?? []
    guard weights.isEmpty || weights.count == models.count else {
      throw wrong("weights", "\(weights.count) weights for \(models.count) models")
    }
    folds = try value("folds") ?? []
    images = try value("images") ?? []
    guard images.count <= Self.mostImages else { throw wrong("images", "more than \(Self.mostImages) images") }
    key = try value("key")
    if let key, key.isEmpty || key.utf8.count > Self.longestKey {
      throw wrong("key", "a key that is empty or has more than \(Self.longestKey) bytes")
    }
    if let word = try value("class", String.self) {
      guard let named = RunClass(rawValue: word) else {
        throw wrong("class", "a class \(word.quotable()); there are stat, routine and batch")
      }
      runClass = named
    }
    tenant = try value("tenant")
    if let text = try value("deadline", String.self) {
      let style = Date.ISO8601FormatStyle()
      guard
        let date = (try? Date(text, strategy: style))
          ?? (try? Date(text, strategy: style.time(includingFractionalSeconds: true)))
      else { throw wrong("deadline", "a deadline \(text.quotable()), which is no time such as 2030-01-31T12:00:00Z") }
      deadline = date
    }
    mirroring = try value("mirroring")
    stepSize = try value("step_size")
    if let stepSize, !(stepSize > 0 && stepSize <= 1) {
      throw wrong("step_size", "a step size of \(stepSize); it is above 0 and at most 1")
    }
    savesProbabilities = try value("probabilities")
  }
}

extension StudyRequest.Image: Decodable {
  private enum CodingKeys: String, CodingKey { case sha256, file }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let (digest, file) = (
      try container.decodeIfPresent(Digest.self, forKey: .sha256),
      try container.decodeIfPresent(String.self, forKey: .file)
    )
    switch (digest, file) {
    case (let digest?, nil): self = .digest(digest)
    case (nil, let file?): self = .file(file)
    default:
      throw DecodingError.dataCorruptedError(
        forKey: .sha256, in: container, debugDescription: "an image without one of sha256 and file")
    }
  }
}

/// What a sender is answered who wants to be.
public struct StudyAnswer: Hashable, Sendable, Codable {
  public static let type = "tessera.submission-answer.v1"

  public var version = 1
  /// The run; absent when there is an error.
  public var run: RunID?
  /// Whether this submission made the run.
  public var isNew: Bool?
  /// Why there is no run, as a sentence.
  public var error: String?

  private enum CodingKeys: String, CodingKey { case version, run, isNew = "new", error }

  public init(_ receipt: SubmissionReceipt) { (run, isNew) = (receipt.run, receipt.isNew) }
  public init(error: String) { self.error = error }

  /// - Parameter question: the message that is answered.
  public func message(to question: QueueMessage) throws -> QueueMessage {
    let body = try MessageCoding.encode(self)
    return QueueMessage(id: "answer-\(Digest(of: question.body + body).hexadecimal)", type: Self.type, body: body)
  }
}
