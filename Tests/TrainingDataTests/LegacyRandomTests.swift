import Testing
import TrainingData

/// Against numpy 1.26.4's `RandomState`.
@Suite struct LegacyRandomTests {
  @Test func wordsAndUniformNumbers() {
    var random = LegacyRandom(seed: 1234)
    #expect((0..<3).map { _ in random.word() } == [822569775, 2137449171, 2671936806])
    var other = LegacyRandom(seed: 12345)
    #expect((0..<3).map { _ in other.uniform() } == [0.9296160928171479, 0.3163755545817859, 0.18391881167709445])
  }

  @Test func permutations() {
    var random = LegacyRandom(seed: 1234)
    #expect(random.permutation(10) == [7, 2, 9, 1, 0, 8, 4, 5, 6, 3])
    #expect(random.permutation(1) == [0] && random.permutation(0) == [])
  }

  @Test func foldsAreScikitLearns() throws {
    func validation(_ count: Int) throws -> [[Int]] {
      let names = (0..<count).map { String(UnicodeScalar(UInt8(97 + $0))) }
      let folds = try #require(CrossValidationSplit.folds(of: names.shuffled()))
      for fold in folds { #expect(Set(fold.training + fold.validation) == Set(names)) }
      return folds.map { $0.validation.map { Int($0.unicodeScalars.first!.value) - 97 } }
    }
    #expect(try validation(5) == [[0], [4], [3], [1], [2]])
    #expect(try validation(12) == [[0, 3, 8], [7, 10, 11], [6, 9], [1, 4], [2, 5]])
    #expect(
      try validation(20) == [[3, 8, 13, 16], [0, 10, 12, 15], [6, 7, 11, 17], [9, 14, 18, 19], [1, 2, 4, 5]])
    #expect(CrossValidationSplit.folds(of: ["a", "b", "c", "d"]) == nil)
  }
}
