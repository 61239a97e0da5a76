internal import Kernels

/// What lies where in a workspace of the winograd executor, in bytes from its start: activations, scratch of all threads, moments
/// of the parts of a layer, scales and shifts of all tensors.
struct WinogradLayout {
  let scratch: Int
  let moments: Int
  let vectors: Int
  let bytes: Int

  init(_ program: WinogradProgram, threads: Int) {
    var scratchFloats = 0
    var doubles = 0
    for step in program.steps {
      scratchFloats = max(scratchFloats, step.operation.scratch.floats(threads: threads))
      guard let output = step.output else { continue }
      doubles = max(
        doubles, PartMoments.doubles(parts: step.operation.parts, channels: program.tensors[output].channels))
    }
    func wholePages(_ bytes: Int) -> Int { (bytes + 4095) / 4096 * 4096 }
    scratch = wholePages(program.placement.floats * 4)
    moments = scratch + wholePages(scratchFloats * 4)
    vectors = moments + wholePages(doubles * 8)
    bytes = vectors + wholePages(program.vectorFloats * 4)
  }
}
