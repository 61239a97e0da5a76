internal import Digests
internal import FleetContracts
internal import Foundation
internal import PythonJSON

/// What a caller asks for: the JSON of `POST /v1/runs`, or the fields of its form.
struct RunRequest {
  /// The image of each channel.
  var inputs: [Digest]
  var models: [(name: String, weight: Double)]
  var folds: [String]
  var lowResolution: Digest?
  var options: RunOptions
  var runClass: RunClass
  var deadline: Date?

  /// A study has one image for each of a few channels.
  static let mostImages = 32
  static let mostModels = 16

  private static func property(_ name: String, _ doc: String, _ schema: JSONSchema, required: Bool = false)
    -> ObjectSchema.Property
  {
    .init(name: name, doc: doc, schema: schema, isRequired: required)
  }

  private static let modelName = JSONSchema.text(.pattern("[^\\x00-\\x1f\\x7f]{1,200}"))

  /// What JSON and form have in common.
  private static var properties: [ObjectSchema.Property] {
    [
      property(
        "model", "The model's name, or the names of an ensemble's members.", .list(modelName, count: 1...mostModels),
        required: true),
      property(
        "weight", "The members' weights, one for each; all equal unless said.",
        .list(.number(above: 0, through: 1e6), count: 1...mostModels)),
      property(
        "folds", "Folds to average, such as fold_0 or all; those that were registered unless said.",
        .list(.text(.pattern("fold_[0-9]{1,3}|all")), count: 1...mostImages)),
      property("class", "How urgent it is; routine unless said.", RunClass.schema),
      property("deadline", "When the result is wanted.", .text(.dateTime)),
      property("mirroring", "Average over mirrored passes; true unless said.", .boolean),
      property(
        "step_size", "The tiles' distance as a share of the patch; 0.5 unless said.", .number(above: 0, through: 1)),
      property("probabilities", "Keep the probabilities too; false unless said.", .boolean),
      property("postprocessing", "The model's own rules, or none; model unless said.", .words(["model", "none"])),
    ]
  }

  static var schema: ObjectSchema {
    ObjectSchema(
      name: "RunRequest",
      properties: [
        property(
          "inputs", "SHA-256 of the image of each channel, in the model's order.",
          .list(.text(.sha256), count: 1...mostImages), required: true),
        property(
          "low_resolution", "For a cascade: SHA-256 of the label map of its first stage, instead of predicting it.",
          .text(.sha256)),
      ] + properties)
  }

  /// The form's files become digests before it is read.
  static var formSchema: ObjectSchema {
    ObjectSchema(
      name: "RunForm",
      properties: [
        property(
          imageField, "The image of each channel, in the model's order.", .list(.text(.sha256), count: 1...mostImages),
          required: true),
        property(
          lowResolutionField, "For a cascade: the label map of its first stage, instead of predicting it.",
          .text(.sha256)),
      ] + properties)
  }

  static let imageField = "image"
  static let lowResolutionField = "low_resolution"

  /// - Parameter value: keeps to `schema` or `formSchema`.
  /// - Throws: `Problem` of kind invalid.
  init(_ value: JSONValue) throws {
    func texts(_ name: String) -> [String] { value[name]?.array?.compactMap(\.string) ?? [] }
    inputs = (texts("inputs") + texts(Self.imageField)).compactMap(Digest.init(hexadecimal:))
    let names = texts("model")
    let weights = value["weight"]?.array?.compactMap(\.number) ?? Array(repeating: 1, count: names.count)
    guard weights.count == names.count else {
      throw Problem(.invalid, "weight must be given once for each model: \(names.count) times, not \(weights.count).")
    }
    models = zip(names, weights).map { ($0, $1) }
    folds = texts("folds")
    lowResolution = value[Self.lowResolutionField]?.string.flatMap(Digest.init(hexadecimal:))
    runClass = value["class"]?.string.flatMap(RunClass.init) ?? .routine
    deadline = value["deadline"]?.string.flatMap(Timestamp.date)
    func flag(_ name: String, _ usual: Bool) -> Bool { value[name].map { $0 == .boolean(true) } ?? usual }
    options = RunOptions(
      mirroring: flag("mirroring", true), stepSize: value["step_size"]?.number ?? 0.5,
      savesProbabilities: flag("probabilities", false),
      postprocessing: value["postprocessing"]?.string == "none" ? .none : .ofTheModel)
  }
}
