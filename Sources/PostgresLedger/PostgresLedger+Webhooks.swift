public import FleetContracts
public import Foundation

extension PostgresLedger {
  public func add(_ webhook: Webhook, secret: WebhookSecret) async throws {
    try await pool.transaction { database in
      let added = try database.execute(
        """
        INSERT INTO fleet.webhooks (id, tenant, url, states)
        SELECT $1, $2, $3, ARRAY(SELECT jsonb_array_elements_text($4::jsonb) ORDER BY 1) ON CONFLICT DO NOTHING
        """,
        [webhook.id, webhook.tenant, webhook.url, try SQLJSON(webhook.states.map(\.rawValue))])
      guard added.affected == 1 else { return }
      try database.execute(
        "INSERT INTO fleet.webhook_secrets (webhook, secret) VALUES ($1, $2)", [webhook.id, secret.revealed])
    }
  }

  public func webhooks(of tenant: Tenant?) async throws -> [Webhook] {
    try await pool.transaction { database in
      try database.execute(
        """
        SELECT id, tenant, url, to_json(states) AS states, extract(epoch FROM created_at) AS created_at,
               extract(epoch FROM disabled_at) AS disabled_at, disabled_reason
        FROM fleet.webhooks WHERE tenant = $1 OR $1::text IS NULL ORDER BY fleet.webhooks.created_at, id
        """, [tenant]
      ).map { row in
        Webhook(
          id: try row.value("id"), tenant: try row.value("tenant"), url: try row.value("url"),
          states: Set(try row.json("states", as: [RunState].self) ?? []), createdAt: try row.value("created_at"),
          disabledAt: try row.optional("disabled_at"), disabledReason: try row.optional("disabled_reason"))
      }
    }
  }

  public func removeWebhook(_ id: UUID) async throws -> Bool {
    try await pool.transaction { try $0.execute("DELETE FROM fleet.webhooks WHERE id = $1", [id]).affected == 1 }
  }

  public func enableWebhook(_ id: UUID) async throws -> Bool {
    try await pool.transaction { database in
      try database.execute(
        """
        UPDATE fleet.webhooks SET disabled_at = NULL, disabled_reason = NULL WHERE id = $1 AND disabled_at IS NOT NULL
        """, [id]
      ).affected == 1
    }
  }

  // MARK: Deliveries

  public func claimDeliveries(limit: Int, lease: Duration) async throws -> [ClaimedDelivery] {
    try await pool.transaction { database in
      try database.execute(
        """
        WITH next AS MATERIALIZED (
          SELECT id FROM fleet.webhook_deliveries
          WHERE state = 'pending' AND due_at <= now() AND (claimed_until IS NULL OR claimed_until < now())
          ORDER BY due_at, id LIMIT $1 FOR UPDATE SKIP LOCKED),
        claimed AS (
          UPDATE fleet.webhook_deliveries d
          SET claimed_until = now() + make_interval(secs => $2), attempts = d.attempts + 1
          FROM next WHERE d.id = next.id RETURNING d.*)
        SELECT \(WebhookDelivery.columns), s.secret
        FROM claimed d \(WebhookDelivery.joins) JOIN fleet.webhook_secrets s ON s.webhook = d.webhook ORDER BY d.due_at, d.id
        """, [max(0, limit), lease]
      ).map { row in
        guard let secret = WebhookSecret(try row.value("secret", as: String.self)) else {
          throw PostgresError(cause: .statement, message: "a webhook's secret in the ledger is none.")
        }
        return ClaimedDelivery(delivery: try WebhookDelivery(row), secret: secret)
      }
    }
  }

