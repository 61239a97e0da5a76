import Foundation
import Testkit

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// What a role answers by HTTP.
struct WatchedProcess {
  let port: Int

  init() throws { port = try LoopbackPort.free() }

  var listen: String { "127.0.0.1:\(port)" }

  /// Code 0 when nobody answers.
  func get(_ path: String) async -> (code: Int, text: String) {
    guard let url = URL(string: "http://\(listen)\(path)") else { return (0, "") }
    do {
      let (data, response) = try await URLSession.shared.data(from: url)
      return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
    } catch {
      return (0, "\(error)")
    }
  }

  /// Asks until the answer has this code.
  func wait(for code: Int, at path: String, within seconds: Double) async throws -> String {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while true {
      let answer = await get(path)
      if answer.code == code { return answer.text }
      guard ContinuousClock.now < deadline else { throw TimeOut(what: "\(path) to answer \(code)", last: answer.text) }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  struct TimeOut: Error, CustomStringConvertible {
    var what: String
    var last: String
    var description: String { "waited in vain for \(what); it said: \(last)" }
  }
}
