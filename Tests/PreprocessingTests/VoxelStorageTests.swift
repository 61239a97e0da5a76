import Glibc
import Testing

@testable import Volumes

@Suite struct VoxelStorageTests {
  @Test(arguments: [1, 1 << 10, VoxelStorage<Float>.leastMapping / 4, VoxelStorage<Float>.leastMapping / 2 + 5])
  func allElementsAreThere(count: Int) {
    let storage = VoxelStorage<Float>(count: count, repeating: 2)
    #expect(Int(bitPattern: storage.elements.baseAddress) % 64 == 0)
    #expect(storage.elements.count == count && storage.elements.allSatisfy { $0 == 2 })
  }

  /// `mincore` knows no page there any more.
  @Test func largeMemoryGoesBackToTheSystem() {
    var storage: VoxelStorage<UInt8>? = VoxelStorage(count: VoxelStorage<UInt8>.leastMapping, repeating: 1)
    let address = UnsafeMutableRawPointer(storage?.elements.baseAddress)
    var pages = [UInt8](repeating: 0, count: VoxelStorage<UInt8>.leastMapping / 4096)
    #expect(mincore(address, VoxelStorage<UInt8>.leastMapping, &pages) == 0)
    storage = nil
    #expect(mincore(address, VoxelStorage<UInt8>.leastMapping, &pages) == -1 && errno == ENOMEM)
  }
}