  public func settle(_ claimed: ClaimedDelivery, _ outcome: DeliveryOutcome) async throws {
    let delivery = claimed.delivery
    try await pool.transaction { database in
      func note(
        _ state: WebhookDelivery.State, _ status: Int?, _ answer: String?, after pause: Duration = .zero
      ) throws -> Bool {
        try database.execute(
          """
          UPDATE fleet.webhook_deliveries
          SET state = $3, status = $4, answer = $5, due_at = now() + make_interval(secs => $6), claimed_until = NULL,
              settled_at = CASE WHEN $3 <> 'pending' THEN now() END
          WHERE id = $1 AND attempts = $2 AND state = 'pending' AND claimed_until IS NOT NULL
          """, [delivery.id, delivery.attempts, state.rawValue, status, answer, pause]
        ).affected == 1
      }
      switch outcome {
      case .delivered(let status): _ = try note(.delivered, status, nil)
      case .retry(let pause, let status, let answer): _ = try note(.pending, status, answer, after: pause)
      case .givenUp(let status, let answer): _ = try note(.failed, status, answer)
      case .gone:
        // The webhook first: whoever writes an event reads it before the deliveries.
        try database.execute("SELECT FROM fleet.webhooks WHERE id = $1 FOR UPDATE", [delivery.webhook])
        guard try note(.failed, 410, Webhook.goneReason) else { return }
        try database.execute(
          """
          UPDATE fleet.webhook_deliveries SET state = 'failed', answer = $2, claimed_until = NULL, settled_at = now()
          WHERE webhook = $1 AND state = 'pending'
          """, [delivery.webhook, Webhook.disabledAnswer])
        try database.execute(
          """
          UPDATE fleet.webhooks SET disabled_at = now(), disabled_reason = $2 WHERE id = $1 AND disabled_at IS NULL
          """, [delivery.webhook, Webhook.goneReason])
      }
    }
  }

  public func deliveries(to webhook: UUID?, onlyUnsettled: Bool, limit: Int) async throws -> [WebhookDelivery] {
    try await pool.transaction { database in
      try database.execute(
        """
        SELECT \(WebhookDelivery.columns) FROM fleet.webhook_deliveries d \(WebhookDelivery.joins)
        WHERE (d.webhook = $1 OR $1::uuid IS NULL) AND (NOT $2::boolean OR d.state <> 'delivered')
        ORDER BY d.id DESC LIMIT $3
        """, [webhook, "\(onlyUnsettled)", max(0, limit)]
      ).map(WebhookDelivery.init)
    }
  }

  public func replayDelivery(_ id: Int) async throws -> Bool { try await replay(where: "d.id = $1", id) == 1 }

  public func replayDeliveries(of event: UUID) async throws -> Int {
    try await replay(where: "d.event = (SELECT e.position FROM fleet.events e WHERE e.id = $1)", event)
  }

  public func replayFailedDeliveries(to webhook: UUID) async throws -> Int {
    try await replay(where: "d.webhook = $1 AND d.state = 'failed'", webhook)
  }

  private func replay(where condition: String, _ value: any SQLValue & Sendable) async throws -> Int {
    try await pool.transaction { database in
      try database.execute(
        """
        UPDATE fleet.webhook_deliveries d
        SET state = 'pending', begun_at = now(), due_at = now(), claimed_until = NULL, settled_at = NULL WHERE \(condition)
        """, [value]
      ).affected
    }
  }
}

extension WebhookDelivery {
  /// A delivery's columns, where `d` is `fleet.webhook_deliveries`.
  fileprivate static let columns = """
    d.id AS delivery, d.webhook, w.url, d.state, d.attempts, extract(epoch FROM now() - d.begun_at) AS age,
    extract(epoch FROM d.due_at) AS due_at, d.status, d.answer, \(FleetEvent.columns)
    """
  fileprivate static let joins = """
    JOIN fleet.webhooks w ON w.id = d.webhook JOIN fleet.events e ON e.position = d.event
    """

  fileprivate init(_ row: Row) throws {
    self.init(
      id: try row.value("delivery"), webhook: try row.value("webhook"), url: try row.value("url"),
      event: try FleetEvent(row), state: try row.value("state"), attempts: try row.value("attempts"),
      age: .seconds(try row.value("age", as: Double.self)), dueAt: try row.value("due_at"),
      status: try row.optional("status"), answer: try row.optional("answer"))
  }
}

extension WebhookDelivery.State: SQLReadable { init?(sqlText: String) { self.init(rawValue: sqlText) } }
