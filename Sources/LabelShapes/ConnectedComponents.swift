public import Volumes

/// The parts of a mask in which every voxel reaches every other through shared faces: 6 neighbours, the default of
/// `scipy.ndimage.label`, which nnU-Net uses.
///
/// A component is a set of runs along x, found row by row (Rosenfeld & Pfaltz, Sequential operations in digital picture processing,
/// JACM 1966, with runs for voxels). Memory: 4 bytes a run, the runs of two planes, 8 bytes a component; nothing for each voxel.
public struct ConnectedComponents: Sendable {
  /// Voxels of each component, which are numbered by their first voxel in `[z, y, x]` order.
  public let voxels: [Int]

  private let labels: LabelSet
  private let box: VoxelBox
  /// Of each run, in the order in which they are found.
  private let ofRun: [UInt32]

  /// - Parameters:
  ///   - labels: whose voxels make the mask.
  ///   - box: where to look; it must lie inside the volume and hold the whole mask.
  /// - Throws: `LabelShapesError` for a mask of more than 2³² runs.
  public init(of labels: LabelSet, in volume: LabelVolume, box: VoxelBox) throws(LabelShapesError) {
    var forest = RunForest()
    var above = PlaneRuns()
    var plane = PlaneRuns()
    for z in box.lower.z..<box.upper.z {
      plane.begin(firstRun: forest.parents.count)
      for y in box.lower.y..<box.upper.y {
        guard forest.parents.count + box.extent.x <= Int(UInt32.max) else {
          throw LabelShapesError(
            description:
              "Searching connected components in \(volume.extent) voxels found more than \(UInt32.max) runs of the mask; the label "
              + "map is noise, or too large.")
        }
        labels.flags.withUnsafeBufferPointer { flags in
          LabelRuns.forEach(
            volume.row(z: z, y: y), from: box.lower.x, to: box.upper.x, flags: flags.baseAddress!
          ) { start, end in
            plane.add(start, end)
            forest.add()
          }
        }
        plane.endRow()
        let row = y - box.lower.y
        if row > 0 { plane.join(row: row, with: plane, row: row - 1, in: &forest) }
        if z > box.lower.z { plane.join(row: row, with: above, row: row, in: &forest) }
      }
      swap(&above, &plane)
    }
    let (ofRun, count) = forest.components()
    var voxels = [Int](repeating: 0, count: count)
    Self.forEachRun(of: labels, in: volume, box: box) { run, first, count in
      voxels[Int(ofRun[run])] += count
    }
    self.labels = labels
    self.box = box
    self.ofRun = ofRun
    self.voxels = voxels
  }

  /// Sets the voxels of some components to background, in `volume`, which is unchanged since the components were found in it.
  /// - Parameter isKept: of each component.
  public func removeOthers(from volume: LabelVolume, keeping isKept: [Bool]) {
    Self.forEachRun(of: labels, in: volume, box: box) { run, first, count in
      if !isKept[Int(ofRun[run])] { first.update(repeating: 0, count: count) }
    }
  }

  /// Calls `body` with the number, the first voxel and the length of each run. The run that it is called with may be erased.
  @inline(__always)
  private static func forEachRun(
    of labels: LabelSet, in volume: LabelVolume, box: VoxelBox,
    _ body: (_ run: Int, _ first: UnsafeMutablePointer<UInt8>, _ count: Int) -> Void
  ) {
    var run = 0
    labels.flags.withUnsafeBufferPointer { flags in
      for z in box.lower.z..<box.upper.z {
        for y in box.lower.y..<box.upper.y {
          let row = volume.row(z: z, y: y)
          LabelRuns.forEach(row, from: box.lower.x, to: box.upper.x, flags: flags.baseAddress!) { start, end in
            body(run, row + start, end - start)
            run += 1
          }
        }
      }
    }
  }
}

/// The runs of one plane, row by row.
private struct PlaneRuns {
  private var firstRun = 0
  private var starts: [Int] = []
  private var ends: [Int] = []
  /// Where each row begins in `starts`, and where the last one ends.
  private var rows = [0]

  mutating func begin(firstRun: Int) {
    self.firstRun = firstRun
    starts.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    rows.removeAll(keepingCapacity: true)
    rows.append(0)
  }

  mutating func add(_ start: Int, _ end: Int) {
    starts.append(start)
    ends.append(end)
  }

  mutating func endRow() { rows.append(starts.count) }

  /// Joins runs of two neighbouring rows that share a face.
  func join(row: Int, with other: PlaneRuns, row otherRow: Int, in forest: inout RunForest) {
    var (mine, theirs) = (rows[row], other.rows[otherRow])
    let (myEnd, theirEnd) = (rows[row + 1], other.rows[otherRow + 1])
    while mine < myEnd, theirs < theirEnd {
      if starts[mine] < other.ends[theirs], other.starts[theirs] < ends[mine] {
        forest.join(firstRun + mine, other.firstRun + theirs)
      }
      if ends[mine] < other.ends[theirs] { mine += 1 } else { theirs += 1 }
    }
  }
}
