internal import Kernels
public import Preprocessing
public import SlidingWindow
public import Volumes

/// The memory that a case will need, told before it is started: resident bytes, mapped files included, of a process that works on it.
public struct MemoryForecast: Hashable, Sendable, Codable {
  /// The program itself: code, libraries, the runtimes' own memory.
  public var program = MemoryForecast.programBytes
  private static let programBytes = 88 << 20
  /// What measuring the labels holds beside the map and the image's files: parts of the image, histograms, runs of components.
  private static let measuring = 16 << 20
  /// The image's files.
  public var files: Int
  /// The image as float32.
  public var image: Int
  /// What preprocessing holds beside the image: slices between two axes, masks.
  public var preprocessing: Int
  /// The preprocessed volume.
  public var volume: Int
  /// What is in memory of it while tiles are predicted: a tile's part, or all of it where it is so small that it isn't mapped.
  public var volumeInUse: Int
  /// One patch and its probabilities.
  public var tile: Int
  /// The folds' weights and the engine's workspace.
  public var network: Int
  /// Other tiles' probabilities, where the process keeps them itself.
  public var store: Int
  /// Sums and rows of stitching and export, and the planes of a stored tile that are read at a time.
  public var slab: Int
  /// The label map, on the image's grid.
  public var labels: Int

  /// While an image is prepared.
  public var preparing: Int { program + files + image + preprocessing + volume }
  /// While tiles are predicted, in one worker slot.
  public var predicting: Int { program + volumeInUse + tile + network }
  /// While tiles that are stored elsewhere are stitched, and the label map is measured.
  public var stitching: Int { program + max(slab, files + Self.measuring) + labels }
  /// While a case is predicted and stitched at once, each tile when stitching first asks for it (`ScratchTiles`), with the network beside what
  /// comes before and after: of a trained fold's own cases.
  public var predictingTileByTile: Int {
    program + network + max(preprocessing, volume + tile + max(slab, Self.measuring) + labels)
  }
  /// The peak of a process that does all of it, one step after the other, and draws a picture in the end. Its store keeps the volume.
  public var peak: Int {
    max(preparing, predicting + store, volume + stitching + store, program + files + volume + image + labels)
  }

  /// - Parameters:
  ///   - plan: the case's tile plan.
  ///   - properties: of the case; `CaseProperties.uncropped` where the image hasn't been read yet.
  ///   - planes: that are stitched at a time.
  ///   - networkBytes: weights of all folds and workspace of the engine, in bytes.
  ///   - files: bytes of the image's files.
  ///   - storeBudget: bytes of tiles that a store in this process keeps in memory; 0 where tiles are stored elsewhere.
  public init(
    recipe: CaseRecipe, plan: TilePlan, properties: CaseProperties, threads: Int,
    planes: Int = Stitcher.defaultPlanes, networkBytes: Int, files: Int = 0,
    storeBudget: Int = 0
  ) {
    let float = MemoryLayout<Float>.stride
    let classes = recipe.network.outputChannels
    let channels = recipe.network.inputChannels
    let resampled = properties.resampledExtent
    image = properties.originalExtent.count * recipe.channels * float
    labels = properties.originalExtent.count
    // The second stage of a cascade also has the labels of the first, one byte a voxel.
    let previous = recipe.previousClasses > 0 ? 1 : 0
    let preprocessed = resampled.count * recipe.channels * float
    volume = preprocessed + previous * resampled.count
    volumeInUse =
      min(preprocessed, max(storeBudget, plan.patch.count * recipe.channels * float)) + previous * resampled.count
    preprocessing = Self.betweenAxes(properties) * float + previous * properties.originalExtent.count
    if recipe.preprocessing.channels.contains(where: { $0.usesMask && $0.scheme != .noNorm }) {
      preprocessing += 2 * properties.originalExtent.count + resampled.count
    }
    tile = plan.patch.count * (channels + classes) * float
    let stitcher = Stitcher(plan: plan, classes: classes, planes: planes)
    slab =
      stitcher.workingBytes + Exporter.workingBytes(properties, classes: classes, threads: threads)
      + Self.mapped(classes: classes, planes: stitcher.planes, patch: plan.patch)
    network = networkBytes
    // Beside what stays there, one tile may be read from the store's file while the next one is computed.
    let probabilities = plan.patch.count * classes * float
    store = storeBudget == 0 ? 0 : min(storeBudget + probabilities, (plan.tileCount - 1) * probabilities)
    self.files = files
  }

  /// Whether an image can be read at all.
  /// - Throws: `InferenceError.Code.outOfMemory`.
  public static func checkReading(_ extent: Extent, channels: Int, files: Int, limit: Int) throws {
    let needed = programBytes + files + extent.count * channels * MemoryLayout<Float>.stride
    guard needed <= limit else {
      throw InferenceError(
        .outOfMemory,
        "Reading \(channels) channel(s) of \(extent) voxels needs \(MemoryPlan.mebibytes(needed)) of memory and more for all else, "
          + "but the limit is \(MemoryPlan.mebibytes(limit)); give it more, or use a machine that has it.")
    }
  }

  /// Voxels of the slices that were resampled in their planes and not yet across: slices lie across the image's first axis.
  private static func betweenAxes(_ properties: CaseProperties) -> Int {
    let axis = properties.transposeForward.order[0] == 0 ? 0 : properties.transposeForward.order[1] == 0 ? 1 : 2
    let length = properties.croppedExtent.z
    guard length != properties.resampledExtent[axis] else { return 0 }
    var extent = properties.resampledExtent
    extent[axis] = length
    return extent.count
  }

  /// Bytes of a mapped tile that are in memory while some of its planes are read. The system maps a large file by huge pages, of which
  /// a class's planes lie in one more than they fill.
  private static func mapped(classes: Int, planes: Int, patch: Extent) -> Int {
    let hugePage = 2 << 20
    let stretch = min(planes, patch.z) * patch.y * patch.x * MemoryLayout<Float>.stride
    let whole = patch.count * MemoryLayout<Float>.stride
    return classes * min(whole, (stretch + hugePage - 1) / hugePage * hugePage + hugePage)
  }
}
