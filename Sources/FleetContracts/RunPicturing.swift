/// Makes what people look at of a completed run: slices for a viewer, pictures, a report.
///
/// Whoever serves them knows no voxel; whoever implements this knows no protocol of a server.
public protocol RunPicturing: Sendable {
  /// Which slices there are.
  /// - Throws: `RunPictureError`, `BlobStoreError`.
  func slices(of run: RunRecord) async throws -> SliceListing
  /// One slice, as PNG.
  /// - Throws: `RunPictureError`, `BlobStoreError`.
  func slice(_ request: SliceRequest, of run: RunRecord) async throws -> [UInt8]
  /// Three planes or a mosaic of slices with a legend, as PNG.
  /// - Throws: `RunPictureError`, `BlobStoreError`.
  func picture(_ kind: RunPictureKind, of run: RunRecord) async throws -> [UInt8]
  /// A self-contained HTML file with slices, volumes, timings and provenance.
  /// - Throws: `RunPictureError`, `BlobStoreError`.
  func report(of run: RunRecord) async throws -> [UInt8]
}

public enum RunPictureKind: String, Hashable, Sendable, Codable, CaseIterable {
  /// Three planes through the segmentation's centre of mass.
  case planes
  /// Evenly spaced slices through the segmented region.
  case mosaic
}

/// A slice of a run that somebody wants to see.
public struct SliceRequest: Hashable, Sendable {
  public enum Layer: String, Hashable, Sendable, Codable, CaseIterable {
    /// The first channel of the image, in grey.
    case image
    /// Labels in colour, transparent where there are none.
    case labels
  }

  /// A plane's `id` from the `SliceListing`.
  public var plane: String
  /// From 0, in the array's order.
  public var index: Int
  public var layer: Layer
  /// For the image: `automatic`, a window's name, or `BLACK:WHITE` in the image's units.
  public var window: String
  /// For labels: those to show; all when `nil`.
  public var labels: Set<Int>?

  public init(
    plane: String, index: Int, layer: Layer, window: String = SliceListing.automaticWindow, labels: Set<Int>? = nil
  ) {
    self.plane = plane
    self.index = index
    self.layer = layer
    self.window = window
    self.labels = labels
  }
}

/// The slices of a run and what lies on them. Encoded with keys in snake case.
public struct SliceListing: Hashable, Sendable, Codable {
  public struct Plane: Hashable, Sendable, Codable {
    /// `axial`, `coronal`, `sagittal`; `z`, `y`, `x` where the image doesn't tell its orientation.
    public var id: String
    public var name: String
    /// Slices are numbered from 0.
    public var count: Int
    /// mm between two slices.
    public var spacing: Double
    /// mm that a slice shows, to the right and down.
    public var width: Double
    public var height: Double
    /// The body's directions left, right, top, bottom (`R`, `L`, `A`, `P`, `S`, `I`); empty where they aren't known.
    public var directions: [String]
    /// The slice through the segmentation's centre of mass.
    public var centre: Int

    public init(
      id: String, name: String, count: Int, spacing: Double, width: Double, height: Double, directions: [String],
      centre: Int
    ) {
      self.id = id
      self.name = name
      self.count = count
      self.spacing = spacing
      self.width = width
      self.height = height
      self.directions = directions
      self.centre = centre
    }
  }

  /// A label that occurs.
  public struct Label: Hashable, Sendable, Codable {
    public var label: Int
    public var name: String
    /// Such as `#e69f00`.
    public var colour: String
    public var voxels: Int

    public init(label: Int, name: String, colour: String, voxels: Int) {
      self.label = label
      self.name = name
      self.colour = colour
      self.voxels = voxels
    }
  }

  public var planes: [Plane]
  public var labels: [Label]
  public var oriented: Bool
  /// The windows that are known by name, the automatic one first.
  public var windows: [String]

  public static let automaticWindow = "automatic"

  public init(planes: [Plane], labels: [Label], oriented: Bool, windows: [String]) {
    self.planes = planes
    self.labels = labels
    self.oriented = oriented
    self.windows = windows
  }
}

public enum RunPictureError: Error, Hashable, CustomStringConvertible {
  /// Only a completed run has a label map.
  case notCompleted(RunID, RunState)
  case noSuchSlice(String)
  case badWindow(String, expected: String)
  /// The blobs can't be shown.
  case unusable(String)

  public var description: String {
    switch self {
    case .notCompleted(let run, let state): "Run \(run) is \(state.rawValue); only a completed run has pictures."
    case .noSuchSlice(let what): "There is no slice \(what); the listing of slices says which there are."
    case .badWindow(let window, let expected): "The window \(window) isn't known; expected \(expected)."
    case .unusable(let reason): "The run can't be shown: \(reason)"
    }
  }
}
