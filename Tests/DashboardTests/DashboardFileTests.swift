import Foundation
import Testing

@testable import Dashboard

@Suite("The dashboard's files")
struct DashboardFileTests {
  private var texts: [String: String] {
    Dictionary(uniqueKeysWithValues: DashboardFile.all.map { ($0.name, String(decoding: $0.bytes, as: UTF8.self)) })
  }

  @Test func whatTheFilesNameIsThere() throws {
    let texts = texts
    let names = Set(texts.keys)
    for (file, text) in texts where file.hasSuffix(".js") {
      for match in text.matches(of: #/from "\./([^"]+)"/#) {
        #expect(names.contains(String(match.1)), "\(file) imports \(match.1)")
      }
    }
    let page = try #require(texts["index.html"])
    for match in page.matches(of: #/(?:src|href)="([a-z.]+\.(?:js|css|svg))"/#) {
      #expect(names.contains(String(match.1)), "the page wants \(match.1)")
    }
    // A file that nobody names would be forgotten.
    for name in names where name != "index.html" {
      #expect(texts.contains { $0.key != name && $0.value.contains(name) }, "nobody uses \(name)")
    }
  }

  @Test func everyFileOfTheFolderIsServed() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/Dashboard")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasSuffix(".swift") }
    #expect(Set(files).isSubset(of: Set(texts.keys)), "\(Set(files).subtracting(texts.keys))")
  }

  @Test func nothingComesFromElsewhereAndNothingIsInline() throws {
    for (name, text) in texts {
      // The name space of SVG is a name, not an address.
      let addresses = text.replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "")
      #expect(!addresses.contains("http:") && !addresses.contains("https:") && !addresses.contains("//cdn"), "\(name)")
      #expect(!text.contains("innerHTML") && !text.contains("eval("), "\(name) makes markup or code from text")
    }
    let page = try #require(texts["index.html"])
    #expect(!page.contains("<style") && !page.contains(" style=") && !page.contains("onclick"))
    #expect(!DashboardFile.policy.contains("unsafe"))
  }

  @Test func tagsAreThoseOfTheBytes() {
    #expect(Set(DashboardFile.all.map(\.tag)).count == DashboardFile.all.count)
    #expect(DashboardFile.all.map(\.tag) == DashboardFile.all.map(\.tag))
  }
}
