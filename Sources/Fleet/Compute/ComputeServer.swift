internal import FleetContracts
internal import Foundation
public import Processes

/// The process that computes for one slot of a worker: its side of the conversation.
public struct ComputeServer: Sendable {
  private let predictor: any TilePredicting
  private let finish: @Sendable () async -> Void

  /// - Parameters:
  ///   - predictor: what computes.
  ///   - finish: called when the worker wants no more tiles; returns when nothing is left to be done.
  public init(predictor: any TilePredicting, finish: @escaping @Sendable () async -> Void) {
    self.predictor = predictor
    self.finish = finish
  }

  /// Computes one tile after the other until the worker wants no more.
  /// - Parameter requests: lines of the worker.
  /// - Throws: `DecodingError` for a request of another version: the worker was replaced while it ran.
  public func run(_ requests: some AsyncSequence<[UInt8], Never>, on channel: LineChannel) async throws {
    _ = channel.send(try ComputeReply.ready.line())
    for try await line in requests {
      switch try ComputeRequest(line: line) {
      case .predict(let job):
        _ = channel.send(try ComputeReply.begun.line())
        _ = channel.send(try await reply(to: job).line())
      case .finish: return await finish()
      }
    }
  }

  private func reply(to job: TileJob) async -> ComputeReply {
    do {
      return .computed(try await predictor.predict(job))
    } catch {
      return .failed(RunFailure(error))
    }
  }
}
