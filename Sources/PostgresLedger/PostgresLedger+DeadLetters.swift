internal import Digests
public import FleetContracts
internal import Foundation

extension PostgresLedger {
  public func keep(_ message: QueueMessage, from queue: QueueName?, reason: String) async throws {
    try await pool.transaction { database in
      // One that comes again while it is open is a second delivery of the same, or was published again and isn't noted as replayed yet
      // (`replay` looks at the time); one that was replayed has died again.
      _ = try database.execute(
        """
        INSERT INTO fleet.dead_letters AS d (kind, queue, message_id, message_type, body, body_digest, reason)
        VALUES ('message', $1, $2, $3, decode($4, 'base64'), $5, $6)
        ON CONFLICT (message_id, body_digest) DO UPDATE SET state = 'open', at = clock_timestamp(), reason = excluded.reason
        WHERE d.state <> 'dropped'
        """,
        [
          queue?.rawValue, message.id, message.type, Data(message.body).base64EncodedString(),
          Digest(of: message.body), reason,
        ])
    }
  }

  public func deadLetters(onlyOpen: Bool, run: RunID?, limit: Int) async throws -> [DeadLetter] {
    try await pool.transaction { database in
      try database.execute(
        """
        \(Self.letterColumns) WHERE (NOT $1::boolean OR state = 'open') AND (run = $2 OR $2::uuid IS NULL)
        ORDER BY id DESC LIMIT $3
        """, ["\(onlyOpen)", run, max(0, limit)]
      ).map(Self.deadLetter)
    }
  }

  public func deadLetter(_ id: Int) async throws -> DeadLetter? {
    try await pool.transaction { database in
      try database.execute("\(Self.letterColumns) WHERE id = $1", [id]).first.map(Self.deadLetter)
    }
  }

  public func replay(_ known: DeadLetter, by operator: String) async throws -> Bool {
    let id = known.id
    return try await pool.transaction { database in
      let letter = try database.lockedLetter(id)
      if let run = letter.run, try database.lock(run)?.state == .cancelled {
        throw DeadLetterError.notReplayable(id, reason: "its run \(run) is cancelled; submit the study again.")
      }
      guard letter.state == .open else {
        guard letter.state == .dropped else { return false }
        throw DeadLetterError.notReplayable(id, reason: "it was dropped; submit the study again.")
      }
      switch letter.content {
      case .message:
        guard letter.at == known.at else { return false }
        try database.settle([id], .replayed, by: `operator`)
      case .tile(let job, _):
        try database.settle(try database.reopen(job, letter: id), .replayed, by: `operator`)
      }
      return true
    }
  }

  public func drop(_ id: Int, by operator: String) async throws -> Bool {
    try await pool.transaction { database in
      switch try database.lockedLetter(id).state {
      case .dropped: return false
      case .replayed: throw DeadLetterError.notDroppable(id, reason: "it was replayed before.")
      case .open:
        try database.settle([id], .dropped, by: `operator`)
        return true
      }
    }
  }

  fileprivate static let letterColumns = """
    SELECT id, kind, state, run, pass, tile, attempt, epoch, document, failure_kind, worker, reason, queue, message_id,
           message_type, encode(body, 'base64') AS body, extract(epoch FROM at) AS at, settled_by,
           extract(epoch FROM settled_at) AS settled_at
    FROM fleet.dead_letters
    """

  fileprivate static func deadLetter(_ row: Row) throws -> DeadLetter {
    let content: DeadLetter.Content
    if let run: RunID = try row.optional("run") {
      content = .tile(
        job: TileJob(
          run: run, pass: try row.value("pass"), epoch: try row.value("epoch"), tile: try row.value("tile"),
          attempt: try row.value("attempt"), document: try row.value("document")),
        kind: try row.value("failure_kind"))
    } else {
      // PostgreSQL breaks base64 into lines.
      let body = Data(base64Encoded: try row.value("body", as: String.self), options: .ignoreUnknownCharacters)
      content = .message(
        QueueMessage(
          id: try row.value("message_id"), type: try row.value("message_type"), body: Array(body ?? Data())),
        queue: try row.optional("queue"))
    }
    return DeadLetter(
      id: try row.value("id"), state: try row.value("state"), content: content, reason: try row.value("reason"),
      worker: try row.optional("worker"), at: try row.value("at"), settledAt: try row.optional("settled_at"),
      settledBy: try row.optional("settled_by"))
  }
}

extension PostgresConnection {
  /// The letter, locked; before it the passes and the run of a dead tile, as the order of locks demands.
  /// - Throws: `DeadLetterError.unknown`.
  fileprivate func lockedLetter(_ id: Int) throws -> DeadLetter {
    let known = try execute("SELECT run FROM fleet.dead_letters WHERE id = $1", [id])
    guard let row = known.first else { throw DeadLetterError.unknown(id) }
    if let run: RunID = try row.optional("run") {
      try execute("SELECT FROM fleet.passes WHERE run = $1 ORDER BY id FOR UPDATE", [run])
      _ = try lock(run)
    }
    let rows = try execute("\(PostgresLedger.letterColumns) WHERE id = $1 FOR UPDATE", [id])
    guard let row = rows.first else { throw DeadLetterError.unknown(id) }
    return try PostgresLedger.deadLetter(row)
  }

  fileprivate func settle(_ ids: [Int], _ state: DeadLetter.State, by operator: String) throws {
    try execute(
      """
      UPDATE fleet.dead_letters SET state = $2, settled_at = now(), settled_by = $3
      WHERE id IN (SELECT id::bigint FROM jsonb_array_elements_text($1::jsonb) AS x (id))
      """, [try SQLJSON(ids), state.rawValue, `operator`])
  }

  /// Puts the dead tiles of a failed run, which is locked, back into the backlog with new budgets. Jobs that were under way when it failed may
  /// have got lost since, so the tiles that were queued go back too; what still comes of them counts.
  /// - Returns: the open letters of the tiles.
  fileprivate func reopen(_ job: TileJob, letter: Int) throws -> [Int] {
    guard let run = try lock(job.run), run.lifecycle.transition(on: .replay) != nil else {
      let state = try lock(job.run)?.state.rawValue ?? "gone"
      throw DeadLetterError.notReplayable(letter, reason: "its run \(job.run) is \(state); submit the study again.")
    }
    let letters = try execute(
      "SELECT id FROM fleet.dead_letters WHERE run = $1 AND state <> 'replayed' ORDER BY id FOR UPDATE", [job.run])
    try execute(
      """
      UPDATE fleet.tiles t SET state = 'planned', not_before = now(), published_at = NULL
      FROM fleet.passes p WHERE p.run = $1 AND t.pass = p.id AND t.state IN ('queued', 'dead')
      """, [job.run])
    try execute(
      """
      UPDATE fleet.tile_failures f SET forgiven = true
      FROM fleet.passes p WHERE p.run = $1 AND f.pass = p.id AND NOT f.forgiven
      """, [job.run])
    try execute(
      """
      UPDATE fleet.runs
      SET state = 'predicting', epoch = epoch + 1, failure_kind = NULL, failure_reason = NULL, finished_at = NULL
      WHERE id = $1
      """, [job.run])
    return try letters.map { try $0.value("id") }
  }
}

extension DeadLetter.State: SQLReadable { init?(sqlText: String) { self.init(rawValue: sqlText) } }
