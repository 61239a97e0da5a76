internal import Foundation
public import Kernels
internal import NiftiIO
internal import Synchronization
internal import Volumes

/// What is wrong with a dataset, all of it at once (nnunet/preprocessing/sanity_checks.py: verify_dataset_integrity).
public enum DatasetIntegrity {
  /// numpy's `isclose`.
  private static let relativeTolerance = 1e-5
  private static let absoluteTolerance = 1e-8

  /// One sentence for each thing that is wrong, in a fixed order; none for a dataset that can be used.
  public static func problems(of dataset: RawDataset, pool: ComputePool) -> [String] {
    var problems: [String] = []
    var seen: Set<String> = []
    for one in dataset.cases where !seen.insert(one.name).inserted {
      problems.append("The case \(one.name) is listed twice in \"training\" of dataset.json.")
    }
    let labels = dataset.labelNames.keys.sorted()
    if labels != Array(0..<labels.count) {
      problems.append("The labels in dataset.json must be 0, 1, 2 … without gaps, found \(labels).")
    }
    problems += leftovers(dataset)
    // Each case by itself; sentences in the cases' order whatever thread finds them.
    let found = Mutex([[String]](repeating: [], count: dataset.cases.count))
    pool.forEach(dataset.cases.count) { index, _ in
      let sentences = Self.problems(of: dataset.cases[index], labels: Set(labels))
      found.withLock { $0[index] = sentences }
    }
    return problems + found.withLock { $0.flatMap { $0 } }
  }

  private static func leftovers(_ dataset: RawDataset) -> [String] {
    let expected = [
      "imagesTr": Set(dataset.cases.flatMap { $0.images.map(\.lastPathComponent) }),
      "labelsTr": Set(dataset.cases.map(\.label.lastPathComponent)),
    ]
    return expected.sorted { $0.key < $1.key }.flatMap { folder, names in
      let there =
        (try? FileManager.default.contentsOfDirectory(atPath: dataset.folder.appending(path: folder).path)) ?? []
      return there.filter { $0.hasSuffix(RawDataset.suffix) && !names.contains($0) }.sorted().map {
        "\(folder)/\($0) belongs to no case of \"training\" in dataset.json; list the case or take the file away."
      }
    }
  }

  private static func problems(of one: RawCase, labels: Set<Int>) -> [String] {
    let missing = (one.images + [one.label]).filter { !FileManager.default.fileExists(atPath: $0.path) }
    guard missing.isEmpty else {
      return missing.map {
        "The case \(one.name) has no file \($0.deletingLastPathComponent().lastPathComponent)/\($0.lastPathComponent)."
      }
    }
    let map: LabelMap
    do {
      map = try LabelMap.load(one.label)
    } catch {
      return ["The labels of \(one.name) can't be used: \(error)"]
    }
    var problems: [String] = []
    var present = [Bool](repeating: false, count: 256)
    for label in map.labels.elements { present[Int(label)] = true }
    let unknown = present.indices.filter { present[$0] && !labels.contains($0) }
    if !unknown.isEmpty {
      problems.append("The labels of \(one.name) have the value(s) \(unknown), which dataset.json doesn't list.")
    }
    for image in one.images {
      do {
        let loaded = try MedicalImage.load(image)
        if loaded.voxels.elements.contains(where: \.isNaN) {
          problems.append("\(image.lastPathComponent) has voxels that are no number (NaN).")
        }
        if loaded.voxels.extent != map.labels.extent {
          problems.append(
            "\(image.lastPathComponent) has \(loaded.voxels.extent) voxels (zyx), its labels \(map.labels.extent); resample one of them."
          )
        } else if let difference = difference(loaded.geometry, map.geometry) {
          problems.append("\(image.lastPathComponent) and its labels differ in \(difference); resample one of them.")
        }
      } catch {
        problems.append("\(image.lastPathComponent) can't be used: \(error)")
      }
    }
    return problems
  }

  private static func difference(_ image: ImageGeometry, _ labels: ImageGeometry) -> String? {
    func differ(_ one: [Double], _ other: [Double]) -> Bool {
      one.count != other.count
        || zip(one, other).contains { abs($0 - $1) > absoluteTolerance + relativeTolerance * abs($1) }
    }
    if differ(image.itkSpacing, labels.itkSpacing) { return "spacing" }
    if differ(image.itkOrigin, labels.itkOrigin) { return "origin" }
    if differ(image.itkDirection, labels.itkDirection) { return "direction" }
    return nil
  }
}
