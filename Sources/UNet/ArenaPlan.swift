/// Where the tensors of a program lie in one arena, so that tensors that never live at the same time share memory.
///
/// First fit, largest tensor first (Pisarchyk, Lee: Efficient memory management for deep neural net inference, 2020). For
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

  /// In floats, multiples of `alignment`.
  package let offsets: [Int]
  package let floats: Int

  package static let alignment = 16

  package init(_ tensors: [Tensor]) {
    var offsets = [Int](repeating: 0, count: tensors.count)
    var placed: [Int] = []
    var end = 0
    let order = tensors.indices.sorted { (tensors[$1].floats, $0) < (tensors[$0].floats, $1) }
    for index in order {
      let tensor = tensors[index]
      let neighbours = placed.filter { tensors[$0].steps.overlaps(tensor.steps) }.sorted { offsets[$0] < offsets[$1] }
      var offset = 0
      for other in neighbours {
        if offset + tensor.floats <= offsets[other] { break }
        offset = max(offset, Self.aligned(offsets[other] + tensors[other].floats))
      }
      offsets[index] = offset
      placed.append(index)
      end = max(end, offset + tensor.floats)
    }
    self.offsets = offsets
    self.floats = Self.aligned(end)
  }

  package static func aligned(_ floats: Int) -> Int { (floats + alignment - 1) / alignment * alignment }
}
