import Kernels
import Testing

@Suite struct OpenBLASTests {
  @Test func itSaysWhatItRunsOn() {
    #expect(!OpenBLAS.coreName.isEmpty)
    #expect(OpenBLAS.configuration.contains("OpenBLAS"))
    #expect(ComputeFeatures.current.instructionSet == InstructionSet.best.description)
    #expect(ComputeFeatures.current.openBLASCore == OpenBLAS.coreName)
  }

  @Test func concurrentProductsDontDisturbEachOther() {
    let (rows, columns, inner) = (200, 48, 300)
    let a = randomFloats(rows * inner, seed: 1)
    let b = randomFloats(inner * columns, seed: 2)
    let pool = ComputePool(threads: 8)
    let products = 64
    let results = UnsafeMutablePointer<Float>.allocate(capacity: products * rows * columns)
    defer { results.deallocate() }
    pool.forEach(products) { item, _ in
      OpenBLAS.multiply(
        rows: rows, columns: columns, inner: inner, a: a, strideA: inner, b: b, strideB: columns,
        c: results + item * rows * columns, strideC: columns)
    }
    let first = UnsafeBufferPointer(start: results, count: rows * columns)
    for (row, column) in [(0, 0), (77, 31), (199, 47)] {
      let expected = (0..<inner).reduce(0.0) {
        $0 + Double(a[row * inner + $1]) * Double(b[$1 * columns + column])
      }
      #expect(abs(Double(first[row * columns + column]) - expected) < 1e-4)
    }
    for product in 1..<products {
      let other = UnsafeBufferPointer(start: results + product * rows * columns, count: rows * columns)
      #expect(other.elementsEqual(first))
    }
  }
}
