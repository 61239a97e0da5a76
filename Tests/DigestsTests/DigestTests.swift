import Digests
import Foundation
import Testing
import Testkit

@Suite("SHA-256 digests")
struct DigestTests {
  @Test("the vectors of FIPS 180-4's examples")
  func vectors() {
    #expect(
      Digest(of: Array("abc".utf8)).hexadecimal == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      Digest(of: [UInt8]()).hexadecimal == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(
      Digest(of: Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)).hexadecimal
        == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
  }

  @Test("pieces make the digest of the whole")
  func pieces() {
    var generator = SplitMix64(seed: 1)
    let bytes = (0..<10_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
    var hasher = DigestHasher()
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = rest.prefix(Int.random(in: 0...777, using: &generator))
      Array(piece).withUnsafeBytes { hasher.update($0) }
      rest = rest.dropFirst(piece.count)
    }
    #expect(hasher.finalize() == Digest(of: bytes))
  }

  @Test("only 64 lower-case hexadecimal digits are a digest")
  func spelling() throws {
    let good = String(repeating: "0f", count: 32)
    #expect(Digest(hexadecimal: good)?.description == good)
    for bad in [
      "", "0f", good + "0", good.uppercased(), String(repeating: "0g", count: 32), "../../" + good.dropFirst(6),
      String(repeating: "é", count: 32),
    ] {
      #expect(Digest(hexadecimal: bad) == nil)
    }
    let encoded = try JSONEncoder().encode([Digest(of: [1])])
    #expect(try JSONDecoder().decode([Digest].self, from: encoded) == [Digest(of: [1])])
    #expect(throws: DecodingError.self) { try JSONDecoder().decode([Digest].self, from: Data("[\"x\"]".utf8)) }
  }
}
