internal import Volumes

/// The area of the mesh that marching cubes lays through one cube of eight voxel centres, for each of the 256 ways in which they can
/// be in a mask (Lorensen & Cline, Marching cubes, SIGGRAPH 1987).
///
/// A mask's values are 0 or 1 and the mesh lies at one half, so it crosses the cube's edges in their middles and its area depends on the
/// cube's corners alone: a mask's whole mesh is measured by counting configurations. No table of triangles is needed: each face of
/// the cube joins the crossed edges around it, and the segments of the six faces close to polygons. On a face whose diagonals differ,
/// the voxels of the mask stay apart, as components do that share no face, the same from both sides, so meshes have no holes. A polygon with more than three corners is
/// rarely flat; its area is the mean over the fans of triangles from each of its corners.
struct CubeConfigurations {
  /// mm², by configuration: corner `dx + 2 dy + 4 dz` is bit `dx + 2 dy + 4 dz`.
  let areas: [Double]

  init(spacing: Spacing) {
    areas = (0..<256).map { Self.area(of: $0, spacing: spacing) }
  }

  /// An edge of the cube, by its two corners in ascending order.
  private struct Edge: Hashable {
    let first: Int
    let second: Int

    init(_ a: Int, _ b: Int) {
      first = min(a, b)
      second = max(a, b)
    }

    /// x, y, z of the middle, in mm.
    func middle(_ spacing: Spacing) -> [Double] {
      [0, 1, 2].map { axis in
        let steps = Double((first >> axis & 1) + (second >> axis & 1)) / 2
        return steps * spacing[2 - axis]
      }
    }
  }

  private static func area(of configuration: Int, spacing: Spacing) -> Double {
    polygons(of: configuration).reduce(0) { $0 + area(of: $1.map { $0.middle(spacing) }) }
  }

  /// The corners of each polygon, in their order.
  private static func polygons(of configuration: Int) -> [[Edge]] {
    var neighbours: [Edge: [Edge]] = [:]
    var edges: [Edge] = []
    for axis in 0..<3 {
      let (u, w) = axis == 0 ? (1, 2) : axis == 1 ? (0, 2) : (0, 1)
      for side in 0..<2 {
        let base = side << axis
        let corners = [base, base | 1 << u, base | 1 << u | 1 << w, base | 1 << w]
        for (a, b) in segments(corners, in: configuration) {
          for (from, to) in [(a, b), (b, a)] {
            if neighbours[from] == nil { edges.append(from) }
            neighbours[from, default: []].append(to)
          }
        }
      }
    }
    var seen: Set<Edge> = []
    var polygons: [[Edge]] = []
    for start in edges where seen.insert(start).inserted {
      var polygon = [start]
      while let last = polygon.last, let next = neighbours[last]?.first(where: { seen.insert($0).inserted }) {
        polygon.append(next)
      }
      polygons.append(polygon)
    }
    return polygons
  }

  /// The segments on one face, whose corners go around it.
  private static func segments(_ corners: [Int], in configuration: Int) -> [(Edge, Edge)] {
    let isInside = corners.map { configuration >> $0 & 1 == 1 }
    let edges = (0..<4).map { Edge(corners[$0], corners[($0 + 1) % 4]) }
    let crossed = (0..<4).filter { isInside[$0] != isInside[($0 + 1) % 4] }
    switch crossed.count {
    case 2: return [(edges[crossed[0]], edges[crossed[1]])]
    case 4:
      // Around each of the two corners in the mask.
      let inside = isInside[0] ? 0 : 1
      return [(edges[(inside + 3) % 4], edges[inside]), (edges[inside + 1], edges[inside + 2])]
    default: return []
    }
  }

  private static func area(of polygon: [[Double]]) -> Double {
    let count = polygon.count
    guard count >= 3 else { return 0 }
    let fans = (0..<count).map { apex in
      (1..<count - 1).reduce(0) { sum, step in
        sum + area(polygon[apex], polygon[(apex + step) % count], polygon[(apex + step + 1) % count])
      }
    }
    return fans.reduce(0, +) / Double(count)
  }

  private static func area(_ a: [Double], _ b: [Double], _ c: [Double]) -> Double {
    let u = (0..<3).map { b[$0] - a[$0] }
    let v = (0..<3).map { c[$0] - a[$0] }
    let cross = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]
    return cross.reduce(0) { $0 + $1 * $1 }.squareRoot() / 2
  }
}
