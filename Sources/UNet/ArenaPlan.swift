/// Where the tensors of a program lie in one arena, so that tensors that never live at the same time share memory.
///
/// First fit, largest first (Pisarchyk, Lee: Efficient memory management for deep neural net inference, 2020). For
/// nnU-Net's networks the result is the largest step's own tensors: upsampled, skip and output of the first level.
package struct ArenaPlan {
  /// A tensor lives from the step that writes it to the last step that reads it.
  package struct Tensor: Hashable {
    package var floats: Int
    package var steps: ClosedRange<Int>

    package init(floats: Int, steps: ClosedRange<Int>) {
      self.floats = floats
      self.steps = steps
    }
  }

  /// What is placed as a whole, of which not every part is in use at every step: others may lie in the rest meanwhile.
  package struct Piece {
    package struct Part {
      /// From the piece's begin, in floats.
      package var range: Range<Int>
      package var steps: ClosedRange<Int>

      package init(_ range: Range<Int>, steps: ClosedRange<Int>) {
        self.range = range
        self.steps = steps
      }
    }

    package var parts: [Part]

    package init(_ parts: [Part]) { self.parts = parts }

    package init(_ tensor: Tensor) { parts = [Part(0..<tensor.floats, steps: tensor.steps)] }

    package var floats: Int { parts.map(\.range.upperBound).max() ?? 0 }
  }

  /// In floats, multiples of `alignment`.
  package let offsets: [Int]
  package let floats: Int

  package static let alignment = 16

  package init(_ tensors: [Tensor]) { self.init(tensors.map(Piece.init)) }

  package init(_ pieces: [Piece]) {
    var offsets = [Int](repeating: 0, count: pieces.count)
    var placed: [Piece.Part] = []
    var end = 0
    let sizes = pieces.map(\.floats)
    let order = pieces.indices.sorted { (sizes[$1], $0) < (sizes[$0], $1) }
    for index in order {
      let offset = Self.firstFit(of: pieces[index], among: placed)
      offsets[index] = offset
      for part in pieces[index].parts {
        placed.append(.init(part.range.lowerBound + offset..<part.range.upperBound + offset, steps: part.steps))
      }
      end = max(end, offset + sizes[index])
    }
    self.offsets = offsets
    self.floats = Self.aligned(end)
  }

  /// The first place of a piece where none of its parts overlaps one that lives at the same time.
  private static func firstFit(of piece: Piece, among placed: [Piece.Part]) -> Int {
    // The piece can't begin between such a pair of bounds.
    var forbidden: [(after: Int, before: Int)] = []
    for part in piece.parts where !part.range.isEmpty {
      for other in placed where other.steps.overlaps(part.steps) && !other.range.isEmpty {
        forbidden.append(
          (other.range.lowerBound - part.range.upperBound, other.range.upperBound - part.range.lowerBound))
      }
    }
    var offset = 0
    for bounds in forbidden.sorted(by: { $0.after < $1.after }) {
      if offset <= bounds.after { break }
      if offset < bounds.before { offset = aligned(bounds.before) }
    }
    return offset
  }

  package static func aligned(_ floats: Int) -> Int { (floats + alignment - 1) / alignment * alignment }
}
