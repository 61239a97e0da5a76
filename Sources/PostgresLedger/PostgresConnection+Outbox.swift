internal import Digests
internal import FleetContracts

extension PostgresConnection {
  /// A column of a tile `t`: the workers that have voted in it already, as `Row.tileJob` reads it.
  static let voters = """
    (SELECT json_agg(v.worker ORDER BY v.at) FROM fleet.tile_votes v WHERE v.pass = t.pass AND v.tile = t.tile) AS voters
    """

  /// Puts jobs into the outbox, to be published in this order.
  /// - Parameter skippingTaken: whether a job is left out whose tile has another one there; without it that is an error.
  func putIntoOutbox(_ jobs: [TileJob], skippingTaken: Bool = false) throws {
    guard !jobs.isEmpty else { return }
    try execute(
      """
      INSERT INTO fleet.outbox (pass, tile, queue, message_id, message_type, body)
      SELECT x.pass, x.tile, $2, x.id, x.type, x.body
      FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (pass uuid, tile integer, id text, type text, body text))
           WITH ORDINALITY AS x (pass, tile, id, type, body, place)
      ORDER BY x.place \(skippingTaken ? "ON CONFLICT DO NOTHING" : "")
      """, [try SQLJSON(jobs.map(OutboxEntry.init)), QueueName.tiles.rawValue])
  }
}

extension Row {
  /// The next job of a tile, from its columns run, pass, epoch, tile, attempts, document and voters.
  func tileJob() throws -> TileJob {
    TileJob(
      run: try value("run"), pass: try value("pass"), epoch: try value("epoch"), tile: try value("tile"),
      attempt: try value("attempts"), document: try value("document"), excluding: try json("voters"))
  }
}

private struct OutboxEntry: Encodable {
  var pass: PassID
  var tile: Int
  var id: String
  var type: String
  var body: String

  init(_ job: TileJob) throws {
    let message = try QueueMessage(job)
    pass = job.pass
    tile = job.tile
    id = message.id
    type = message.type
    body = String(decoding: message.body, as: UTF8.self)
  }
}
