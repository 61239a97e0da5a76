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
    /// A kernel of 3 on what a transposed convolution of kernel and stride 2 makes, both in one: eight outputs from ten products
    /// with its inputs, even and odd outputs apart.
    case doubledFour = 10

    /// Inputs of a tile.
    var inputs: Int { self == .doubledFour ? 6 : rawValue }

    /// Outputs of a tile.
    public var outputs: Int {
      switch self {
      case .single: 1
      case .two, .stridedTwo: 2
      case .four, .stridedFour: 4
      case .doubledFour: 8
      }
    }

    /// Inputs from one tile to the next.
    var step: Int {
      switch self {
      case .single, .two, .four: outputs
      case .stridedTwo, .stridedFour: outputs * 2
      case .doubledFour: outputs / 2
      }
    }

    /// Inputs that neighbouring tiles both see.
    var overlap: Int { inputs - step }
    /// Zeros before the first input.
    var padding: Int { self == .single ? 0 : 1 }
    /// Of the convolution.
    var kernel: Int { self == .single ? 1 : 3 }
    /// Of the convolution; 0 where the output is larger than the input.
    var stride: Int { step / outputs }
    /// Of the kernels as they are packed: those of a doubled axis are two for even and two for odd outputs.
    var taps: Int { self == .doubledFour ? 4 : kernel }

    /// G: what turns a kernel into its values at the points, `[point][tap]`.
    var weights: [SIMD4<Double>] {
      switch self {
      case .single: return [[1, 0, 0, 0]]
      case .two: return [[1, 0, 0, 0], [0.5, 0.5, 0.5, 0], [0.5, -0.5, 0.5, 0], [0, 0, 1, 0]]
      case .stridedTwo: return [[1, 0, 0, 0], [1, 0, 1, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 1, 0, 0]]
      case .four:
        // The points 0, +-sqrt(1/2), +-sqrt(2) and infinity are several times more accurate than 0, +-1, +-2 (Barabasz et al.,
        // arXiv 1803.10986).
        let points = [0] + Self.roots
        return Self.lagrange(points).map { SIMD4(1, $0.point, $0.point * $0.point, 0) / $0.norm } + [[0, 0, 1, 0]]
      case .stridedFour:
        // F(4,2) of the outer taps, then the middle tap for each output.
        return Self.pair.map { [$0[0], 0, $0[1], 0] } + [SIMD4<Double>](repeating: [0, 1, 0, 0], count: 4)
      case .doubledFour:
        return Self.pair.map { [$0[0], $0[1], 0, 0] } + Self.pair.map { [0, 0, $0[0], $0[1]] }
      }
    }

    /// G of F(4,2).
    private static let pair = lagrange(roots).map { SIMD2(1, $0.point) / $0.norm } + [[0, 1]]
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

  /// Those of convolutions that there are kernels for: y and x are of one kind.
  public static let all: [WinogradTransform] =
    product([.four, .two], [.four, .two, .single])
    + product([.stridedFour, .stridedTwo], [.stridedFour, .stridedTwo, .four, .two, .single])

  /// Those of convolutions whose input a transposed convolution has doubled along y and x, and along z or not.
  public static let doubled: [WinogradTransform] = product([.doubledFour], [.doubledFour, .four, .two, .single])

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
  var kernel: SIMD3<Int> { SIMD3(z.kernel, y.kernel, x.kernel) }
  var stride: SIMD3<Int> { SIMD3(z.stride, y.stride, x.stride) }
  /// Inputs from one tile to the next, per axis.
  var step: SIMD3<Int> { SIMD3(z.step, y.step, x.step) }
  /// Zeros before the first input, per axis.
  var padding: SIMD3<Int> { SIMD3(z.padding, y.padding, x.padding) }
  /// Inputs that neighbouring tiles both see, per axis.
  var overlap: SIMD3<Int> { SIMD3(z.overlap, y.overlap, x.overlap) }
  /// Of the packed kernels, per axis.
  var taps: SIMD3<Int> { SIMD3(z.taps, y.taps, x.taps) }

  /// Whether it computes this kind of convolution.
  public func fits(_ window: ConvolutionWindow) -> Bool { kernel == window.kernel && stride == window.stride }

  /// Whether it computes this kind of convolution of a tensor that a transposed convolution has enlarged by `factor`, 1 or 2 per axis.
  public func fits(_ window: ConvolutionWindow, upsampledBy factor: SIMD3<Int>) -> Bool {
    kernel == window.kernel && window.stride == SIMD3(1, 1, 1)
      && (0..<3).allSatisfy { (axes[$0] == .doubledFour ? 2 : 1) == factor[$0] && axes[$0].stride < 2 }
  }

  /// Whether each tile of `other` is a whole number of tiles of this one.
  public func dividesTiles(of other: WinogradTransform) -> Bool {
    (0..<3).allSatisfy { other.outputs[$0] % outputs[$0] == 0 }
  }

  /// Tiles that cover an output, per axis.
  public func tiles(_ output: SIMD3<Int>) -> SIMD3<Int> { output.dividedUp(by: outputs) }

  /// Such as `F(4,4,4)`, `F(1,2,2) stride 1,2,2`, or `F(8,8,8) upsampled`.
  public var description: String {
    func list(_ values: SIMD3<Int>) -> String { "\(values[0]),\(values[1]),\(values[2])" }
    let name = "F(\(list(outputs)))"
    if y == .doubledFour { return name + " upsampled" }
    return stride == SIMD3(1, 1, 1) ? name : name + " stride \(list(stride))"
  }
}
