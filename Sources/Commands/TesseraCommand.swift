public import ArgumentParser

/// `tessera`: everything that a user types begins here.
public struct TesseraCommand: AsyncParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "tessera",
    abstract: "Segments medical volumes with trained nnU-Net v1 models on CPUs, on one machine or a fleet.",
    discussion: """
      On one machine, without any server:
        tessera predict -i brain.nii.gz -o out -d MODEL_DIR
      With a fleet (RabbitMQ, PostgreSQL, a shared folder):
        tessera migrate up && tessera model add MODEL_DIR --name brain
        tessera up &
        tessera submit brain.nii.gz --model brain --wait
      """,
    version: SoftwareVersion.current,
    subcommands: [
      PredictCommand.self, ConvertDecathlonCommand.self, PlanCommand.self, TrainCommand.self, EnsembleCommand.self,
      PostprocessCommand.self, EvaluateCommand.self,
      FindBestConfigurationCommand.self, DeterminePostprocessingCommand.self, ModelCommand.self, SubmitCommand.self,
      StatusCommand.self, TopCommand.self, WorkersCommand.self, CancelCommand.self, PauseCommand.self,
      ResumeCommand.self, DlqCommand.self, QuarantineCommand.self, LedgerCommand.self, VerifyCommand.self,
      ReportCommand.self, CleanCommand.self,
      QueryCommand.self, CompareCommand.self, AnalystCommand.self, DictionaryCommand.self, RetentionCommand.self,
      MigrateCommand.self, DispatcherCommand.self,
      WorkerCommand.self,
      AggregatorCommand.self, EventsCommand.self, IngestCommand.self, WatchCommand.self, WebhooksCommand.self,
      UpCommand.self, ServeCommand.self, TokenCommand.self, ComputeCommand.self, DoctorCommand.self, BenchCommand.self,
      ChaosCommand.self,
    ])

  public init() {}
}
