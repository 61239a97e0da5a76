import Augmentation
import RandomStreams
import Testing

@Suite struct BatchStreamTests {
  private static func stream(_ seed: UInt64 = 1, epoch: Int = 0, iteration: Int = 0, item: Int = 0) -> RandomStream {
    RandomStream(
      seed: seed, index: BatchIndex(.training, epoch: epoch, iteration: iteration), item: item, purpose: .parameters)
  }

  @Test func streamsDiffer() {
    let index = BatchIndex(.training, epoch: 1, iteration: 2)
    var streams = [
      Self.stream(), Self.stream(2), Self.stream(1 << 32 | 1), Self.stream(epoch: 1), Self.stream(iteration: 1),
      Self.stream(item: 1), RandomStream(seed: 1, index: index, item: 3, purpose: .noise),
      RandomStream(seed: 1, index: index, item: 3, purpose: .parameters),
      RandomStream(seed: 1, index: BatchIndex(.validation, epoch: 1, iteration: 2), item: 3, purpose: .parameters),
    ]
    var words: Set<[UInt32]> = []
    for index in streams.indices { words.insert((0..<4).map { _ in streams[index].word() }) }
    #expect(words.count == streams.count)
  }
}
