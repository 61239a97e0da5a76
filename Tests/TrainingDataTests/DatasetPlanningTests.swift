import Foundation
import Kernels
import NumpyFiles
import Pickles
import Planning
import Testing
import Testkit
import TrainingData

/// Against what nnUNet_plan_and_preprocess 1.7.1 made of the same small dataset (Tests/Peers/oracle_preprocessing.py).
@Suite struct DatasetPlanningTests {
  private static let task = "Task777_Small"
  private static let fixture = Fixtures.directory.appending(path: "planning")
  /// Sums of intensities are nnU-Net's in float32.
  private static let differences = PickleDifferences(tolerance: 1e-6, ignoresFolders: true)
  private static let names = (0..<4).map { "small_0\($0)" }

  private static func planned(in folder: URL, threads: Int) throws -> DatasetPlanning {
    let dataset = try RawDataset(folder: fixture.appending(path: "raw/\(task)"))
    let pool = ComputePool(threads: threads)
    #expect(DatasetIntegrity.problems(of: dataset, pool: pool) == [])
    let planning = DatasetPlanning(
      dataset, cropped: folder.appending(path: "cropped"), preprocessed: folder.appending(path: "preprocessed"),
      pool: pool
    ) { _ in }
    let fingerprint = try planning.fingerprint()
    let plans = try ExperimentPlan.Dimensions.allCases.map {
      try ExperimentPlanner().plan(fingerprint, dimensions: $0)
    }
    for plan in plans { try planning.write(plan) }
    try planning.preprocess(plans)
    return planning
  }

  @Test func everythingIsNnunets() throws {
    let folder = try TemporaryFolder()
    _ = try Self.planned(in: folder.url, threads: 2)
    var compared = 0
    let expected = try #require(FileManager.default.enumerator(atPath: Self.fixture.path))
    for case let path as String in expected where !path.hasPrefix("raw/") {
      let (ours, theirs) = (folder.url.appending(path: path), Self.fixture.appending(path: path))
      switch theirs.pathExtension {
      case "npz": try compareArrays(ours, theirs, path)
      case "pkl":
        let (one, other) = (try Self.pickle(ours), try Self.pickle(theirs))
        #expect(Self.differences(one, other, path: path) == [])
      default: continue
      }
      compared += 1
    }
    // Cropped, 2D and 3D of four cases, each an array and its properties; two plans; the fingerprint three times.
    #expect(compared >= 2 * 3 * 4 + 2 + 2)
  }

  /// Both tools can go on from the other's cropped cases.
  @Test func nnunetsCroppedCasesAreTakenAsTheyAre() throws {
    let folder = try TemporaryFolder()
    let cropped = folder.url.appending(path: "cropped/\(Self.task)")
    try FileManager.default.createDirectory(at: cropped.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: Self.fixture.appending(path: "cropped/\(Self.task)"), to: cropped)
    let before = try Data(contentsOf: cropped.appending(path: "small_00.npz"))
    _ = try Self.planned(in: folder.url, threads: 1)
    #expect(try Data(contentsOf: cropped.appending(path: "small_00.npz")) == before)
    for name in Self.names {
      let path = "preprocessed/\(Self.task)/nnUNetData_plans_v2.1_stage0/\(name).npz"
      try compareArrays(folder.url.appending(path: path), Self.fixture.appending(path: path), path)
    }
  }

  /// A file from elsewhere may say anything; whatever it says is an error of that file.
  @Test(arguments: [
    ("crop_bbox", PickleValue.list([.list([.float(.nan), .float(1e300)])])), ("classes", .list([.float(.infinity)])),
    ("original_size_of_raw_data", .list([.integer(Int64.max), .integer(Int64.max), .integer(Int64.max)])),
    ("original_spacing", .list([.float(0), .float(-1), .float(.nan)])), ("seg_file", .none),
  ])
  func aCroppedCaseThatMakesNoSenseIsAnError(entry: String, value: PickleValue) throws {
    let folder = try TemporaryFolder()
    let cropped = folder.url.appending(path: "cropped/\(Self.task)")
    try FileManager.default.createDirectory(at: cropped.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: Self.fixture.appending(path: "cropped/\(Self.task)"), to: cropped)
    let file = cropped.appending(path: "small_00.pkl")
    var dictionary = try #require(try Self.pickle(file).dictionary)
    let place = try #require(dictionary.entries.firstIndex { $0.key.text == entry })
    dictionary.entries[place].value = value
    try Data(try PickleWriter.write(.dictionary(dictionary))).write(to: file)
    #expect(throws: TrainingDataError.self) { try Self.planned(in: folder.url, threads: 1) }
  }

  private func compareArrays(_ ours: URL, _ theirs: URL, _ path: String) throws {
    let one = try ArrayArchive<Float>(reading: ours.path, member: "data")
    let other = try ArrayArchive<Float>(reading: theirs.path, member: "data")
    try #require(one.shape == other.shape, "\(path)")
    let voxels = one.values.count / one.shape[0]
    let worst = zip(one.values, other.values).prefix(one.values.count - voxels).map { abs($0 - $1) }.max() ?? 0
    #expect(worst <= 1e-5, "\(path): values differ by up to \(worst)")
    #expect(one.values.suffix(voxels) == other.values.suffix(voxels), "\(path): labels")
  }

  private static func pickle(_ url: URL) throws -> PickleValue {
    try Pickle.load(Array(try Data(contentsOf: url)), policy: .plain)
  }
}
