import Kernels
import Testing
import Volumes

@testable import Preprocessing

@Suite struct PairwiseSumTests {
  /// `numpy.sum` (1.26) of the first values of this sequence.
  @Test(arguments: [
    (5, UInt32(0x43F8_0ADE)), (8, 0x4433_0A88), (100, 0x4621_1729), (128, 0x464E_0897), (129, 0x464E_CA1E),
    (1000, 0x47C6_F2DA), (5000, 0x48F4_F99C),
  ])
  func sumsHaveNumPysBits(count: Int, expected: UInt32) {
    var state = 1
    let sum = PairwiseSum.sum(count: count) { block in
      for index in block.indices {
        state = (state * 1_103_515_245 + 12345) % (1 << 31)
        block[index] = Float(Double(state) / Double(1 << 31)) * 200
      }
    }
    #expect(sum.bitPattern == expected)
  }

  /// nnU-Net's answer to 5000 voxels of 0.3: the mean comes out as 0.29999998, and the deviation as 3e-8.
  @Test func aConstantImageIsNormalisedAsByNnunet() throws {
    let storage = VoxelStorage<Float>(uninitialized: 5000)
    storage.elements.update(repeating: 0.3)
    try Normalizer(values: storage.elements, mask: nil, pool: ComputePool(threads: 1)).run(.zScore, channel: 0)
    #expect(storage.elements.allSatisfy { $0 == 0.7487584 })
  }
}
