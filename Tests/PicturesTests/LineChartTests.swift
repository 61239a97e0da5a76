import Pictures
import Testing

@Suite struct LineChartTests {
  private static func png(_ values: [[Double]]) throws -> [UInt8] {
    try LineChart(
      curves: values.enumerated().map { LineChart.Curve(name: "curve \($0)", values: $1, isRight: $0 == 2) },
      horizontal: "epoch"
    ).png()
  }

  /// Whatever the values, there is a picture, and of equal values an equal one.
  @Test(arguments: [
    [], [[]], [[0.5]], [[0, 0, 0]], [[.nan, .nan]], [[-1e-9, 1e9], [3]],
    [[1, .infinity, 2], [0.5, .nan, 0.25], [0.1, 0.9]],
  ]) func everyCurveHasAPicture(values: [[Double]]) throws {
    let picture = try Self.png(values)
    #expect(picture.prefix(4) == [0x89, 0x50, 0x4E, 0x47])
    // Width and height in the first chunk.
    #expect(Array(picture[16..<24]) == [0, 0, 4, 0xB0, 0, 0, 3, 0x20])
    #expect(try Self.png(values) == picture)
  }

  @Test func otherCurvesAreDrawnOtherwise() throws {
    #expect(try Self.png([[0, 1, 0]]) != (try Self.png([[0, 1, 1]])))
  }
}
