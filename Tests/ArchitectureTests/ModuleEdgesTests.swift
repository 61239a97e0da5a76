import Foundation
import Testing
import Testkit

/// The edges between modules that Architecture.md allows, held against the imports of every source file.
@Suite struct ModuleEdgesTests {
  /// Module to the modules that it may import, from the block marked `edges`.
  private static func allowedEdges() throws -> [String: Set<String>] {
    let page = Fixtures.repository.appending(path: "Sources/tessera/Tessera.docc/Architecture.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    let block = try #require(
      text.components(separatedBy: "```edges\n").dropFirst().first?.components(separatedBy: "```").first)
    var edges: [String: Set<String>] = [:]
    for line in block.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      edges[String(parts[0])] = Set(parts[1].split(separator: " ").map(String.init))
    }
    return edges
  }

  private struct Import: Hashable {
    var module: String
    var isInternal: Bool
    var file: String
  }

  private static func imports(of module: String) throws -> [Import] {
    let folder = Fixtures.repository.appending(path: module == "Migrations" ? module : "Sources/\(module)")
    guard let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil) else { return [] }
    var found: [Import] = []
    for case let file as URL in files where file.pathExtension == "swift" {
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
        let words = line.split(separator: " ").map(String.init)
        guard let place = words.firstIndex(of: "import"), place + 1 < words.count,
          words[..<place].allSatisfy({ ["public", "internal", "private", "package"].contains($0) || $0.hasPrefix("@") })
        else { continue }
        found.append(
          Import(module: words[place + 1], isInternal: !words.contains("public"), file: file.lastPathComponent))
      }
    }
    return found
  }

  @Test func everyImportIsAnAllowedEdge() throws {
    let edges = try Self.allowedEdges()
    let swiftModules = Set(edges.keys)
    let modules = swiftModules.union(edges.values.joined())
    for (module, allowed) in edges {
      for found in try Self.imports(of: module) where modules.contains(found.module) {
        #expect(
          allowed.contains(found.module),
          "\(module)/\(found.file) imports \(found.module), which Architecture.md doesn't allow")
      }
    }
    #expect(swiftModules.count >= 20)
  }

  @Test func everyModuleOfThePackageIsInTheTable() throws {
    let edges = try Self.allowedEdges()
    let known = Set(edges.keys).union(edges.values.joined())
    let sources = try FileManager.default.contentsOfDirectory(
      at: Fixtures.repository.appending(path: "Sources"), includingPropertiesForKeys: nil)
    for folder in sources where !folder.lastPathComponent.hasPrefix(".") {
      #expect(
        known.contains(folder.lastPathComponent), "Sources/\(folder.lastPathComponent) is missing in Architecture.md")
    }
  }

  @Test func aCModuleHasOneSwiftImporterThatHidesIt() throws {
    let edges = try Self.allowedEdges()
    var importers: [String: Set<String>] = [:]
    for module in edges.keys {
      for found in try Self.imports(of: module) {
        let name = found.module
        guard name.first == "C", name.dropFirst().first?.isUppercase == true, name != "Commands" else { continue }
        importers[name, default: []].insert(module)
        #expect(found.isInternal, "\(module)/\(found.file) must import \(name) internally")
      }
    }
    for (module, users) in importers {
      #expect(users.count == 1, "\(module) is imported by \(users.sorted().joined(separator: ", "))")
    }
  }

  @Test func theTableHasNoCycles() throws {
    let edges = try Self.allowedEdges()
    var finished: Set<String> = []
    func visit(_ module: String, path: [String]) {
      guard !path.contains(module) else {
        Issue.record("a cycle: \((path + [module]).joined(separator: " → "))")
        return
      }
      guard !finished.contains(module) else { return }
      for next in edges[module] ?? [] { visit(next, path: path + [module]) }
      finished.insert(module)
    }
    for module in edges.keys { visit(module, path: []) }
  }
}
