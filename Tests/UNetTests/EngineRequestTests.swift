import Kernels
import ModelPlans
import Testing

@testable import UNet

/// Which engines a request allows for a network, in which order, and what is said where it can't be met.
@Suite struct EngineRequestTests {
  private func words(_ engines: [NetworkEngine]) -> [String] { engines.map(\.identity.engine) }

  @Test func automaticTriesTheFastestFirstAndThenWhatTakesLess() throws {
    for description in TestNetworks.winograd {
      let candidates = try NetworkEngine.candidates(EngineRequest(), description: description)
      #expect(words(candidates) == ["winograd", "blas"])
      #expect(!candidates[0].isFallback && candidates[1].isFallback)
      #expect(candidates[0].reason.contains("fastest") && candidates[1].reason.contains("memory"))
      #expect(candidates[0].identity.features.instructionSet == InstructionSet.best.description)
    }
    let full = try NetworkEngine.candidates(EngineRequest(), description: TestNetworks.isotropic)
    let bytes = try full.map { try $0.bytes(folds: 5, threads: 2) }
    #expect(bytes[0] > bytes[1], "\(bytes)")
    #expect(try full[0].bytes(folds: 5, threads: 2) - full[0].bytes(folds: 4, threads: 2) == full[0].weightBytes())
  }

  @Test func anEngineThatWasAskedForStandsAlone() throws {
    for choice in [EngineChoice.blas, .winograd] {
      let candidates = try NetworkEngine.candidates(EngineRequest(choice), description: TestNetworks.flat)
      #expect(words(candidates) == [choice.rawValue])
      #expect(candidates[0].reason == "it was asked for" && !candidates[0].isFallback)
    }
  }

  @Test func aNetworkThatWinogradLeavesToBlasSaysWhy() throws {
    for isa in [nil, InstructionSet.portable] {
      let candidates = try NetworkEngine.candidates(
        EngineRequest(instructionSet: isa), description: TestNetworks.gelu)
      #expect(words(candidates) == ["blas"])
      #expect(candidates[0].isFallback && candidates[0].reason.contains("ReLU"))
      #expect(candidates[0].reason.contains("doesn't bind OpenBLAS") == (isa != nil))
    }
  }

  @Test func anInstructionSetHoldsWinograd() throws {
    for isa in InstructionSet.available {
      let engine = try NetworkEngine(.automatic, description: TestNetworks.flat, instructionSet: isa)
      #expect(engine.identity.description == "winograd/\(isa)")
    }
  }

  @Test func whatTheProcessorLacksIsOneSentence() throws {
    let request = EngineRequest(.automatic, instructionSet: .avx512)
    let error = #expect(throws: EngineRequestError.self) { try request.check(available: [.portable, .avx2]) }
    #expect(error == .missingInstructionSet(.avx512, available: [.portable, .avx2]))
    #expect(error?.description.contains("avx512 was asked for, but this processor has only") == true)
    #expect(error?.description.contains("avx2; ask for one of these") == true)
    try EngineRequest(.winograd, instructionSet: .avx2).check(available: [.portable, .avx2])
    try EngineRequest(.blas).check(available: [])
  }

  @Test func anInstructionSetWithBlasIsAContradiction() {
    #expect(throws: EngineRequestError.instructionSetOfBlas(.avx2)) {
      try EngineRequest(.blas, instructionSet: .avx2).check()
    }
  }

  @Test func namesInResultsHaveNoCommas() throws {
    let blas = try NetworkEngine(.blas, description: TestNetworks.flat).identity
    #expect(blas.description == "blas/\(InstructionSet.best)/\(OpenBLAS.coreName)")
    #expect(!blas.description.contains(","))
  }
}
