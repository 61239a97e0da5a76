public import Digests
public import FleetContracts
internal import Foundation
public import ModelStore
internal import Wording

extension ModelRecord {
  /// What the ledger keeps of a model. Names of labels come from `dataset.json`, where somebody put nnU-Net's beside the model.
  public init(_ model: TrainedModel, name: String, digest: Digest, previous: Digest? = nil) {
    let names = DatasetLabels(folder: model.folder)
    self.init(
      name: name, digest: digest, configuration: model.configuration.rawValue, trainer: model.trainerName,
      channels: model.plans.channelCount,
      labels: model.plans.classLabels.map { LabelName(label: $0, name: names[$0] ?? "label \($0)") },
      previous: previous)
  }
}

/// The labels of nnU-Net's `dataset.json`: `{"labels": {"0": "background", "1": "…"}}`.
private struct DatasetLabels {
  private let names: [Int: String]
  /// The lists of training images make these files large: a hundred bytes an image.
  private static let maximumBytes = 16 << 20

  init(folder: URL) {
    struct Dataset: Decodable { var labels: [String: String] }
    let file = folder.appending(path: "dataset.json")
    let size = (try? file.resourceValues(forKeys: [.fileSizeKey]))?.fileSize ?? 0
    let data = (1...Self.maximumBytes).contains(size) ? try? Data(contentsOf: file) : nil
    let dataset = data.flatMap { try? JSONDecoder().decode(Dataset.self, from: $0) }
    names = Dictionary(
      (dataset?.labels ?? [:]).compactMap { key, value in Int(key).map { ($0, value.quotable()) } },
      uniquingKeysWith: { first, _ in first })
  }

  subscript(label: Int) -> String? { names[label] }
}
