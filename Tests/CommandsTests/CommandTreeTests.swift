import ArgumentParser
import Foundation
import Testing
import Testkit

@testable import Commands

/// What holds for all commands, so that a new one can't be forgotten.
@Suite struct CommandTreeTests {
  private let leaves: [CommandDescription.Place]

  init() throws { leaves = try CommandDescription.program().leaves() }

  /// Those that print no result: they run until they are stopped, or print a page for another program.
  private static let withoutResult: Set = [
    "tessera up", "tessera dispatcher", "tessera worker", "tessera aggregator", "tessera serve", "tessera ingest",
    "tessera events", "tessera watch", "tessera trainer", "tessera manual",
  ]

  @Test func eachCommandShowsACallOfItsOwn() {
    #expect(leaves.count > 60)
    for leaf in leaves {
      #expect(leaf.command.examples.contains { $0.hasPrefix(leaf.title) }, "\(leaf.title) has no example")
      #expect(leaf.command.abstract?.isEmpty == false, "\(leaf.title)")
    }
  }

  @Test func theParserTakesEachExample() throws {
    var count = 0
    for example in leaves.flatMap(\.command.examples) {
      for call in ShellWords.calls(in: example) where call.first == "tessera" {
        let words = Array(call.dropFirst())
        #expect(UnknownCommand.mistake(in: words) == nil, "\(example)")
        #expect(throws: Never.self, "\(example)") { try TesseraCommand.parseAsRoot(words) }
        count += 1
      }
    }
    #expect(count > 100)
  }

  @Test func eachOptionAndArgumentIsExplained() {
    for leaf in leaves {
      for argument in leaf.command.shownArguments {
        #expect(argument.abstract?.isEmpty == false, "\(leaf.title) \(argument.title)")
      }
    }
  }

  @Test func eachCommandWithAResultPrintsItAsJSON() {
    for leaf in leaves where !Self.withoutResult.contains(leaf.title) {
      #expect(
        leaf.command.shownArguments.contains { $0.names?.contains { $0.word == "--json" } == true }, "\(leaf.title)")
    }
    #expect(Self.withoutResult.isSubset(of: leaves.map(\.title)))
  }

  @Test func thePageJSONOutputHasEachOfThem() throws {
    let page = try String(
      contentsOf: Fixtures.repository.appending(path: "Sources/tessera/Tessera.docc/JSONOutput.md"), encoding: .utf8)
    let rows = page.matches(of: #/(?m)^\| `([a-z -]+)` \|/#).map { "tessera \($0.1)" }
    #expect(Set(rows) == Set(leaves.map(\.title)).subtracting(Self.withoutResult))
    #expect(Set(rows).count == rows.count)
  }

  @Test func thePageOperationsHasEachExitCode() throws {
    let page = try String(
      contentsOf: Fixtures.repository.appending(path: "Sources/tessera/Tessera.docc/Operations.md"), encoding: .utf8)
    for code in ExitCodes.all { #expect(page.contains("| \(code.code) | \(code.name) |"), "\(code.code)") }
  }

  @Test func theProgramsHelpNamesEachGroupAndFitsALine() {
    let help = TesseraCommand.helpMessage(columns: 100)
    for group in TesseraCommand.configuration.groupedSubcommands {
      #expect(help.uppercased().contains(group.name.uppercased()), "\(group.name)")
    }
    #expect(help.split(separator: "\n").allSatisfy { $0.count <= 100 })
  }

  @Test(arguments: [
    (["predct"], "predict"), (["model", "lst"], "list"), (["help", "statsu"], "status"),
    (["migrate", "vali"], "validate"),
  ])
  func aMistypedCommandIsAnsweredWithTheOneThatWasMeant(words: [String], meant: String) {
    #expect(UnknownCommand.mistake(in: words)?.message.contains("Did you mean \(meant)?") == true)
  }

  @Test func wordsThatAreNoCommandsPass() {
    for words in [[], ["--version"], ["status", "x"], ["model", "--help"], ["help"], ["help", "model", "add"]] {
      #expect(UnknownCommand.mistake(in: words) == nil, "\(words)")
    }
    #expect(UnknownCommand.mistake(in: ["xyzzy"])?.message.contains("Did you mean") == false)
  }

  @Test func aMistypedOptionIsAnsweredWithTheOneThatWasMeant() {
    let error = #expect(throws: (any Error).self) {
      try TesseraCommand.parseAsRoot(["predict", "-i", "a", "-o", "b", "-d", "c", "--repotr"])
    }
    #expect(error.map { TesseraCommand.fullMessage(for: $0) }?.contains("Did you mean '--report'") == true)
  }
}

/// What a shell would make of a line of the help.
private enum ShellWords {
  /// The words of each call of a line: comments, redirections and `$(…)` aside.
  static func calls(in line: String) -> [[String]] {
    var calls: [[String]] = [[]]
    var word = ""
    var isWord = false
    var quote: Character?
    func end() {
      if isWord { calls[calls.count - 1].append(word) }
      (word, isWord) = ("", false)
    }
    var rest = line[...]
    while let letter = rest.popFirst() {
      if let open = quote {
        if letter == open { quote = nil } else { word.append(letter) }
      } else if letter == "'" || letter == "\"" {
        (quote, isWord) = (letter, true)
      } else if letter == " " {
        end()
      } else if letter == "#", !isWord {
        break
      } else if "|&>;".contains(letter) {
        end()
        if letter == ">" { rest = rest.drop { $0 == " " }.drop { $0 != " " } } else { calls.append([]) }
      } else {
        word.append(letter)
        isWord = true
      }
    }
    end()
    return calls
  }
}
