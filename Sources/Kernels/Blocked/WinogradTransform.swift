/// How a convolution's tiles are transformed along each axis (Winograd: Arithmetic complexity of computations, 1980; Lavin, Gray:
/// Fast algorithms for convolutional neural networks, CVPR 2016). CKernels/winograd/README.md has the matrices.
public struct WinogradTransform: Hashable, Sendable, CustomStringConvertible {
  /// Of one axis. The raw value is the number of points: multiplications for each pair of channels and tile.
  public enum Axis: Int, Sendable {
    /// Kernel 1: nothing to do.
    case single = 1
    /// F(2,3): two outputs of a kernel of 3 from four products instead of six.
    case two = 4
    /// Stride 2: two outputs of a kernel of 3 from five products, even and odd inputs apart.
    case stridedTwo = 5
    /// F(4,3): four outputs from six products instead of twelve.
    case four = 6
    /// Stride 2: four outputs from nine products, even and odd inputs apart.
    case stridedFour = 9

    /// Outputs of a tile.
    public var outputs: Int {
      switch self {
      case .single: 1
      case .two, .stridedTwo: 2
      case .four, .stridedFour: 4
      }
    }

    var kernel: Int { self == .single ? 1 : 3 }
    var stride: Int { self == .stridedTwo || self == .stridedFour ? 2 : 1 }
    /// Inputs that neighbouring tiles both see.
    var overlap: Int { rawValue - outputs * stride }

    /// G: what turns a kernel into its values at the points, `[point][tap]`.
    var weights: [SIMD3<Double>] {
      switch self {
      case .single: return [[1, 0, 0]]
      case .two: return [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]]
      case .stridedTwo: return [[1, 0, 0], [1, 0, 1], [0, 0, 1], [0, 1, 0], [0, 1, 0]]
      case .four:
        // The points 0, +-sqrt(1/2), +-sqrt(2) and infinity are several times more accurate than 0, +-1, +-2 (Barabasz et al.,
        // arXiv 1803.10986).
        let points = [0] + Self.roots
        return Self.lagrange(points).map { SIMD3(1, $0.point, $0.point * $0.point) / $0.norm } + [[0, 0, 1]]
      case .stridedFour:
        // F(4,2) of the outer taps, then the middle tap for each output.
        let outer = Self.lagrange(Self.roots).map { SIMD3(1, 0, $0.point) / $0.norm } + [[0, 0, 1]]
        return outer + [SIMD3<Double>](repeating: [0, 1, 0], count: 4)
      }
    }

    private static let roots = [0.5, 2.0].map { $0.squareRoot() }.flatMap { [$0, -$0] }

    /// Each point with the product of its distances to the others.
    private static func lagrange(_ points: [Double]) -> [(point: Double, norm: Double)] {
      points.map { point in (point, points.reduce(1.0) { $1 == point ? $0 : $0 * (point - $1) }) }
    }
  }

  public let z: Axis
  public let y: Axis
  public let x: Axis

  public init(z: Axis, y: Axis, x: Axis) {
    self.z = z
    self.y = y
    self.x = x
  }

  /// Those that there are kernels for: y and x are of one kind.
  public static let all: [WinogradTransform] =
    product([.four, .two], [.four, .two, .single])
    + product([.stridedFour, .stridedTwo], [.stridedFour, .stridedTwo, .four, .two, .single])

  private static func product(_ planes: [Axis], _ depths: [Axis]) -> [WinogradTransform] {
    planes.flatMap { plane in depths.map { WinogradTransform(z: $0, y: plane, x: plane) } }
  }

  var axes: [Axis] { [z, y, x] }
  /// Points of each axis.
  public var points: SIMD3<Int> { SIMD3(z.rawValue, y.rawValue, x.rawValue) }
  /// Products for each pair of channels and tile.
  public var pointCount: Int { z.rawValue * y.rawValue * x.rawValue }
  /// Points of a tile's planes.
  var planePoints: Int { y.rawValue * x.rawValue }
  /// Outputs of a tile.
  public var outputs: SIMD3<Int> { SIMD3(z.outputs, y.outputs, x.outputs) }
  var stride: SIMD3<Int> { SIMD3(z.stride, y.stride, x.stride) }
  var kernel: SIMD3<Int> { SIMD3(z.kernel, y.kernel, x.kernel) }

  /// Whether it computes this kind of convolution.
  public func fits(_ window: ConvolutionWindow) -> Bool { kernel == window.kernel && stride == window.stride }

  /// Tiles that cover an output, per axis.
  public func tiles(_ output: SIMD3<Int>) -> SIMD3<Int> { output.dividedUp(by: outputs) }

  /// Such as `F(4,4,4)`, or `F(1,2,2) stride 1,2,2`.
  public var description: String {
    func list(_ values: SIMD3<Int>) -> String { "\(values[0]),\(values[1]),\(values[2])" }
    return "F(\(list(outputs)))" + (stride == SIMD3(1, 1, 1) ? "" : " stride \(list(stride))")
  }
}
