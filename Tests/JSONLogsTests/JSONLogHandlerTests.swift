import Foundation
import JSONLogs
import Logging
import Synchronization
import Testing

@Suite struct JSONLogHandlerTests {
  private final class Lines: Sendable {
    let all = Mutex<[String]>([])
  }

  private func logged(_ body: (inout Logger) -> Void) -> [String] {
    let lines = Lines()
    var logger = Logger(label: "tessera.worker") { _ in
      JSONLogHandler(
        role: "worker", now: { Date(timeIntervalSince1970: 1_700_000_000.25) },
        write: { line in lines.all.withLock { $0.append(line) } })
    }
    body(&logger)
    return lines.all.withLock { $0 }
  }

  @Test func aLineIsOneObjectWithFactsInSnakeCase() {
    let lines = logged { logger in
      logger[metadataKey: "trace_id"] = "4bf92f35"
      logger.info("run completed", metadata: ["run": "a", "labelVoxels": "12", "http.port": "\(80)"])
    }
    #expect(
      lines == [
        #"{"time":"2023-11-14T22:13:20.250Z","level":"info","role":"worker","message":"run completed","http_port":"80","label_voxels":"12","run":"a","trace_id":"4bf92f35"}"#
          + "\n"
      ])
  }

  @Test func anyTextIsReadBackByAParser() throws {
    let evil = "a\"b\\c\n\r\t\u{0}\u{1B}[31m\u{2028}é🧠"
    let line = try #require(
      logged { $0.warning("said", metadata: ["text": "\(evil)", "list": ["x", .dictionary(["aB": "\(evil)"])]]) }.first)
    #expect(line.split(whereSeparator: \.isNewline).count == 1)
    struct Line: Decodable {
      enum Item: Decodable, Equatable {
        case text(String)
        case members([String: String])
        init(from decoder: any Decoder) throws {
          let container = try decoder.singleValueContainer()
          if let text = try? container.decode(String.self) {
            self = .text(text)
          } else {
            self = .members(try container.decode([String: String].self))
          }
        }
      }
      var text: String
      var list: [Item]
    }
    let read = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
    #expect(read.text == evil)
    #expect(read.list == [.text("x"), .members(["a_b": evil])])
  }

  @Test func aFactCannotHideTheMessage() {
    let line = logged { $0.error("broken", metadata: ["message": "m-1", "level": "low"]) }.first ?? ""
    #expect(line.contains(#""message":"broken","level_":"low","message_":"m-1"}"#))
  }

  @Test func whatIsBelowTheLevelIsNotWritten() {
    #expect(
      logged { logger in
        logger.logLevel = .notice
        logger.info("quiet")
      }.isEmpty)
  }
}
