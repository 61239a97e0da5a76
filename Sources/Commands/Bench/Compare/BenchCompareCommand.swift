internal import ArgumentParser
internal import UNet

/// `tessera bench compare`
struct BenchCompareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Times one forward pass in Tessera's engines and in others, in turn.",
    discussion: """
      Each round runs every engine once, in a process of its own that warms up before it times --runs passes; the medians of all rounds count.
      Tests/Peers/make_model.py writes models for it. The peers are PyTorch, ONNX Runtime and OpenVINO as far as the given Python has them; it
      runs Tests/Peers/forward.py, so start it from the top folder of a checkout.

        tessera bench compare --model MODEL_DIR --threads 1,2 --peer python3
        tessera bench compare --model MODEL_DIR --engines winograd,winograd:avx2,blas --peer python3 --rounds 5 --json
      """)

  @Option(
    help: ArgumentHelp("A trained model's folder, with input.f32 and logits.f32.", valueName: "dir"),
    completion: .directory)
  var model: String

  @Option(help: ArgumentHelp("Numbers of compute threads, with commas between.", valueName: "n,n"))
  var threads = ListArgument([ThreadCount(1), ThreadCount(2)])

  @Option(
    help: ArgumentHelp(
      "Tessera's engines, with commas between: automatic, winograd, blas, or winograd:ISA; ratios are to each of them.",
      valueName: "engines"))
  var engines = ListArgument([OwnEngine(EngineRequest())])

  @Option(help: ArgumentHelp("Also runs the peers with this Python.", valueName: "python"))
  var peer: String?

  @Option(help: "Rounds: each runs all engines once.")
  var rounds = 3

  @Option(help: "Timed passes of a process, after one that isn't.")
  var runs = 3

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    guard rounds >= 1, runs >= 1 else { throw ValidationError("--rounds and --runs must be at least 1.") }
  }

  func run() async throws {
    try await Failures.reported {
      var contestants = engines.values.map(Contestant.ours)
      if let peer { contestants += try ForwardPeers(python: peer).find().map(Contestant.peer) }
      let contest = Contest(model: model, rounds: rounds, runs: runs, contestants: contestants)
      let comparison = try contest.run(threads: threads.values.map(\.count)) { Output.note($0) }
      if json { return try Output.json(comparison) }
      Output.line(comparison.rendered())
    }
  }
}
