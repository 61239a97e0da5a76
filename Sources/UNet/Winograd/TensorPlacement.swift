internal import Kernels

/// Where the tensors of a winograd program and the scratch of its steps lie in one arena. A convolution writes its output over its input
/// where it can, which about halves the memory of the levels at full resolution.
///
/// Its bricks are computed slab by slab then. A slab of the output may overwrite planes of the input that no later slab sees, so
/// both lie in one piece of memory, the output a slab and a plane before the input. The next convolution has its output a slab and a
/// plane behind its input, and goes from the last slab to the first.
struct TensorPlacement {
  struct Place {
    /// Of the first block, in floats.
    let offset: Int
    let blockFloats: Int
  }

  let places: [Place]
  /// In which order each step computes.
  let orders: [SlabOrder]
  /// Where each step's scratch begins, in floats.
  let scratch: [Int]
  /// Of the arena.
  let floats: Int

  /// Tensors that follow each other in the same memory.
  private struct Chain {
    var life: ClosedRange<Int>
    /// Planes more than a tensor's own.
    var margin = 0
  }

  /// Smaller tensors are written elsewhere: little would be won.
  private static let leastFloats = 1 << 20

  init(_ program: WinogradProgram, threads: Int) {
    let (tensors, lives, steps) = (program.tensors, program.lives, program.steps)
    var chains = lives.map { Chain(life: $0) }
    var chainOf = Array(tensors.indices)
    // Whether a tensor lies behind the margin rather than before it.
    var isBehind = [Bool](repeating: true, count: tensors.count)
    orders = steps.map { step in
      guard let output = step.output, let slab = step.operation.slab else { return .any }
      let margin = slab.planes + slab.beyond
      let tensor = tensors[output]
      let input = step.inputs.last {
        tensors[$0].paddedChannels == tensor.paddedChannels && tensors[$0].extent == tensor.extent
          && lives[$0].upperBound == step.number
      }
      guard let input, tensor.floats >= Self.leastFloats, 3 * margin <= tensor.extent[0] else { return .any }
      let chain = chainOf[input]
      chainOf[output] = chain
      isBehind[output] = !isBehind[input]
      chains[chain].life = chains[chain].life.lowerBound...lives[output].upperBound
      chains[chain].margin = max(chains[chain].margin, margin)
      return isBehind[input] ? .forward : .backward
    }

    func plane(_ tensor: Int) -> Int { tensors[tensor].extent[1] * tensors[tensor].extent[2] * BlockedTensor.lanes }
    let arena = ArenaPlan(
      tensors.indices.map { index in
        guard chainOf[index] == index else { return .init(floats: 0, steps: lives[index]) }
        let blocks = BlockedTensor.blocks(tensors[index].channels)
        return .init(
          floats: tensors[index].floats + blocks * chains[index].margin * plane(index), steps: chains[index].life)
      }
        + steps.map { .init(floats: $0.operation.scratch.floats(threads: threads), steps: $0.number...$0.number) })
    scratch = Array(arena.offsets.dropFirst(tensors.count))
    places = tensors.indices.map { index in
      let margin = chains[chainOf[index]].margin
      return Place(
        offset: arena.offsets[chainOf[index]] + (isBehind[index] ? margin * plane(index) : 0),
        blockFloats: (tensors[index].extent[0] + margin) * plane(index))
    }
    floats = arena.floats
  }
}
