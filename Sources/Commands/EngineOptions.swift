internal import ArgumentParser
internal import Kernels
internal import UNet

/// What computes the network.
struct EngineOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What computes the network: winograd (fast, plain U-Nets), winograd-small (the same in less memory), blas (any "
        + "network), or automatic: the fastest that can and fits --max-memory.",
      valueName: "name"), completion: .list(EngineChoice.allCases.map(\.rawValue)),
    transform: EngineWord.choice)
  var engine = EngineChoice.automatic

  @Option(
    help: ArgumentHelp(
      "Instruction set of winograd: \(EngineWord.sets). Default: the best that the processor has. A result has the same bits on all "
        + "processors within one set.", valueName: "set"),
    completion: .list(InstructionSet.allCases.map(\.description)),
    transform: EngineWord.instructionSet)
  var isa: InstructionSet?

  var request: EngineRequest { EngineRequest(engine, instructionSet: isa) }

  func validate() throws {
    do { try request.check() } catch { throw ValidationError(error.description) }
  }
}

/// The same as settings of a role, which may also come from the environment or a configuration file.
struct EngineSettingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What computes the network: winograd, winograd-small, blas or automatic (TESSERA_ENGINE).",
      valueName: "name"), completion: .list(EngineChoice.allCases.map(\.rawValue)))
  var engine: String?

  @Option(
    help: ArgumentHelp(
      "Instruction set of winograd: \(EngineWord.sets) (TESSERA_ISA). Hold all workers to one for one set of bits.",
      valueName: "set"), completion: .list(InstructionSet.allCases.map(\.description)))
  var isa: String?

  var flags: [String: String?] { ["engine": engine, "isa": isa] }
}

/// Engines and instruction sets as a user types them.
enum EngineWord {
  /// `sse2, avx2, avx512` on x86-64.
  static let sets = InstructionSet.allCases.map(\.description).joined(separator: ", ")

  @Sendable static func choice(_ word: String) throws -> EngineChoice {
    guard let choice = EngineChoice(rawValue: word) else {
      let known = EngineChoice.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("The engine \(word) is none of \(known).")
    }
    return choice
  }

  @Sendable static func instructionSet(_ word: String) throws -> InstructionSet {
    guard let found = InstructionSet.allCases.first(where: { $0.description == word }) else {
      throw ValidationError("The instruction set \(word) is none of \(sets).")
    }
    return found
  }
}
