internal import Digests
internal import FleetContracts
internal import Foundation

/// A training whose row is locked, with what it was read as.
struct LockedTraining {
  let record: TrainingRecord
  /// The database's time.
  let now: Date
  var board: TrainingBoard
}

extension PostgresConnection {
  /// Locks a training's row until the end of the transaction; its jobs change only under this lock.
  func lock(training id: TrainingID) throws -> LockedTraining? {
    let rows = try execute(
      "SELECT extract(epoch FROM clock_timestamp()) AS now FROM fleet.trainings WHERE id = $1 FOR UPDATE", [id])
    // In a statement of its own: the first one may have waited for the lock while another changed the jobs.
    guard let row = rows.first, let record = try trainings("WHERE t.id = $1", [id]).first else { return nil }
    return LockedTraining(record: record, now: try row.value("now"), board: record.board)
  }

  /// Trainings that aren't over, the oldest first, in the order in which their rows are locked.
  func trainingsAtWork() throws -> [TrainingID] {
    try execute("SELECT id FROM fleet.trainings WHERE state = 'running' ORDER BY id").map { try $0.value("id") }
  }

  func isPaused(_ tenant: Tenant) throws -> Bool {
    try execute(
      "SELECT FROM fleet.pauses WHERE kind = 'all' OR (kind = 'tenant' AND name = $1)", [tenant]
    ).affected > 0
  }

  /// - Parameter clause: what follows after `FROM fleet.trainings t`.
  func trainings(_ clause: String, _ values: [(any SQLValue)?]) throws -> [TrainingRecord] {
    let rows = try execute(
      """
      SELECT t.id, t.tenant, t.spec, t.idempotency_key, t.state, extract(epoch FROM t.submitted_at) AS submitted_at,
             extract(epoch FROM t.finished_at) AS finished_at,
             (SELECT jsonb_agg(jsonb_build_object(
                'kind', a.act, 'askedBy', a.asked_by, 'askedAt', extract(epoch FROM a.asked_at), 'jobs', a.jobs) ORDER BY a.id)
              FROM fleet.training_acts a WHERE a.training = t.id) AS acts
      FROM fleet.trainings t \(clause)
      """, values)
    let jobs = try jobs(of: try rows.map { try $0.value("id") })
    return try rows.map { row in
      let id: TrainingID = try row.value("id")
      guard let spec = try row.json("spec", as: TrainingSpec.self) else {
        throw PostgresError(cause: .statement, message: "reading the column spec: it is null.")
      }
      return TrainingRecord(
        id: id, tenant: try row.value("tenant"), spec: spec, key: try row.optional("idempotency_key"),
        board: TrainingBoard(state: try row.value("state"), jobs: jobs[id] ?? []),
        submittedAt: try row.value("submitted_at"), finishedAt: try row.optional("finished_at"),
        acts: (try row.json("acts", as: [StoredAct].self) ?? []).map(\.act))
    }
  }

  private struct StoredAct: Decodable {
    var kind: TrainingAct.Kind
    var askedBy: String
    /// Seconds since 1970.
    var askedAt: Double
    var jobs: [Int]

    var act: TrainingAct {
      TrainingAct(kind: kind, askedBy: askedBy, askedAt: Date(timeIntervalSince1970: askedAt), jobs: jobs)
    }
  }

  /// In their order.
  private func jobs(of trainings: [TrainingID]) throws -> [TrainingID: [TrainingJobRecord]] {
    var jobs: [TrainingID: [TrainingJobRecord]] = [:]
    let rows = try execute(
      """
      SELECT training, position, kind, configuration, fold, to_json(needs) AS needs, state, attempt, setbacks, epochs, checkpoint, checkpoint_epochs, final_seconds,
             result, worker, lease_seconds, extract(epoch FROM lease_until) AS lease_until,
             extract(epoch FROM not_before) AS not_before, extract(epoch FROM claimed_until) AS claimed_until,
             extract(epoch FROM published_at) AS published_at, extract(epoch FROM started_at) AS started_at,
             extract(epoch FROM finished_at) AS finished_at, failure_kind, failure_reason
      FROM fleet.training_jobs WHERE training IN (SELECT x::uuid FROM jsonb_array_elements_text($1::jsonb) AS x)
      ORDER BY training, position
      """, [try SQLJSON(trainings.map(\.description))])
    for row in rows { jobs[try row.value("training"), default: []].append(try job(row)) }
    return jobs
  }

