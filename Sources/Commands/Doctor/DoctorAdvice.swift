internal import Kernels
internal import Machine

/// What could be better on a machine: each a sentence that says what to do.
enum DoctorAdvice {
  /// Bytes below which hardly a model of full size runs.
  private static let littleMemory = 2 << 30

  static func advice(
    _ machine: Machine, threads: Int, slots: Int, openBLAS: DoctorReport.OpenBLASFacts, best: InstructionSet
  ) -> [String] {
    var advice: [String] = []
    if machine.memory.hugePages == "never" {
      advice.append(
        "Huge pages are switched off; `echo madvise > /sys/kernel/mm/transparent_hugepage/enabled` makes large networks faster."
      )
    }
    if let usable = machine.usableProcessors, Double(threads * slots) > usable + 0.5 {
      advice.append(
        "\(slots) slot(s) of \(threads) thread(s) want more than the \(Formats.number(usable, digits: 1)) processors that this process may "
          + "use; set --threads or TESSERA_THREADS to \(max(1, Int(usable) / max(slots, 1))).")
    }
    if let core = openBLAS.presetCoreType {
      advice.append(
        "OPENBLAS_CORETYPE is preset to \(core): the engine blas runs that processor's kernels, which may be slower here, and its results "
          + "name them; unset it unless a fleet is held to one core by it.")
    }
    if let memory = machine.usableMemory, memory < littleMemory {
      advice.append(
        "Only \(Formats.bytes(memory)) of memory can be used; `tessera doctor --model DIR` says whether a model fits.")
    }
    if best == .portable {
      advice.append("No instruction set beyond \(best) was found; a processor with AVX2 is several times faster.")
    }
    return advice
  }
}
