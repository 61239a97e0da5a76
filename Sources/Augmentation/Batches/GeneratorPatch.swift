internal import Glibc
public import Volumes

extension BatchSettings {
  /// The smallest scale when the patch is cut. What is drawn later may be smaller, down to 0.7: nnU-Net widens the range only after it
  /// has taken the patch's size from it.
  private static let scale = 0.85
  /// In degrees, any axis of a 3D patch.
  static let rotation3D = 30.0
  /// In degrees, of slices.
  static let rotation2D = 180.0
  /// In degrees, of 2D networks' slices that are long and narrow.
  static let rotationOfLongSlices = 15.0
  /// The ratio of a slice's sides above which (not at which) it counts as long.
  private static let longSlice = 1.5

  /// How far patches are rotated in either direction, in radians.
  var rotation: Double {
    let degrees: Double
    if !movesInPlane {
      degrees = Self.rotation3D
    } else if isFlat, Double(max(patch.y, patch.x)) / Double(min(patch.y, patch.x)) > Self.longSlice {
      degrees = Self.rotationOfLongSlices
    } else {
      degrees = Self.rotation2D
    }
    return degrees / 360 * 2 * Double.pi
  }

  /// What is cut out of a training case before it is rotated and scaled: room for the patch turned around any one axis
  /// (nnunet/training/data_augmentation/default_data_augmentation.py: get_patch_size).
  public var generatorPatch: Extent {
    let angle = min(rotation, Double.pi / 2)
    let (c, s) = (cos(angle), sin(angle))
    let lengths = patch.lengths.map(Double.init)
    var result = lengths
    func widen(_ a: Int, _ b: Int, by matrix: [[Double]]) {
      result[a] = max(result[a], abs(lengths[a] * matrix[0][0] + lengths[b] * matrix[1][0]))
      result[b] = max(result[b], abs(lengths[a] * matrix[0][1] + lengths[b] * matrix[1][1]))
    }
    widen(1, 2, by: [[c, -s], [s, c]])
    if !movesInPlane {
      widen(0, 2, by: [[c, s], [-s, c]])
      widen(0, 1, by: [[c, -s], [s, c]])
    }
    return Extent((0..<3).map { movesInPlane && $0 == 0 ? patch.z : Int(result[$0] / Self.scale) })
  }
}
