import Foundation
import Pickles
import Testing
import Testkit

/// Pickles that would harm whoever loads them with Python. Each must end in an error, in well under a second.
@Suite("Hostile pickles")
struct HostilePickleTests {
  typealias Make = PickleAssembler

  private func load(_ pickle: PickleAssembler, policy: PicklePolicy = .torchCheckpoint) throws -> PickleValue {
    // The thread's own time, so that a busy machine doesn't matter.
    let begin = ThreadTime.seconds
    defer { #expect(ThreadTime.seconds - begin < 1) }
    return try Pickle.load(pickle.bytes, policy: policy)
  }

  private func refusal(_ pickle: PickleAssembler) -> PickleError? {
    do {
      _ = try load(pickle)
      return nil
    } catch {
      return error as? PickleError
    }
  }

  @Test("a name in an error can't begin a line, move the cursor or fill the terminal")
  func quotedNames() {
    for name in ["a\tb\u{1B}[2J", "\u{202E}", String(repeating: "x", count: 250)] {
      for pickle in [Make.global(name, name), Make.raw(0x80, 4) + Make.stackGlobal(name, name)] {
        guard let sentence = refusal(pickle)?.description else {
          Issue.record("a name was accepted")
          continue
        }
        #expect(sentence.count < 350)
        #expect(sentence.unicodeScalars.allSatisfy { $0.value >= 32 && $0 != "\u{202E}" })
      }
    }
  }

  @Test(
    "a name that isn't on the list is refused by every instruction that can mention one, and the error names it",
    arguments: [
      ("os", "system"), ("posix", "system"), ("builtins", "eval"), ("builtins", "exec"), ("__builtin__", "getattr"),
      ("subprocess", "Popen"), ("numpy", "load"), ("numpy.core.multiarray", "fromfile"), ("torch", "load"),
      ("torch.hub", "load"), ("collections", "OrderedDict.__class__"), ("_codecs", "decode"), ("", ""),
    ])
  func names(_ module: String, _ name: String) {
    let call = Make("(Vid\ntR.")
    let pickles = [
      Make.global(module, name) + call,
      Make.raw(0x80, 4) + Make.stackGlobal(module, name) + call,
      Make("(Vid\ni\(module)\n\(name)\n."),
      Make("(") + Make.global(module, name) + Make("Vid\no."),
      Make.global(module, name) + Make(")") + Make.raw(0x81) + Make("."),
      // Hidden behind values that are fine.
      Make("(lp0\nI1\na") + Make.global(module, name) + Make("."),
    ]
    for pickle in pickles {
      guard case .refusedGlobal(let global, _)? = refusal(pickle) else {
        Issue.record("\(module).\(name) wasn't refused by its name")
        continue
      }
      #expect(global == PickleGlobal(module, name))
    }
  }

  @Test("names of torch are refused in a pickle of plain values")
  func plainPolicy() {
    #expect(throws: PickleError.self) { try load(Make.global("torch", "FloatStorage") + Make("."), policy: .plain) }
    #expect(throws: PickleError.self) { try load(Make("K\u{1}Q."), policy: .plain) }
  }

  @Test("allowed names can't be used for anything else")
  func misusedNames() {
    let orderedDict = Make.global("collections", "OrderedDict")
    let pickles = [
      // Making objects without REDUCE.
      orderedDict + Make(")") + Make.raw(0x81) + Make("."),
      orderedDict + Make(")}") + Make.raw(0x92) + Make("."),
      Make("(") + orderedDict + Make("o."),
      Make("(icollections\nOrderedDict\n."),
      // Arguments that nobody writes.
      orderedDict + Make("((lp0\ntR."),
      Make.global("_codecs", "encode") + Make("(Vabc\nVrot13\ntR."),
      Make.global("_codecs", "encode") + Make("(V\\u4e2d\nVlatin1\ntR."),
      Make.global("builtins", "bytes") + Make("(I1000000000\ntR."),
      Make.global("numpy", "ndarray") + Make("((I1000000\nI1000000\nttR."),
      Make.global("numpy", "dtype") + Make("(VO8\nI0\nI1\ntR."),
      Make.global("numpy", "dtype") + Make("(V>f8\nI0\nI1\ntR."),
      Make.global("torch", "FloatStorage") + Make("(I1000000000\ntR."),
      // Calling what isn't a function.
      Make("Vos.system\n(Vid\ntR."), Make("I1\n)R."), Make("])R."),
      // State for what has none.
      Make("]}b."), Make("I1\n}b."), orderedDict + Make("}b."),
      // Unknown ways out of the pickle.
      Make.raw(0x82, 1) + Make("."), Make("Pkey\n."), Make.raw(0x97) + Make("."), Make.raw(0xFF) + Make("."),
    ]
    for pickle in pickles { #expect(refusal(pickle) != nil, "\(pickle.bytes)") }
  }

  @Test("a length beyond the pickle's end is refused before memory is taken for it")
  func lengths() {
    let huge: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]
    for code: UInt8 in [0x8D, 0x8E, 0x96, 0x95] {
      for length in [huge, [UInt8](repeating: 0xFF, count: 8), [5, 0, 0, 0, 0, 0, 0, 0]] {
        guard case .truncated? = refusal(Make.raw([code] + length) + Make("ab.")) else {
          Issue.record("the instruction \(code) took the length \(length)")
          continue
        }
      }
    }
    for code: UInt8 in [0x58, 0x42, 0x54, 0x8B] {
      #expect(refusal(Make.raw([code, 0xFF, 0xFF, 0xFF, 0x7F]) + Make("ab.")) != nil)
      #expect(refusal(Make.raw([code, 0xFF, 0xFF, 0xFF, 0xFF]) + Make("ab.")) != nil)
    }
    for code: UInt8 in [0x8C, 0x43, 0x55, 0x8A] { #expect(refusal(Make.raw(code, 255) + Make("ab.")) != nil) }
  }

  @Test("an array's shape must be that of its bytes, whatever its product")
  func arrayShapes() {
    let dtype = Make.global("numpy", "dtype") + Make("(Vf8\nI0\nI1\ntR(I3\nV<\nNNNI-1\nI-1\nI0\ntb")
    let eight = Make.raw([0x43, 8] + [UInt8](repeating: 0, count: 8))
    for shape in [
      "I2\n", "I-1\n", "I0\n", "I4611686018427387904\nI4\n", "I4294967296\nI4294967296\n",
      "I9223372036854775807\n", "V1\n", "N", String(repeating: "I1\n", count: 70),
    ] {
      let pickle =
        Make.global("numpy.core.multiarray", "_reconstruct") + Make("(") + Make.global("numpy", "ndarray")
        + Make("(I0\ntVb\ntR(I1\n(\(shape)t") + dtype + Make("I00\n") + eight + Make("tb.")
      #expect(refusal(pickle) != nil, "\(shape)")
    }
    // Begun and never filled.
    #expect(
      refusal(
        Make.global("numpy.core.multiarray", "_reconstruct") + Make("(") + Make.global("numpy", "ndarray")
          + Make("(I0\ntVb\ntR.")) != nil)
  }

  @Test("nesting is bounded, so that nothing overflows the stack")
  func nesting() throws {
    let deep = Make("]") * 1_000_000 + Make("a") * 999_999 + Make(".")
    guard case .limitExceeded? = refusal(deep) else {
      Issue.record("a million nested lists")
      return
    }
    #expect(refusal(Make("(") * 100_000 + Make("t") * 100_000 + Make(".")) != nil)
    #expect(refusal(Make(")") + Make.raw(0x85) * 500_000 + Make(".")) != nil)
    // The depth that is allowed is: a list, and 199 lists in it.
    let allowed = Make("]") * 200 + Make("a") * 199 + Make(".")
    _ = try load(allowed)
    #expect(refusal(Make("]") * 201 + Make("a") * 200 + Make(".")) != nil)
  }

  @Test("a value that contains itself is refused")
  func cycles() {
    #expect(refusal(Make("]q\u{0}h\u{0}a.")) == .cyclic)
    #expect(refusal(Make("}q\u{0}I1\nh\u{0}s.")) == .cyclic)
    #expect(refusal(Make("]q\u{0}(h\u{0}tq\u{1}a.")) == .cyclic)
  }

  @Test("sharing can't blow a small pickle up")
  func memoBombs() {
    // Pairs of the same pair, 40 times: 2^40 elements as a tree.
    #expect(refusal(Make("I1\n") + (Make("2") + Make.raw(0x86)) * 40 + Make(".")) != nil)
    // Lists of the same list, a thousand times each: 10^9 elements.
    let wide = Make("]q\u{0}0]q\u{1}(") + Make("h\u{0}") * 1000 + Make("e0]q\u{2}(") + Make("h\u{1}") * 1000
    #expect(refusal(wide + Make("e0](") + Make("h\u{2}") * 1000 + Make("e.")) != nil)
    // A long text that is encoded again and again.
    let long = Make("V" + String(repeating: "x", count: 100_000) + "\nq\u{0}0")
    let encode = Make.global("_codecs", "encode") + Make("q\u{1}0Vlatin1\nq\u{2}0")
    let again = (Make("h\u{1}h\u{0}h\u{2}") + Make.raw(0x86) + Make("R0")) * 100_000
    #expect(refusal(long + encode + again + Make("N.")) != nil)
    // A long tuple of arguments that is passed again and again.
    let arguments = Make("(") + Make("N") * 500_000 + Make("tq\u{0}0")
    let call = Make.global("torch._utils", "_rebuild_tensor_v2") + Make("q\u{1}0") + Make("h\u{1}h\u{0}R0") * 200_000
    #expect(refusal(arguments + call + Make("N.")) != nil)
    // A long key in many dictionaries, on many levels: each level alone is small enough.
    let level = Make("](") + Make("}h\u{0}Ns") * 600 + Make("e")
    let levels = (Make("](") + level) * 150 + Make("N") + Make("e") * 150
    #expect(refusal(long + levels + Make(".")) != nil)
    // As many keys as fit, all the same: one entry, no harm.
    _ = refusal(Make("}(") + Make("I1\nI1\n") * 100_000 + Make("u."))
  }

  @Test("the stack's and the memo's bounds are kept")
  func underflow() {
    for text in [
      ".", "0.", "t.", "a.", "]a.", "s.", "}s.", "u.", "}(I1\nu.", "R.", ")R.", "b.", "h\u{5}.", "g99999999999\n.",
      "2.", "1.", "e.", "(a.", "](]e.", "q\u{0}.", "(.", "](0.", "I1\n(0.", "p\n.", "Ix\n.", "L5X\n.", "Fnope\n.",
      "S'a\n.",
      "V\\uzzzz\n.", "",
    ] {
      _ = refusal(Make(text))
    }
    #expect(refusal(Make(".")) != nil)
    #expect(refusal(Make("h\u{5}.")) != nil)
    #expect(refusal(Make("(a.")) != nil)
    #expect(refusal(Make.raw(0x80, 6) + Make("N.")) != nil)
    // A memo number of four bytes takes no memory for the numbers before it.
    #expect(refusal(Make("Nr") + Make.raw(0xFF, 0xFF, 0xFF, 0xFF) + Make(".")) == nil)
  }

  @Test("more instructions than anything of nnU-Net has are refused quickly")
  func instructions() {
    #expect(refusal(Make("N0") * 1_100_000 + Make("N.")) != nil)
    #expect(refusal(Make("](") + Make("N") * 1_900_000 + Make("e.")) == nil)
    #expect(refusal(Make("}(") + Make("M\u{1}\u{2}N") * 900_000 + Make("u.")) == nil)
    #expect(refusal(Make("]") * 1_900_000 + Make(".")) == nil)
  }

  @Test("every prefix of a real pickle is refused, and the whole is read")
  func prefixes() throws {
    let url = Fixtures.directory.appending(path: "Task501/model/plans.pkl")
    let bytes = [UInt8](try Data(contentsOf: url))
    for count in 0..<bytes.count {
      #expect(throws: PickleError.self) { try Pickle.load(Array(bytes[..<count])) }
    }
    _ = try Pickle.load(bytes)
  }

  @Test("thousands of flipped and cut pickles are read or refused")
  func fuzz() throws {
    var generator = SplitMix64(seed: 501)
    var seeds: [[UInt8]] = ProtocolFixtures.base64.keys.sorted().compactMap { name in
      ProtocolFixtures.base64[name].flatMap { Data(base64Encoded: $0.replacing("\n", with: "")) }.map { [UInt8]($0) }
    }
    for path in [
      "Task501/model/plans.pkl", "demo/model/all/model_final_checkpoint.model.pkl",
      "Task501/expected/Task501-3d_fullres-f0-nomirror/colin_small.pkl",
    ] { seeds.append([UInt8](try Data(contentsOf: Fixtures.directory.appending(path: path)))) }
    var read = 0
    var refused = 0
    for round in 0..<6000 {
      let bytes = Mutation.mutate(seeds[round % seeds.count], using: &generator)
      do {
        // Walking the value is bounded too.
        var hasher = Hasher()
        try Pickle.load(bytes, policy: .torchCheckpoint).hash(into: &hasher)
        _ = hasher.finalize()
        read += 1
      } catch {
        refused += 1
      }
    }
    #expect(read + refused == 6000)
    #expect(read > 100 && refused > 100)
  }
}
