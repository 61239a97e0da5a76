import Foundation
import ModelPlans
import ModelStore
import Testing
import Testkit

@Suite("Checkpoints that don't fit their plans")
struct CheckpointMismatchTests {
  private let folder: ModelFolder
  private let network: NetworkDescription

  init() throws {
    folder = try ModelFolder()
    network = try folder.open().network
  }

  private func failure(_ builder: CheckpointBuilder) throws -> ModelStoreError? {
    try builder.writeZip(to: folder.checkpoint)
    let zip = folder.failure()
    try folder.replace(folder.checkpoint, with: builder.legacy)
    let legacy = folder.failure()
    #expect((zip == nil) == (legacy == nil))
    return zip
  }

  @Test("a checkpoint made by hand is read, stored or compressed, and in the legacy format")
  func whole() throws {
    let builder = CheckpointBuilder(network)
    #expect(try failure(builder) == nil)
    try builder.writeZip(to: folder.checkpoint, compression: .deflated())
    #expect(folder.failure() == nil)
  }

  @Test("missing tensors are named")
  func missing() throws {
    var builder = CheckpointBuilder(network)
    builder.tensors.removeAll { $0.name.hasPrefix("seg_outputs") || $0.name == "tu.0.weight" }
    builder.storages.removeLast(2)
    let error = try #require(try failure(builder))
    #expect(error.code == .mismatch)
    #expect(error.description.contains("2 missing: 'tu.0.weight', 'seg_outputs.0.weight'"))
  }

  @Test("tensors that the network hasn't are named, a few of them")
  func unexpected() throws {
    var builder = CheckpointBuilder(network)
    for index in 0..<8 { builder.add("encoder.stages.\(index).weight", [2], key: "extra\(index)") }
    let error = try #require(try failure(builder))
    #expect(error.code == .mismatch)
    #expect(error.description.contains("8 unexpected: 'encoder.stages.0.weight'"))
    #expect(error.description.contains("and 3 more"))
  }

  @Test("counters of batch normalisation are an error about the network, not about the file")
  func batchNormalization() throws {
    var builder = CheckpointBuilder(network)
    builder.tensors.append(
      CheckpointBuilder.Tensor(
        name: "conv_blocks_context.0.blocks.0.instnorm.num_batches_tracked", key: "counter", shape: [], strides: [],
        type: "LongStorage", count: 1))
    builder.storages.append(("counter", [UInt8](repeating: 0, count: 8)))
    try builder.writeZip(to: folder.checkpoint)
    let error = try #require(folder.failure())
    #expect(error.code == .mismatch)
    #expect(error.description.contains("num_batches_tracked"))
  }

  @Test("a tensor of another shape or type is named with both")
  func misshapen() throws {
    let name = "conv_blocks_context.0.blocks.0.conv.weight"
    let builder = CheckpointBuilder(network)
    let flat = try #require(
      try failure(
        builder.changing(name) {
          $0.shape = [18]; $0.strides = [1]
        }))
    #expect(flat.description.contains("'\(name)' [18] instead of [2, 1, 3, 3]"))
    let integer = try #require(try failure(builder.changing(name) { $0.type = "IntStorage" }))
    #expect(integer.description.contains("IntStorage"))
  }

  @Test("shapes, strides and offsets beyond the storage are refused")
  func impossible() throws {
    let name = "conv_blocks_context.0.blocks.0.conv.weight"
    let builder = CheckpointBuilder(network)
    let changes: [(inout CheckpointBuilder.Tensor) -> Void] = [
      { $0.shape = [Int.max, 2, 3, 3] }, { $0.shape = [1 << 32, 1 << 32, 1, 1] }, { $0.shape = [-2, 1, 3, 3] },
      { $0.strides = [Int.max, 9, 3, 1] }, { $0.strides = [9, 9, 3, -1] }, { $0.strides = [9, 9, 3] },
      { $0.offset = 1 }, { $0.offset = -1 }, { $0.offset = Int.max }, { $0.offset = Int.min },
      { $0.count = Int.max }, { $0.count = -1 }, { $0.count = 1 << 40 }, { $0.count = 17 },
      {
        $0.shape = [1, 1, 1, 1, 1, 1, 1, 1, 1]; $0.strides = $0.shape
      },
      {
        $0.shape = [1 << 20, 1 << 20, 1, 1]; $0.strides = [0, 0, 0, 0]
      },
      { $0.key = "../../etc/passwd" }, { $0.key = "nowhere" }, { $0.type = "ComplexFloatStorage" },
    ]
    for (index, change) in changes.enumerated() {
      #expect(try failure(builder.changing(name, change)) != nil, "change \(index)")
    }
  }

  @Test("weights that aren't numbers are refused")
  func notFinite() throws {
    var builder = CheckpointBuilder(network)
    builder.storages[0].bytes.replaceSubrange(4..<8, with: [0, 0, 0xC0, 0x7F])
    let error = try #require(try failure(builder))
    #expect(error.description.contains(builder.tensors[0].name))
  }
}
