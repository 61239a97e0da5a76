internal import BlobStores
internal import FleetContracts
internal import Foundation
internal import PostgresLedger
internal import RabbitMQBroker

/// Looks at broker, database and store with the settings that a process of the fleet would use, and says what is wrong.
struct FleetExamination {
  let settings: FleetSettings

  func findings() async -> [FleetFinding] {
    let broker = await broker()
    let database = await database()
    return broker + database + (await store())
  }

  // MARK: Broker

  private func broker() async -> [FleetFinding] {
    await part(
      "broker", isSet: (try? settings.brokerURL()) != nil,
      else: "TESSERA_AMQP_URL isn't set; only commands for people do without."
    ) {
      let address = try BrokerAddress(settings.brokerURL(), files: settings.brokerFiles)
      return Self.findings(of: try await BrokerExamination.examine(address), at: address)
    }
  }

  static func findings(of found: BrokerExamination, at address: BrokerAddress) -> [FleetFinding] {
    func finding(_ state: FleetFinding.State, _ text: String) -> FleetFinding {
      FleetFinding(part: "broker", state: state, text: text)
    }
    guard let version = found.version, found.failure == nil else {
      return [
        finding(
          .problem, "\(address) can't be used: \(found.failure ?? "it gave no answer"); check URL, TLS and rights.")
      ]
    }
    var findings = [finding(.good, "RabbitMQ \(version) at \(address), \(found.isSecure ? "by TLS" : "without TLS")")]
    if let weakness = address.weakness { findings.append(finding(.advice, weakness)) }
    for queue in found.queues {
      let name = queue.queue.rawValue
      if let refusal = queue.refusal {
        findings.append(
          finding(
            .problem,
            "\(name) isn't as this program needs it: \(refusal). Stop the fleet and delete the queue; the ledger fills it again."
          ))
      } else if let status = queue.status {
        let rights = queue.mayMake ? "" : ", another role's to make"
        findings.append(
          finding(.good, "\(name): \(status.ready) messages wait, \(status.consumers) consumers\(rights)"))
      } else {
        findings.append(
          finding(.advice, "\(name) isn't there yet; it is made by the first dispatcher or aggregator whose user may."))
      }
    }
    return findings
  }

  // MARK: Database

  private func database() async -> [FleetFinding] {
    await part(
      "database", isSet: (try? settings.databaseURL()) != nil,
      else: "TESSERA_DATABASE_URL isn't set; a worker doesn't need it."
    ) {
      let url = try settings.databaseURL()
      return Self.findings(
        of: try await DatabaseExamination.examine(url: url), weakness: try DatabaseAddress(url).weakness)
    }
  }

  /// Clocks that differ by more make times in the ledger and in logs hard to put together, in seconds. Leases go by the database's alone.
  static let largestSkew = 2.0

  static func findings(of found: DatabaseExamination, weakness: String?) -> [FleetFinding] {
    func finding(_ state: FleetFinding.State, _ text: String) -> FleetFinding {
      FleetFinding(part: "database", state: state, text: text)
    }
    var findings = [
      finding(
        .good,
        "PostgreSQL \(found.version) as \(found.login), \(found.tls.map { "by \($0)" } ?? "without TLS"), \(Formats.bytes(found.bytes))"
      )
    ]
    if let weakness { findings.append(finding(.advice, weakness)) }
    if let problem = found.schemaProblem { findings.append(finding(.problem, problem)) }
    if found.isReadOnly {
      findings.append(
        finding(
          .problem,
          "It takes no changes from \(found.login): a replica, or a login that only reads; use the primary server and tessera_service."
        ))
    }
    if !found.closedTables.isEmpty {
      findings.append(
        finding(
          .problem,
          "\(found.login) can't read and write \(found.closedTables.joined(separator: ", ")); use tessera_service, or run `tessera migrate roles`."
        ))
    }
    if found.mayChangeTables {
      findings.append(
        finding(
          .advice,
          "\(found.login) may change the schema, which only `tessera migrate up` needs; run the fleet as tessera_service."
        ))
    }
    let skew = abs(found.clockAhead)
    findings.append(
      FleetFinding(
        part: "clock", state: skew > largestSkew ? .advice : .good,
        text:
          "this machine's clock is \(Formats.number(skew, digits: 2)) s \(found.clockAhead > 0 ? "behind" : "ahead of") the database's"
          + (skew > largestSkew ? "; have both follow a time server (chrony, systemd-timesyncd)." : "")))
    return findings
  }

  // MARK: Store

  /// What a study of ordinary size may need, in bytes.
  static let littleSpace = 20 << 30

  private func store() async -> [FleetFinding] {
    await part(
      "store", isSet: (try? settings.storeURL()) != nil, else: "TESSERA_STORE_URL isn't set; every process needs it.",
      isNeeded: true
    ) {
      let text = try settings.storeURL()
      let store = try BlobStoreURL.open(text)
      // Unlike any other's, so that nobody else's is removed.
      let probe = try await store.put(Blob(copying: Array("doctor \(UUID())".utf8)))
      _ = try await store.get(probe)
      try await store.remove(probe)
      var findings = [FleetFinding(part: "store", state: .good, text: "\(text) can be written and read")]
      if let path = URL(string: text)?.path(percentEncoded: false),
        let size = try FileManager.default.attributesOfFileSystem(forPath: path)[.systemFreeSize] as? NSNumber
      {
        let free = size.intValue
        findings.append(
          FleetFinding(
            part: "store", state: free < Self.littleSpace ? .advice : .good,
            text: "\(Formats.bytes(free)) of space are left"
              + (free < Self.littleSpace ? "; a large study may need \(Formats.bytes(Self.littleSpace))." : "")))
      }
      return findings
    }
  }

  // MARK: All

  private func part(
    _ name: String, isSet: Bool, else missing: String, isNeeded: Bool = false, _ look: () async throws -> [FleetFinding]
  ) async -> [FleetFinding] {
    guard isSet else { return [FleetFinding(part: name, state: isNeeded ? .problem : .advice, text: missing)] }
    do {
      return try await look()
    } catch {
      return [FleetFinding(part: name, state: .problem, text: "\(error)")]
    }
  }
}
