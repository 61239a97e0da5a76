internal import Digests
public import FleetContracts
internal import Foundation

extension PostgresLedger {
  public func submit(
    _ spec: TrainingSpec, key: String?, tenant: Tenant
  ) async throws -> TrainingSubmissionReceipt {
    try spec.check()
    // Made here and not by the database: when the answer to the commit is lost, the second try finds its own training.
    let id = TrainingID()
    let content = try spec.contentDigest
    let board = TrainingBoard(spec)
    return try await pool.transaction { database in
      let added = try database.execute(
        """
        INSERT INTO fleet.trainings (id, tenant, task, model_name, data, spec, request_digest, idempotency_key)
        VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8) ON CONFLICT DO NOTHING
        """, [id, tenant, spec.task, spec.model, spec.data, try SQLJSON(spec), content, key])
      if added.affected == 1 {
        try database.insert(board.jobs, of: id)
        return TrainingSubmissionReceipt(training: id, isNew: true)
      }
      let rows = try database.execute(
        """
        SELECT id, request_digest FROM fleet.trainings WHERE id = $1 OR (tenant = $2 AND idempotency_key = $3)
        """, [id, tenant, key])
      guard let row = rows.first else {
        throw PostgresError(cause: .contention, message: "a training with this key went away meanwhile")
      }
      let known: TrainingID = try row.value("id")
      guard try row.value("request_digest") == content else {
        throw LedgerError.trainingKeyConflict(key: key ?? "", training: known)
      }
      return TrainingSubmissionReceipt(training: known, isNew: known == id)
    }
  }

  public func training(_ id: TrainingID) async throws -> TrainingRecord? {
    try await pool.transaction { database in try database.trainings("WHERE t.id = $1", [id]).first }
  }

  public func trainings(of tenant: Tenant?, limit: Int) async throws -> [TrainingRecord] {
    try await pool.transaction { database in
      try database.trainings(
        "WHERE $2::text IS NULL OR t.tenant = $2 ORDER BY t.submitted_at DESC, t.id DESC LIMIT $1",
        [max(0, limit), tenant])
    }
  }

  public func cancel(_ training: TrainingID, by operator: String) async throws -> TrainingState? {
    try await pool.transaction { database in
      guard var kept = try database.lock(training: training) else { return nil }
      let cancelled = try kept.board.cancel(at: kept.now)
      try database.write(kept)
      try database.note(.cancel, of: cancelled, by: `operator`, in: kept)
      return kept.board.state
    }
  }

  public func retry(_ training: TrainingID, by operator: String) async throws -> [Int]? {
    try await pool.transaction { database in
      guard var kept = try database.lock(training: training) else { return nil }
      let retried = try kept.board.retry()
      try database.write(kept)
      try database.note(.retry, of: retried, by: `operator`, in: kept)
      return retried
    }
  }

  public func claimTrainingJobs(idle: Int, lease: Duration, claim: Duration) async throws -> [DueTrainingJob] {
    try await pool.transaction { database in
      var due: [DueTrainingJob] = []
      var left = idle
      for id in try database.trainingsAtWork() {
        guard var kept = try database.lock(training: id) else { continue }
        if try !database.isPaused(kept.record.tenant) {
          left -= try kept.board.queue(atMost: left, lease: lease, at: kept.now)
        }
        let jobs = kept.board.claimUnpublished(for: claim, at: kept.now)
        try database.write(kept)
        due += jobs.map { DueTrainingJob(training: id, spec: kept.record.spec, job: $0, on: kept.board) }
      }
      return due
    }
  }

  public func markPublished(_ jobs: [DueTrainingJob]) async throws {
    try await pool.transaction { database in
      // Locks are taken in one order.
      for (id, jobs) in Dictionary(grouping: jobs, by: \.training).sorted(by: {
        $0.key.description < $1.key.description
      }) {
        guard var kept = try database.lock(training: id) else { continue }
        for due in jobs { kept.board.markPublished(due.job.position, attempt: due.job.attempt, at: kept.now) }
        try database.write(kept)
      }
    }
  }

  public func record(
    _ report: TrainingReport, registering models: [ModelRecord]
  ) async throws -> TrainingReceipt {
    try await pool.transaction { database in
      guard var kept = try database.lock(training: report.training) else { return .unknown }
      let receipt = try kept.board.take(report, at: kept.now)
      try database.write(kept)
      guard receipt == .accepted else { return receipt }
      try database.note(report)
      for model in models { try database.register(model) }
      return receipt
    }
  }

  public func requeueLostTrainingJobs(queuedAreLost: Bool, overdue: Duration) async throws -> Int {
    try await pool.transaction { database in
      var count = 0
      for id in try database.trainingsAtWork() {
        guard var kept = try database.lock(training: id) else { continue }
        count += try kept.board.requeueLost(queuedAreLost: queuedAreLost, overdue: overdue, at: kept.now)
        try database.write(kept)
      }
      return count
    }
  }

  public func curves(of training: TrainingID) async throws -> [TrainingCurvePoint] {
    try await pool.transaction { database in
      try database.execute(
        """
        SELECT position, epoch, training_loss, validation_loss, dice, learning_rate, seconds, attempt, worker
        FROM fleet.training_epochs WHERE training = $1 ORDER BY position, epoch
        """, [training]
      ).map { row in
        TrainingCurvePoint(
          job: try row.value("position"),
          epoch: TrainingEpoch(
            epoch: try row.value("epoch"), trainingLoss: try row.optional("training_loss"),
            validationLoss: try row.optional("validation_loss"), dice: try row.optional("dice"),
            learningRate: try row.optional("learning_rate"), seconds: try row.value("seconds")),
          attempt: try row.value("attempt"), worker: try row.value("worker"))
      }
    }
  }

  public func supersededCheckpoints(olderThan age: Duration, limit: Int) async throws -> [SupersededCheckpoint] {
    try await pool.transaction { database in
      try database.execute(
        """
        SELECT c.training, c.position, c.epochs, c.checkpoint
        FROM fleet.training_checkpoints c JOIN fleet.training_jobs j USING (training, position)
        WHERE c.removed_at IS NULL AND c.at < now() - make_interval(secs => $1)
          AND (j.state = 'done' OR j.checkpoint IS DISTINCT FROM c.checkpoint)
        ORDER BY c.at LIMIT $2
        """, [age, max(0, limit)]
      ).map { row in
        SupersededCheckpoint(
          training: try row.value("training"), job: try row.value("position"), epochs: try row.value("epochs"),
          checkpoint: try row.value("checkpoint"))
      }
    }
  }

  public func noteRemoved(_ checkpoints: [SupersededCheckpoint]) async throws {
    struct Entry: Encodable {
      var training: TrainingID
      var position: Int
      var epochs: Int
      var checkpoint: Digest
    }
    let entries = checkpoints.map {
      Entry(training: $0.training, position: $0.job, epochs: $0.epochs, checkpoint: $0.checkpoint)
    }
    try await pool.transaction { database in
      _ = try database.execute(
        """
        UPDATE fleet.training_checkpoints c SET removed_at = now()
        FROM jsonb_to_recordset($1::jsonb) AS x (training uuid, position integer, epochs integer, checkpoint text)
        WHERE (c.training, c.position, c.epochs, c.checkpoint::text) = (x.training, x.position, x.epochs, x.checkpoint)
        """, [try SQLJSON(entries)])
    }
  }
}
