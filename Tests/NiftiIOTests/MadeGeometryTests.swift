import Foundation
import NiftiIO
import Testing
import Testkit
import Volumes

/// Geometry that is made of SimpleITK's numbers, as label maps get that are made of nnU-Net's saved probabilities.
@Suite struct MadeGeometryTests {
  /// SimpleITK 2.5 wrote the file for an image with these numbers.
  @Test func headerIsTheOneThatITKWrites() throws {
    let written = try LabelMap.load(
      Fixtures.directory.appending(path: "ensemble/softmax/expected/case.nii.gz")
    ).geometry
    let (c, s) = (cos(0.2), sin(0.2))
    let made = try ImageGeometry(
      itkSpacing: [0.7, 0.800000011920929, 2.5], origin: [-12.5, 30.25, 7], direction: [c, -s, 0, s, c, 0, 0, 0, -1])
    #expect(made.rank == written.rank && made.pixdim == written.pixdim && made.xyztUnits == written.xyztUnits)
    #expect(made.qformCode == written.qformCode && made.sformCode == written.sformCode)
    #expect(made.quaternion == written.quaternion && made.offset == written.offset)
    #expect(made.sform == written.sform)
  }

  @Test(arguments: ["colin_2mm", "colin_permuted", "colin_thick", "colin_small"])
  func aFilesOwnNumbersMakeItsHeader(name: String) throws {
    let url = Fixtures.directory.appending(path: "Task501/expected/Task501-3d_fullres-f0-nomirror/\(name).nii.gz")
    let written = try LabelMap.load(url).geometry
    let made = try ImageGeometry(
      itkSpacing: written.itkSpacing, origin: written.itkOrigin, direction: written.itkDirection)
    #expect(made == written)
  }

  @Test func numbersThatNoImageHasAreRefused() {
    let identity: [Double] = [1, 0, 0, 0, 1, 0, 0, 0, 1]
    for (spacing, origin, direction) in [
      ([1, 0, 1], [0, 0, 0], identity), ([1, 1, .nan], [0, 0, 0], identity), ([1, 1], [0, 0, 0], identity),
      ([1, 1, 1], [.infinity, 0, 0], identity), ([1, 1, 1], [0, 0, 0], [.nan] + identity.dropFirst()),
    ] as [([Double], [Double], [Double])] {
      #expect(throws: NiftiError.self) {
        try ImageGeometry(itkSpacing: spacing, origin: origin, direction: direction)
      }
    }
  }
}
