internal import Kernels

/// What lies where in a workspace of the winograd executor, in bytes from its start: activations and the scratch of each step,
/// moments of the parts of a layer, scales and shifts of all tensors.
struct WinogradLayout {
  let placement: TensorPlacement
  let moments: Int
  let vectors: Int
  let bytes: Int

  init(_ program: WinogradProgram, threads: Int) {
    placement = TensorPlacement(program, threads: threads)
    var doubles = 0
    for step in program.steps {
      guard let output = step.output else { continue }
      doubles = max(
        doubles, PartMoments.doubles(parts: step.operation.parts, channels: program.tensors[output].channels))
    }
    func wholePages(_ bytes: Int) -> Int { (bytes + 4095) / 4096 * 4096 }
    moments = wholePages(placement.floats * 4)
    vectors = moments + wholePages(doubles * 8)
    bytes = vectors + wholePages(program.vectorFloats * 4)
  }
}
