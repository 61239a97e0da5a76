public import Kernels

/// What a user asks of the engine: which one, and with which instruction set.
public struct EngineRequest: Hashable, Sendable {
  public var choice: EngineChoice
  /// Which kernels `winograd` takes; the processor's best when `nil`.
  public var instructionSet: InstructionSet?

  public init(_ choice: EngineChoice = .automatic, instructionSet: InstructionSet? = nil) {
    self.choice = choice
    self.instructionSet = instructionSet
  }

  /// Whether it can be met at all, whatever the network is.
  /// - Parameter available: what the processor has.
  /// - Throws: `EngineRequestError`.
  public func check(available: [InstructionSet] = InstructionSet.available) throws(EngineRequestError) {
    guard let instructionSet else { return }
    guard choice != .blas else { throw .instructionSetOfBlas(instructionSet) }
    guard available.contains(instructionSet) else {
      throw .missingInstructionSet(instructionSet, available: available)
    }
  }
}

/// Why a request for an engine can't be met on this processor, or contradicts itself.
public enum EngineRequestError: Error, Hashable, CustomStringConvertible {
  case missingInstructionSet(InstructionSet, available: [InstructionSet])
  case instructionSetOfBlas(InstructionSet)

  public var description: String {
    switch self {
    case .missingInstructionSet(let wanted, let available):
      "Choosing the engine: the instruction set \(wanted) was asked for, but this processor has only "
        + "\(available.map(\.description).joined(separator: ", ")); ask for one of these, or use another machine."
    case .instructionSetOfBlas(let wanted):
      "Choosing the engine: the instruction set \(wanted) was asked for together with the engine blas, but OpenBLAS chooses for itself; "
        + "ask for another engine, or set OPENBLAS_CORETYPE instead."
    }
  }
}
