internal import Inference
internal import Kernels
internal import Preprocessing
internal import Volumes

extension FuzzReader {
  static let probabilities: [FuzzReader] = [
    FuzzReader("archive") { bytes, scratch in
      try scratch.replace(scratch.file, with: bytes)
      try decide(SoftmaxArchive.open(scratch.file, scratch: scratch.folder))
    },
    FuzzReader("array") { bytes, _ in
      // The array by itself, since a fuzzer can't make an archive's checksums fit.
      let owner = Bytes(bytes)
      try decide(ProbabilityMap(npy: UnsafeRawBufferPointer(owner.memory), owner: owner))
    },
  ]

  /// Labels from two members that are the same.
  private static func decide(_ map: ProbabilityMap) throws {
    let whole = VoxelBox(lower: Extent(z: 0, y: 0, x: 0), upper: map.extent)
    let spacing = Spacing(z: 1, y: 1, x: 1)
    let properties = CaseProperties(
      originalExtent: map.extent, originalSpacing: spacing, cropBox: whole, resampledExtent: map.extent,
      spacingAfterResampling: spacing, transposeForward: .identity)
    let labels = try EnsembleMean(members: [map, map], weights: [1, 3])
      .decide(properties: properties, rule: .largest, pool: ComputePool(threads: 1))
    guard labels.elements.allSatisfy({ Int($0) < map.channels }) else {
      throw FuzzComplaint("a label is larger than the number of classes")
    }
  }

  /// Bytes that an object keeps.
  private final class Bytes: @unchecked Sendable {  // written in init alone
    let memory: UnsafeMutableRawBufferPointer

    init(_ bytes: [UInt8]) {
      memory = .allocate(byteCount: bytes.count, alignment: 1)
      memory.copyBytes(from: bytes)
    }

    deinit { memory.deallocate() }
  }
}
