import Foundation
import NiftiIO
import Testing
import Volumes

/// Every expected number here was printed by SimpleITK 2.5 for a file with the same header.
@Suite("Geometry as SimpleITK reports it")
struct GeometryTests {
  private static let sform: [Double] = [2, 0, 0, 10, 0, 3, 0, 20, 0, 0, 4, 30]

  private func geometry(_ change: (inout NiftiFile) -> Void) throws -> ImageGeometry {
    var file = NiftiFile()
    file.offset = [1, 2, 3]
    file.sform = Self.sform
    change(&file)
    return try MedicalImage(files: [file.file]).geometry
  }

  private static let identity: [Double] = [1, 0, 0, 0, 1, 0, 0, 0, 1]
  private static let turned: [Double] = [-1, 0, 0, 0, -1, 0, 0, 0, 1]

  @Test func withoutFormsTheSpacingsSignsAreTheDirection() throws {
    let plain = try geometry { _ in }
    #expect(plain.itkOrigin == [0, 0, 0])
    #expect(plain.itkDirection == Self.identity)
    #expect(plain.orientation == nil)
    let mirrored = try geometry { $0.pixdim = [-1, -2, 3, -4, 0, 0, 0, 0] }
    #expect(mirrored.itkDirection == [-1, 0, 0, 0, 1, 0, 0, 0, -1])
    #expect(mirrored.spacing == Spacing(z: 4, y: 3, x: 2))
  }

  @Test func theQformHasHandednessAndUnits() throws {
    let right = try geometry { $0.qformCode = 1 }
    #expect(right.itkOrigin == [-1, -2, 3])
    #expect(right.itkDirection == Self.turned)
    let left = try geometry {
      $0.qformCode = 1
      $0.pixdim[0] = -1
    }
    #expect(left.itkDirection == [-1, 0, 0, 0, -1, 0, 0, 0, -1])
    let mirrored = try geometry {
      $0.qformCode = 1
      $0.pixdim[1] = -2
    }
    #expect(mirrored.itkDirection == [1, 0, 0, 0, -1, 0, 0, 0, 1])
    let none = try geometry {
      $0.qformCode = 1
      $0.pixdim[0] = 0
    }
    #expect(none.itkDirection == Self.turned)
    let metres = try geometry {
      $0.qformCode = 1
      $0.units = 1 | 8
      $0.pixdim = [1, 0.002, 0.003, 0.004, 0, 0, 0, 0]
      $0.offset = [0.01, 0.02, 0.03]
    }
    #expect(metres.itkSpacing == [2.0000000949949026, 3.000000026077032, 4.000000189989805])
    #expect(metres.itkOrigin == [-9.999999776482582, -19.999999552965164, 29.999999329447746])
    let microns = try geometry {
      $0.qformCode = 1
      $0.units = 3
      $0.pixdim = [1, 2000, 3000, 4000, 0, 0, 0, 0]
      $0.offset = [10000, 20000, 30000]
    }
    #expect(microns.itkSpacing == [2, 3, 4])
    #expect(microns.itkOrigin == [-10, -20, 30])
  }

  @Test func obliqueFormsGiveTheSameCosines() throws {
    let oblique = try geometry {
      $0.qformCode = 1
      $0.quaternion = [0.1, 0.2, 0.3]
      $0.offset = [1.1, 2.3, 3.7]
    }
    let expected = [
      -0.7399999966700175, 0.5164171551889915, -0.4309447499971796, -0.5964171186695812, -0.7999999669709889,
      0.06547236582718023, -0.3109447305973344, 0.305472379558162, 0.8999999954238113,
    ]
    #expect(zip(oblique.itkDirection, expected).allSatisfy { abs($0 - $1) < 1e-15 })
    #expect(oblique.itkOrigin == [-1.100000023841858, -2.299999952316284, 3.700000047683716])
    let (c, s) = (cos(0.3), sin(0.3))
    let rotated = try geometry {
      $0.sformCode = 1
      $0.sform = [2 * c, -3 * s, 0, 1.1, 2 * s, 3 * c, 0, 2.3, 0, 0, 4, 3.7]
    }
    let cosines = [-0.9553364883472736, 0.2955202057201555, 0, -0.2955202091774765, -0.9553364894167483, 0, 0, 0, 1]
    #expect(zip(rotated.itkDirection, cosines).allSatisfy { abs($0 - $1) < 1e-15 })
  }

  /// Rows: sform code 0 to 5; columns: qform code 0 to 5; `s` or `q` is the form that counts.
  @Test func codesDecideWhichFormCounts() throws {
    let table = ["-qqqqq", "ssssss", "sqqqqq", "sqqqqq", "sqqqqq", "sqqqqq"]
    for (s, row) in table.enumerated() {
      for (q, form) in row.enumerated() {
        let place = try geometry {
          $0.sformCode = s
          $0.qformCode = q
        }
        #expect(place.itkOrigin[0] == (form == "s" ? -10 : form == "q" ? -1 : 0), "sform \(s), qform \(q)")
      }
    }
  }

  @Test func formsThatNearlyAgreeCountAsTheSform() throws {
    for (difference, isSform) in [(1e-6, true), (1e-4, false)] {
      let place = try geometry {
        $0.sformCode = 2
        $0.qformCode = 1
        $0.offset = [10, 20, 30]
        $0.sform[3] += difference
      }
      #expect((place.itkOrigin[0] != -10) == isSform)
    }
  }

  @Test func aShearedSformGivesWayToTheQform() throws {
    let sheared = try geometry {
      $0.sformCode = 1
      $0.qformCode = 1
      $0.sform[1] = 1
    }
    #expect(sheared.itkOrigin == [-1, -2, 3])
    #expect(sheared.itkDirection == Self.turned)
  }

  /// In metres a shear is lost among the differences that ITK lets pass.
  @Test func aShearedSformThatAgreesWithTheQformCounts() throws {
    let place = try geometry {
      ($0.sformCode, $0.qformCode) = (3, 4)
      $0.units = 1
      $0.pixdim = [1, 0.002, 0.003, 0.004, 0, 0, 0, 0]
      ($0.quaternion, $0.offset) = ([0, 0, 0], [10, 20, 30])
      $0.sform = [0.002, 3e-6, 0, 10, 0, 0.003, 0, 20, 0, 0, 0.004, 30]
    }
    #expect(abs(place.itkDirection[1] + 1e-3) < 1e-6)
  }

  @Test func theBodysDirectionsFollowTheAxes() throws {
    let place = try geometry { $0.sformCode = 1 }
    // NIfTI's coordinates grow to right, anterior, superior.
    #expect(place.orientation?.directions == [.superior, .anterior, .right])
  }

  @Test func geometryTravelsAsJSON() throws {
    let place = try geometry {
      $0.qformCode = 1
      $0.quaternion = [0.1, 0.2, 0.3]
      $0.pixdim = [-1, 0.7, 0.8, 0.9, 0, 0, 0, 0]
      $0.sform[0] = .nan
    }
    let json = try JSONEncoder().encode(place)
    #expect(try JSONDecoder().decode(ImageGeometry.self, from: json) == place)
    var fields = try #require(JSONSerialization.jsonObject(with: json) as? [String: Any])
    fields["pixdim"] = [1]
    let short = try JSONSerialization.data(withJSONObject: fields)
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(ImageGeometry.self, from: short) }
  }
}