  private func job(_ row: Row) throws -> TrainingJobRecord {
    guard
      let work = TrainingWork(
        kind: try row.value("kind"), configuration: try row.optional("configuration"),
        fold: try row.optional("fold"))
    else { throw PostgresError(cause: .statement, message: "reading a training's job: an unknown kind.") }
    var failure: RunFailure?
    if let kind = try row.optional("failure_kind", as: FailureKind.self) {
      failure = RunFailure(kind: kind, reason: try row.value("failure_reason"))
    }
    return TrainingJobRecord(
      position: try row.value("position"), work: work, needs: try row.json("needs") ?? [],
      state: try row.value("state"), attempt: try row.value("attempt"), setbacks: try row.value("setbacks"),
      epochs: try row.value("epochs"), checkpoint: try row.optional("checkpoint"),
      checkpointEpochs: try row.value("checkpoint_epochs"), finalSeconds: try row.optional("final_seconds"),
      result: try row.optional("result"), worker: try row.optional("worker"),
      lease: .seconds(try row.value("lease_seconds", as: Double.self)),
      leaseEnd: try row.optional("lease_until"), notBefore: try row.optional("not_before"),
      claimedUntil: try row.optional("claimed_until"), publishedAt: try row.optional("published_at"),
      startedAt: try row.optional("started_at"), finishedAt: try row.optional("finished_at"), failure: failure)
  }

  func insert(_ jobs: [TrainingJobRecord], of training: TrainingID) throws {
    for job in jobs {
      try execute(
        """
        INSERT INTO fleet.training_jobs (training, position, kind, configuration, fold, needs, state)
        VALUES ($1, $2, $3, $4, $5, ARRAY(SELECT x::integer FROM jsonb_array_elements_text($6::jsonb) AS x), $7)
        """,
        [
          training, job.position, job.work.kind, job.work.configuration, job.work.fold, try SQLJSON(job.needs),
          job.state.rawValue,
        ])
    }
  }

  /// Writes back what has changed.
  func write(_ training: LockedTraining) throws {
    let id = training.record.id
    for (before, job) in zip(training.record.jobs, training.board.jobs) where before != job {
      try execute(
        """
        UPDATE fleet.training_jobs
        SET state = $3, attempt = $4, setbacks = $5, epochs = $6, checkpoint = $7, checkpoint_epochs = $8, result = $9,
            worker = $10, lease_seconds = $11, lease_until = to_timestamp($12), not_before = to_timestamp($13),
            claimed_until = to_timestamp($14), published_at = to_timestamp($15), started_at = to_timestamp($16),
            finished_at = to_timestamp($17), failure_kind = $18, failure_reason = $19, final_seconds = $20
        WHERE training = $1 AND position = $2
        """,
        [
          id, job.position, job.state.rawValue, job.attempt, job.setbacks, job.epochs, job.checkpoint,
          job.checkpointEpochs, job.result, job.worker, job.lease, job.leaseEnd, job.notBefore, job.claimedUntil,
          job.publishedAt, job.startedAt, job.finishedAt, job.failure?.kind.rawValue, job.failure?.reason,
          job.finalSeconds,
        ])
    }
    guard training.board.state != training.record.state else { return }
    try execute(
      "UPDATE fleet.trainings SET state = $2, finished_at = to_timestamp($3) WHERE id = $1",
      [id, training.board.state.rawValue, training.board.state.isFinal ? training.now : nil])
  }

  /// Keeps who asked for what, where it has changed something.
  func note(_ act: TrainingAct.Kind, of jobs: [Int], by operator: String, in training: LockedTraining) throws {
    guard !jobs.isEmpty else { return }
    try execute(
      """
      INSERT INTO fleet.training_acts (training, act, jobs, asked_by, asked_at)
      VALUES ($1, $2, ARRAY(SELECT x::integer FROM jsonb_array_elements_text($3::jsonb) AS x), $4, to_timestamp($5))
      """, [training.record.id, act.rawValue, try SQLJSON(jobs), `operator`, training.now])
  }

  /// Keeps the curve and the checkpoints of an accepted report.
  func note(_ report: TrainingReport) throws {
    func keep(_ checkpoint: Digest, epochs: Int) throws {
      try execute(
        """
        INSERT INTO fleet.training_checkpoints (training, position, epochs, checkpoint, attempt, worker)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
        """, [report.training, report.job, epochs, checkpoint, report.attempt, report.worker])
    }
    switch report.news {
    case .epoch(let epoch, let checkpoint):
      try execute(
        """
        INSERT INTO fleet.training_epochs
          (training, position, epoch, training_loss, validation_loss, dice, learning_rate, seconds, attempt, worker)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (training, position, epoch) DO UPDATE
        SET training_loss = excluded.training_loss, validation_loss = excluded.validation_loss, dice = excluded.dice,
            learning_rate = excluded.learning_rate, seconds = excluded.seconds, attempt = excluded.attempt,
            worker = excluded.worker, at = now()
        """,
        [
          report.training, report.job, epoch.epoch, epoch.trainingLoss, epoch.validationLoss, epoch.dice,
          epoch.learningRate, epoch.seconds, report.attempt, report.worker,
        ])
      if let checkpoint { try keep(checkpoint, epochs: epoch.epoch + 1) }
    case .returned(let checkpoint?, let epochs?): try keep(checkpoint, epochs: epochs)
    default: break
    }
  }
}

extension TrainingID: SQLValue { var sqlText: String { description } }
extension TrainingID: SQLReadable { init?(sqlText: String) { self.init(sqlText) } }
extension TrainingState: SQLReadable { init?(sqlText: String) { self.init(rawValue: sqlText) } }
extension TrainingJobState: SQLReadable { init?(sqlText: String) { self.init(rawValue: sqlText) } }
