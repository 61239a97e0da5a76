internal import Digests
internal import FleetContracts
internal import Hummingbird

/// The models that runs can be made with.
struct ModelOperations: OperationGroup {
  let title = "Models"
  private let ledger: any Ledger

  init(_ services: APIServices) { ledger = services.ledger }

  var operations: [Operation] {
    [
      Operation(
        id: "listModels", method: .get, path: "/v1/models", summary: "The registered models, by name.", scope: .read,
        answers: [.init(status: .ok, doc: "All of them.", content: .json(ModelList.schema))]
      ) { [ledger] _ in Response.json(ModelList(models: try await ledger.models())) }
    ]
  }
}

struct ModelList: Described {
  var models: [ModelRecord]
  static var fields: [Field<ModelList>] { [Field("models", "By name.") { $0.models }] }
}

extension ModelRecord: Described {
  static var schemaName: String { "Model" }
  static var fields: [Field<ModelRecord>] {
    [
      Field("name", "What a run names it by.") { $0.name },
      Field("sha256", "SHA-256 of its manifest.") { $0.digest },
      Field("configuration", "nnU-Net's configuration, such as 3d_fullres.") { $0.configuration },
      Field("trainer", "nnU-Net's trainer class.") { $0.trainer },
      Field("channels", "Images that a run must bring, one for each channel.") { $0.channels },
      Field("labels", "What it finds, without background.") { $0.labels },
      Field(optional: "previous", "For a cascade's second stage, the SHA-256 of the first.") { $0.previous },
    ]
  }
}

extension LabelName: Described {
  static var schemaName: String { "Label" }
  static var fields: [Field<LabelName>] {
    [Field("label", "The value in the label map.") { $0.label }, Field("name", "What it is called.") { $0.name }]
  }
}
