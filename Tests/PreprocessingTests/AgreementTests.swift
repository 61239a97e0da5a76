import Foundation
import Kernels
import NiftiIO
import Preprocessing
import Testing
import Testkit
import Volumes

@Suite("Agreement with nnU-Net's preprocessing")
struct AgreementTests {
  private func run(_ answer: Answer, threads: Int) throws -> PreprocessedCase {
    let image = try MedicalImage.load(Fixtures.directory.appending(path: "\(answer.image)_0000.nii.gz"))
    let plan = PreprocessingPlan(
      transposeForward: try #require(AxisOrder(order: answer.transposeForward)),
      targetSpacing: Spacing(answer.targetSpacing),
      channels: [ChannelNormalization(scheme: answer.scheme, usesMask: answer.usesMask)], variant: answer.variant)
    return try Preprocessor(plan: plan).run(
      image: image.voxels, spacing: image.spacing, pool: ComputePool(threads: threads))
  }

  /// Tolerance: float32 volumes between the axes cost 3e-7 of the largest intensity, which normalisation divides by a standard
  /// deviation of about a quarter of it; NumPy's float32 statistics add 7e-7.
  @Test(arguments: answers)
  func voxelsAreThoseOfNnunet(answer: Answer) throws {
    let result = try run(answer, threads: 2)
    #expect(result.properties.cropBox.lower.lengths == answer.cropBox.map { $0[0] })
    #expect(result.properties.cropBox.upper.lengths == answer.cropBox.map { $0[1] })
    #expect(result.properties.resampledExtent.lengths == answer.extent)
    #expect(result.volume.extent == result.properties.resampledExtent)
    let values = Array(result.volume.elements)
    let scale = answer.scheme == .noNorm ? Float(1000) : 1
    for (index, value) in answer.samples {
      #expect(abs(values[index] - value) <= 4e-6 * scale, "voxel \(index)")
    }
    // Where a mask makes zeros it must be the same mask; without one, values near a clip at 0 may round to either side.
    let zeros = values.count { $0 == 0 }
    #expect(answer.usesMask ? zeros == answer.zeros : abs(zeros - answer.zeros) <= answer.zeros / 1000)
    let sum = values.reduce(0.0) { $0 + Double(abs($1)) }
    #expect(abs(sum - answer.absoluteSum) <= 1e-6 * answer.absoluteSum)
  }

  @Test(arguments: answers)
  func threadsDoNotChangeABit(answer: Answer) throws {
    let one = try run(answer, threads: 1)
    let three = try run(answer, threads: 3)
    let bits = (Array(one.volume.elements), Array(three.volume.elements))
    #expect(zip(bits.0, bits.1).allSatisfy { $0.bitPattern == $1.bitPattern })
    #expect(one.properties == three.properties)
  }
}
