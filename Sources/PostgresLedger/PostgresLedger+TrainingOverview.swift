public import FleetContracts
internal import Foundation

extension PostgresLedger {
  public func trainingOverview() async throws -> TrainingOverview {
    try await pool.transaction { database in
      // One snapshot for all counts: of a training that is submitted meanwhile, none sees only a part.
      try database.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
      let now: Date? = try database.execute("SELECT extract(epoch FROM now()) AS now").first?.value("now")
      return TrainingOverview(
        at: now ?? Date(), jobs: try database.trainingJobCounts(), inWork: try database.trainingJobsInWork(),
        pausedJobs: try database.pausedTrainingJobs())
    }
  }
}

extension PostgresConnection {
  fileprivate func trainingJobCounts() throws -> [TrainingOverview.JobCount] {
    let counts = try execute("SELECT state, count(*) FROM fleet.training_jobs GROUP BY 1").map { row in
      TrainingOverview.JobCount(state: try row.value("state"), count: try row.value("count"))
    }
    return TrainingJobState.allCases.compactMap { state in counts.first { $0.state == state } }
  }

  fileprivate func pausedTrainingJobs() throws -> Int {
    let rows = try execute(
      """
      SELECT count(*) FROM fleet.trainings t JOIN fleet.training_jobs j ON j.training = t.id
      WHERE t.state = 'running' AND j.state = 'ready'
        AND EXISTS (SELECT FROM fleet.pauses p WHERE p.kind = 'all' OR (p.kind = 'tenant' AND p.name = t.tenant))
      """)
    return try rows.first?.value("count") ?? 0
  }

  fileprivate func trainingJobsInWork() throws -> [TrainingJobInWork] {
    try execute(
      """
      SELECT t.id, t.tenant, t.task, t.model_name, (t.spec->>'epochs')::integer AS planned, j.position, j.kind,
             j.configuration, j.fold, j.epochs, j.final_seconds, j.worker, e.training_loss, e.validation_loss, e.dice, e.epoch_seconds,
             extract(epoch FROM e.at) AS at, extract(epoch FROM j.published_at) AS handed_out_at
      FROM fleet.training_jobs j JOIN fleet.trainings t ON t.id = j.training
      LEFT JOIN LATERAL (
        SELECT (array_agg(x.training_loss ORDER BY x.epoch DESC))[1] AS training_loss,
               (array_agg(x.validation_loss ORDER BY x.epoch DESC))[1] AS validation_loss,
               (array_agg(x.dice ORDER BY x.epoch DESC))[1] AS dice,
               (array_agg(x.at ORDER BY x.epoch DESC))[1] AS at, avg(x.seconds) AS epoch_seconds
        FROM (SELECT * FROM fleet.training_epochs e
              WHERE e.training = j.training AND e.position = j.position AND e.epoch < j.epochs
              ORDER BY e.epoch DESC LIMIT \(TrainingJobInWork.window)) x) e ON true
      WHERE j.state = 'running' ORDER BY t.submitted_at, t.id, j.position LIMIT \(TrainingOverview.mostJobs)
      """
    ).map { row in
      guard
        let work = TrainingWork(
          kind: try row.value("kind"), configuration: try row.optional("configuration"),
          fold: try row.optional("fold"))
      else { throw PostgresError(cause: .statement, message: "reading a training's job: an unknown kind.") }
      var latest: TrainingJobInWork.Latest?
      if let at = try row.optional("at", as: Date.self) {
        latest = TrainingJobInWork.Latest(
          trainingLoss: try row.optional("training_loss"), validationLoss: try row.optional("validation_loss"),
          dice: try row.optional("dice"), epochSeconds: try row.value("epoch_seconds"), at: at)
      }
      return TrainingJobInWork(
        training: try row.value("id"), tenant: try row.value("tenant"), task: try row.value("task"),
        model: try row.value("model_name"), job: try row.value("position"), work: work,
        epochs: try row.value("epochs"), plannedEpochs: try row.value("planned"),
        finalSeconds: try row.optional("final_seconds"), worker: try row.optional("worker") ?? "",
        handedOutAt: try row.optional("handed_out_at"), latest: latest)
    }
  }
}
