import Foundation
import Testing
import Testkit
import Volumes

@testable import NiftiIO

/// Damaged files are refused, or read as something else; they never bring the process down or ask for absurd memory.
@Suite("Damaged NIfTI files")
struct FuzzTests {
  /// Small enough that no accepted header makes the test slow.
  private static let limits = NiftiLimits(voxels: 1 << 20)

  private static func compressed() throws -> [UInt8] {
    var random = SplitMix64(seed: 3)
    let labels = LabelVolume(extent: Extent(z: 5, y: 6, x: 7))
    for index in 0..<labels.elements.count { labels.elements[index] = UInt8.random(in: 0...3, using: &random) }
    return try LabelMap(labels: labels, geometry: ImageGeometry(spacing: Spacing(z: 3, y: 2, x: 1))).encoded()
  }

  @Test(arguments: [1, 2, 3])
  func flippedBytesAreRefusedOrRead(kind: Int) throws {
    var file = NiftiFile()
    file.version = kind == 2 ? 2 : 1
    let original = kind == 3 ? try Self.compressed() : file.file
    // Mostly the header, where the decisions are.
    let header = kind == 1 ? 352 : kind == 2 ? 544 : original.count
    var random = SplitMix64(seed: UInt64(kind))
    var refused = 0
    let rounds = 4000
    for _ in 0..<rounds {
      var bytes = original
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let place = Int.random(in: 0..<header, using: &random)
        bytes[place] = UInt8.random(in: 0...255, using: &random)
      }
      if Bool.random(using: &random), kind != 3 {
        // The fields that matter, with values that hurt.
        let hurts: [[UInt8]] = [[0xFF, 0xFF], [0, 0x80], [0xFF, 0x7F], [0, 0], [1, 0]]
        let place = (kind == 1 ? 40 : 16) + 2 * Int.random(in: 0..<(kind == 1 ? 8 : 32), using: &random)
        bytes.replaceSubrange(place..<place + 2, with: hurts.randomElement(using: &random)!)
      }
      if !Self.reads(bytes) { refused += 1 }
    }
    #expect(refused > rounds / 10)
  }

  @Test func everyCutIsRefused() throws {
    for original in [NiftiFile().file, try Self.compressed()] {
      for length in 0..<original.count where original.count - length > 0 {
        #expect(!Self.reads(Array(original[0..<length])), "cut at \(length)")
      }
    }
  }

  @Test func compressedFilesMayHoldNeitherLessNorMore() throws {
    func code(_ bytes: [UInt8]) -> NiftiError.Code? {
      do {
        _ = try MedicalImage(files: [bytes])
        return nil
      } catch let error as NiftiError {
        return error.code
      } catch {
        return nil
      }
    }
    func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
      try bytes.withUnsafeBytes { try GzipEncoder.encode([$0], inParallel: LabelMap.oneAfterAnother) }
    }
    let file = NiftiFile().file
    #expect(code(try gzip(file)) == nil)
    #expect(code(try gzip(file + [0])) == .trailingBytes)
    #expect(code(try gzip(Array(file.dropLast()))) == .truncated)
    // Two members make one file, and what follows the last is nobody's.
    #expect(code(try gzip(Array(file[..<100])) + gzip(Array(file[100...])) + [0, 0]) == nil)
    // Each bit of the sum over the data counts.
    var damaged = try gzip(file)
    damaged[damaged.count - 8] ^= 1
    #expect(code(damaged) == .truncated)
  }

  @Test func aBombIsRefusedBeforeItInflates() throws {
    // A header that announces far more than its few bytes can hold, and one that holds more than it announces.
    var file = NiftiFile()
    file.dim = [3, 30_000, 30_000, 1_000, 1, 1, 1, 1]
    let error = #expect(throws: NiftiError.self) {
      try MedicalImage(files: [file.file], limits: NiftiLimits(voxels: .max))
    }
    #expect(error?.code == .truncated)
    let clock = ContinuousClock()
    #expect(clock.measure { _ = Self.reads(file.file) } < .seconds(20))
  }

  private static func reads(_ bytes: [UInt8]) -> Bool {
    do {
      _ = try MedicalImage(files: [bytes], limits: limits)
      return true
    } catch {
      return false
    }
  }
}
