internal import Kernels

/// Where the tensors of a winograd program and the scratch of its steps lie in one arena. A convolution writes its output over its input
/// where it can, which about halves the memory of the levels at full resolution.
///
/// Its bricks are computed slab by slab then. A slab of the output may overwrite planes of the input that no later slab sees, so
/// both lie in one piece of memory, the output a slab and a plane before the input. The next convolution has its output a slab and a
/// plane behind its input, and goes from the last slab to the first. While only one of the two lives, others may lie in the planes that
/// the other one had for itself.
struct TensorPlacement {
  struct Place {
    /// Of the first block, in floats.
    let offset: Int
    let blockFloats: Int
  }

  /// Where a step's scratch begins, in floats.
  struct Scratch {
    let shared: Int
    /// Of each thread.
    let workers: [Int]
  }

  let places: [Place]
  /// In which order each step computes.
  let orders: [SlabOrder]
  /// Of each step.
  let scratch: [Scratch]
  /// Of the arena.
  let floats: Int

  init(_ program: WinogradProgram, threads: Int) {
    let chains = TensorChains(program)
    let scratches = program.steps.flatMap { step in
      let need = step.operation.scratch
      return ([need.shared] + Array(repeating: need.perWorker, count: threads)).map {
        ArenaPlan.Piece(.init(floats: $0, steps: step.number...step.number))
      }
    }
    let arena = ArenaPlan(chains.pieces(program) + scratches)
    orders = chains.orders
    places = program.tensors.indices.map {
      let place = chains.place(of: $0, program)
      return Place(offset: arena.offsets[chains.chainOf[$0]] + place.offset, blockFloats: place.blockFloats)
    }
    scratch = program.steps.indices.map { step in
      let first = program.tensors.count + step * (1 + threads)
      return Scratch(shared: arena.offsets[first], workers: Array(arena.offsets[first + 1..<first + 1 + threads]))
    }
    floats = arena.floats
  }
}

/// Which tensors follow each other in the same memory.
private struct TensorChains {
  /// The first tensor of each one's chain.
  private(set) var chainOf: [Int]
  /// In which order each step computes.
  private(set) var orders: [SlabOrder] = []
  /// Of each chain, by its first tensor: planes more than a tensor's own.
  private var margins: [Int]
  /// Whether a tensor lies behind the margin rather than before it.
  private var isBehind: [Bool]

  /// Smaller tensors are written elsewhere: little would be won.
  private static let leastFloats = 1 << 20

  init(_ program: WinogradProgram) {
    let (tensors, lives) = (program.tensors, program.lives)
    chainOf = Array(tensors.indices)
    margins = .init(repeating: 0, count: tensors.count)
    isBehind = .init(repeating: true, count: tensors.count)
    for step in program.steps {
      guard let output = step.output, let slab = step.operation.slab else {
        orders.append(.any)
        continue
      }
      let margin = slab.planes + slab.beyond
      let tensor = tensors[output]
      let input = step.inputs.last {
        tensors[$0].paddedChannels == tensor.paddedChannels && tensors[$0].extent == tensor.extent
          && lives[$0].upperBound == step.number
      }
      guard let input, tensor.floats >= Self.leastFloats, 3 * margin <= tensor.extent[0] else {
        orders.append(.any)
        continue
      }
      let chain = chainOf[input]
      chainOf[output] = chain
      isBehind[output] = !isBehind[input]
      margins[chain] = max(margins[chain], margin)
      orders.append(isBehind[input] ? .forward : .backward)
    }
  }

  /// Of a tensor, from the begin of its chain.
  func place(of tensor: Int, _ program: WinogradProgram) -> TensorPlacement.Place {
    let margin = margins[chainOf[tensor]]
    let plane = program.tensors[tensor].planeFloats
    return .init(
      offset: isBehind[tensor] ? margin * plane : 0,
      blockFloats: (program.tensors[tensor].extent[0] + margin) * plane)
  }

  /// Each chain as a whole, under its first tensor; nothing under the others.
  func pieces(_ program: WinogradProgram) -> [ArenaPlan.Piece] {
    var pieces = program.tensors.map { _ in ArenaPlan.Piece([]) }
    for (index, tensor) in program.tensors.enumerated() {
      let place = place(of: index, program)
      for block in 0..<BlockedTensor.blocks(tensor.channels) {
        let first = place.offset + block * place.blockFloats
        pieces[chainOf[index]].parts.append(
          .init(first..<first + tensor.extent[0] * tensor.planeFloats, steps: program.lives[index]))
      }
    }
    return pieces
  }
}

extension WinogradProgram.Tensor {
  /// Of one block.
  fileprivate var planeFloats: Int { extent[1] * extent[2] * BlockedTensor.lanes }
}
