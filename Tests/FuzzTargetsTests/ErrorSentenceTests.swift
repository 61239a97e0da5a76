import Foundation
import Testing

@testable import FuzzTargets

/// What the fuzzer takes for a clear sentence.
@Suite("Sentences of errors") struct ErrorSentenceTests {
  private struct Wrong: Error, CustomStringConvertible { var description: String }

  @Test func aSentenceIsOneLineOfReasonableLength() {
    #expect(ErrorSentence.fault(of: Wrong(description: "The file 'größer.nii' ends too early; copy it again.")) == nil)
    #expect(ErrorSentence.fault(of: Wrong(description: "")) != nil)
    #expect(ErrorSentence.fault(of: Wrong(description: "two\nlines")) != nil)
    #expect(ErrorSentence.fault(of: Wrong(description: "a cursor that moves: \u{1B}[2J")) != nil)
    #expect(ErrorSentence.fault(of: Wrong(description: "\u{202E}turned")) != nil)
    #expect(ErrorSentence.fault(of: Wrong(description: String(repeating: "x", count: 10_000))) != nil)
  }

  @Test func foundationsOwnErrorsAreNone() {
    #expect(ErrorSentence.fault(of: CocoaError(.fileNoSuchFile)) != nil)
    let context = DecodingError.Context(codingPath: [], debugDescription: "no")
    #expect(ErrorSentence.fault(of: DecodingError.dataCorrupted(context)) != nil)
  }
}
