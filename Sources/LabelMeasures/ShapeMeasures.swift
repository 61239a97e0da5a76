public import Kernels
internal import LabelShapes
public import Volumes

/// Where a label lies and what form it has, on the map's own grid.
public struct ShapeMeasures: Hashable, Sendable {
  /// The smallest box that holds all its voxels.
  public var box: VoxelBox
  /// The mean of the voxels' indices, `[z, y, x]`.
  public var centroid: [Double]
  /// mm², of the mesh that marching cubes lays around it, closed at the image's border.
  public var surface: Double
  /// Parts whose voxels reach each other through shared faces.
  public var components: Int
  /// Voxels of the largest one.
  public var largestComponent: Int
  /// Whether it has a voxel in an outermost plane of the image, so that the body may go on outside.
  public var touchesBorder: Bool

  public init(
    box: VoxelBox, centroid: [Double], surface: Double, components: Int, largestComponent: Int, touchesBorder: Bool
  ) {
    self.box = box
    self.centroid = centroid
    self.surface = surface
    self.components = components
    self.largestComponent = largestComponent
    self.touchesBorder = touchesBorder
  }

  /// The measures of each label in `labels` that occurs.
  ///
  /// Memory: 4 bytes a run of the label with most runs; nothing for each voxel. Bits don't depend on threads.
  /// - Parameter spacing: in mm.
  /// - Throws: `LabelShapesError` for a map of more than 2³² runs.
  public static func measure(
    _ map: LabelVolume, spacing: Spacing, labels: some Sequence<Int>, pool: ComputePool
  ) throws -> [Int: ShapeMeasures] {
    let boxes = LabelBoxes(of: map)
    let moments = LabelMoments(of: map)
    let mesh = SurfaceMesh(spacing: spacing)
    var measures: [Int: ShapeMeasures] = [:]
    for label in labels where (0..<256).contains(label) {
      let set = LabelSet([label])
      guard let box = boxes.box(of: set), let centroid = moments.centroid(of: label) else { continue }
      let components = try ConnectedComponents(of: set, in: map, box: box).voxels
      measures[label] = ShapeMeasures(
        box: box, centroid: centroid, surface: mesh.area(of: set, in: map, box: box, pool: pool),
        components: components.count, largestComponent: components.max() ?? 0,
        touchesBorder: (0..<3).contains { box.lower[$0] == 0 || box.upper[$0] == map.extent[$0] })
    }
    return measures
  }
}
