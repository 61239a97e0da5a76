internal import Volumes

/// The lower envelope of parabolas `f(q) + (s * (p - q))²`, one for each sample `q` of a line: its value at `p` is the squared distance
/// transform of the line (Felzenszwalb & Huttenlocher 2012, section 2.1). Infinite samples have no parabola.
final class LowerEnvelope {
  private var spacing = 1.0
  /// Parabolas of the envelope, from left to right: where their vertex is, its height, and from where on they are lowest.
  private let vertices: VoxelStorage<Int>
  private let heights: VoxelStorage<Double>
  private let begins: VoxelStorage<Double>
  private var count = 0
  private var current = 0

  /// - Parameter capacity: samples of the longest line.
  init(capacity: Int) {
    vertices = VoxelStorage(uninitialized: capacity)
    heights = VoxelStorage(uninitialized: capacity)
    begins = VoxelStorage(uninitialized: capacity)
  }

  /// Takes the samples `line[stride * q]`, in mm², that are `spacing` mm apart.
  func build(_ line: UnsafePointer<Double>, stride: Int, count samples: Int, spacing: Double) {
    self.spacing = spacing
    let vertices = vertices.elements.baseAddress!
    let heights = heights.elements.baseAddress!
    let begins = begins.elements.baseAddress!
    let curvature = 2 * spacing * spacing
    var count = 0
    for sample in 0..<samples {
      let height = line[sample * stride]
      guard height < .infinity else { continue }
      var begin = -Double.infinity
      while count > 0 {
        let vertex = vertices[count - 1]
        // Where the two parabolas meet.
        begin = (height - heights[count - 1]) / (curvature * Double(sample - vertex)) + Double(sample + vertex) / 2
        if begin > begins[count - 1] { break }
        count -= 1
        begin = -.infinity
      }
      vertices[count] = sample
      heights[count] = height
      begins[count] = begin
      count += 1
    }
    self.count = count
  }

  /// Starts at the left: `next` is then asked for ascending places.
  func begin() { current = 0 }

  /// The envelope's value, in mm²; infinite without any parabola.
  @inline(__always)
  func next(_ place: Int) -> Double {
    guard count > 0 else { return .infinity }
    let begins = begins.elements.baseAddress!
    while current + 1 < count, begins[current + 1] < Double(place) { current += 1 }
    let distance = Double(place - vertices.elements[current]) * spacing
    return heights.elements[current] + distance * distance
  }

  /// All values of a line.
  func evaluate(into line: UnsafeMutablePointer<Double>, count: Int) {
    begin()
    for place in 0..<count { line[place] = next(place) }
  }
}
