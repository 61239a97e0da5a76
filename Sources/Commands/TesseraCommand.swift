public import ArgumentParser
internal import Digests

/// `tessera`: everything that a user types begins here.
public struct TesseraCommand: AsyncParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "tessera",
    abstract: "Segments medical volumes with trained nnU-Net v1 models on CPUs, on one machine or a fleet.",
    discussion: """
      On one machine, without any server:

        tessera predict -i brain.nii.gz -o out -d MODEL_DIR

      With a fleet (RabbitMQ, PostgreSQL, a shared folder):

        tessera init && export TESSERA_CONFIG=$PWD/tessera.json5
        tessera migrate up && tessera model add MODEL_DIR --name brain
        tessera up &
        tessera submit brain.nii.gz --model brain --wait

      `tessera COMMAND --help` has examples for each command, `tessera exit-codes` what scripts go by, `tessera manual` the manual page,
      `tessera --generate-completion-script bash` completions (or zsh, fish).
      """,
    version: SoftwareVersion.current,
    groupedSubcommands: [
      CommandGroup(
        name: "Local",
        subcommands: [
          PredictCommand.self, EnsembleCommand.self, PostprocessCommand.self, EvaluateCommand.self,
          DoctorCommand.self, BenchCommand.self,
        ]),
      CommandGroup(
        name: "Training",
        subcommands: [
          ConvertDecathlonCommand.self, PlanCommand.self, TrainCommand.self, FindBestConfigurationCommand.self,
          DeterminePostprocessingCommand.self, SubmitTrainingCommand.self, TrainingCommand.self,
        ]),
      CommandGroup(
        name: "Study",
        subcommands: [
          ModelCommand.self, SubmitCommand.self, StatusCommand.self, CancelCommand.self, ReportCommand.self,
          VerifyCommand.self, CompareCommand.self,
        ]),
      CommandGroup(
        name: "Process",
        subcommands: [
          UpCommand.self, DispatcherCommand.self, WorkerCommand.self, AggregatorCommand.self, TrainerCommand.self,
          ServeCommand.self, IngestCommand.self, EventsCommand.self, WatchCommand.self, ComputeCommand.self,
        ]),
      CommandGroup(
        name: "Operator",
        subcommands: [
          InitCommand.self, MigrateCommand.self, TopCommand.self, WorkersCommand.self, PauseCommand.self,
          ResumeCommand.self, DlqCommand.self, QuarantineCommand.self, LedgerCommand.self, CleanCommand.self,
          RetentionCommand.self, TokenCommand.self, WebhooksCommand.self, ChaosCommand.self,
        ]),
      CommandGroup(
        name: "Analyst", subcommands: [QueryCommand.self, DictionaryCommand.self, AnalystCommand.self]),
      CommandGroup(name: "Help", subcommands: [ExitCodesCommand.self, ManualCommand.self]),
    ])

  public init() {}
}

extension TesseraCommand {
  /// Runs what was typed, and ends the process.
  public static func launch() async {
    CryptoLibrary.keepUntilExit()
    if let mistake = UnknownCommand.mistake(in: Array(CommandLine.arguments.dropFirst())) { exit(withError: mistake) }
    await main()
  }
}
