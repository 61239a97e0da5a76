internal import ArgumentParser

/// `tessera trainer`
struct TrainerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trainer",
    abstract: "Trains folds that `tessera submit-training` asked for; runs until SIGTERM, then hands its fold back.",
    discussion: """
      Needs broker and store, never the database. Start as many as you like, anywhere; each trains one fold at a time. One that is killed is
      followed by another, which goes on from the last checkpoint and comes to the same bits, on processors of one instruction set.

        tessera trainer --threads 16
      """)

  @OptionGroup var fleet: FleetOptions
  @OptionGroup var compute: ComputeOptions

  func run() async throws { try await RoleRunner.run([.trainer], "trainer", fleet, compute.flags) }
}
