internal import Digests
internal import Fleet
internal import FleetContracts
internal import Foundation
internal import ModelStore
internal import Postprocessing
internal import PythonJSON
internal import Volumes

extension FuzzReader {
  static let json: [FuzzReader] = [
    FuzzReader("tile job") { bytes, _ in
      let job = try QueueMessage(id: "fuzz", type: TileJob.type, body: bytes).tileJob()
      guard try QueueMessage(job).tileJob() == job else { throw FuzzComplaint("a tile job changes when it is sent") }
    },
    FuzzReader("tile result") { bytes, _ in
      let result = try QueueMessage(id: "fuzz", type: TileResult.type, body: bytes).tileResult()
      guard try QueueMessage(result).tileResult() == result else {
        throw FuzzComplaint("a tile result changes when it is sent")
      }
    },
    FuzzReader("worker status") { bytes, _ in
      let status = try QueueMessage(id: "fuzz", type: WorkerStatus.type, body: bytes).workerStatus()
      guard try QueueMessage(status).workerStatus() == status else {
        throw FuzzComplaint("a worker's status changes when it is sent")
      }
    },
    FuzzReader("manifest") { bytes, _ in
      let manifest = try ModelManifest(json: Data(bytes))
      let root = "/model/"
      for file in manifest.files where !URL(filePath: root + file.path).standardizedFileURL.path.hasPrefix(root) {
        throw FuzzComplaint("a manifest names a file outside its folder: \(file.path.debugDescription)")
      }
      _ = try manifest.digest
    },
    FuzzReader("pass document") { bytes, _ in try PassDocumentReading.read(bytes) },
    FuzzReader("Python's JSON") { bytes, _ in
      let value = try JSONValue(parsing: bytes)
      let text = value.serialized()
      guard try JSONValue(parsing: text).serialized() == text else {
        throw FuzzComplaint("JSON changes when it is written and read")
      }
    },
    FuzzReader("postprocessing.json") { bytes, _ in
      let rules = try PostprocessingRules(json: Data(bytes))
      let again = try PostprocessingRules(json: rules.json())
      guard again == rules else { throw FuzzComplaint("postprocessing rules change when they are written and read") }
      let labels = LabelVolume(extent: Extent(z: 2, y: 2, x: 3))
      for index in 0..<12 { labels.elements[index] = UInt8([0, 1, 0, 2, 0, 255][index % 6]) }
      _ = try rules.apply(to: labels, spacing: Spacing(z: 1, y: 1, x: 1))
    },
    FuzzReader("dataset.json") { bytes, scratch in
      try scratch.replace(scratch.model.appending(path: "dataset.json"), with: bytes)
      _ = ModelRecord(
        try TrainedModel.open(folder: scratch.model), name: "fuzz", digest: Digest(of: bytes))
    },
  ]
}
