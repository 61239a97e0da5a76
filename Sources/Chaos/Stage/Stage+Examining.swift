internal import BlobStores
internal import Digests
internal import FleetContracts

extension Stage {
  /// Looks at what became of this row's runs.
  /// - Parameters:
  ///   - invariants: those that can be counted from outside for any fault; rows count the others themselves.
  ///   - repeats: tiles that may have been computed again: kills times slots.
  ///   - failing: runs of which nothing else is expected than that they fail.
  ///   - cancelled: runs that were cancelled.
  func examine(
    _ invariants: [Invariant], repeats: Int = 0, failing: Set<String> = [], cancelled: Set<String> = []
  ) async throws -> [Finding] {
    var findings: [Finding] = []
    for invariant in invariants.sorted() {
      switch invariant {
      case .everyRunEnds: findings.append(try await runsEnd(failing: failing, cancelled: cancelled))
      case .oneResult: findings.append(try await resultsAreSingle())
      case .sameBits: findings.append(try await bitsAreSame(except: failing.union(cancelled)))
      case .tilesAddUp: findings.append(try await tilesAddUp())
      case .blobsVerify: findings.append(try await blobsVerify())
      case .legalTransitions: findings.append(try await transitionsAreLegal())
      case .oneCompletion: findings.append(try await completionsAreSingle())
      case .fewRepeats: findings.append(try await repeatsAreFew(repeats))
      case .nothingAfterCancel, .deadLettersMatch, .urgentFirst, .cleanDrain: break
      }
    }
    findings.append(try await viewsAreEmpty())
    return findings
  }

  private func runsEnd(failing: Set<String>, cancelled: Set<String>) async throws -> Finding {
    let rows = try await ask(
      "SELECT id, state, coalesce(failure_reason, '') FROM fleet.runs WHERE id IN \(runList) ORDER BY id")
    let wrong = rows.filter { row in
      let (id, state) = (row[0] ?? "", row[1] ?? "")
      return state != (failing.contains(id) ? "failed" : cancelled.contains(id) ? "cancelled" : "completed")
    }
    let ended = rows.count { ["completed", "failed", "cancelled"].contains($0[1] ?? "") }
    let detail = wrong.first.map { "; run \($0[0] ?? "") is \($0[1] ?? ""): \($0[2] ?? "")" } ?? ""
    return Finding(
      .everyRunEnds, holds: wrong.isEmpty && rows.count == runs.count,
      "\(ended) of \(runs.count) runs ended, \(rows.count - wrong.count) of them as expected\(detail)")
  }

  private func resultsAreSingle() async throws -> Finding {
    let repeated = try await count(
      """
      SELECT count(*) FROM (SELECT x.pass, x.tile FROM fleet.tile_results x JOIN fleet.passes p ON p.id = x.pass
        WHERE p.run IN \(runList) GROUP BY 1, 2 HAVING count(*) > 1) r
      """)
    let conflicts = try await count(
      "SELECT count(*) FROM fleet.digest_conflicts c JOIN fleet.passes p ON p.id = c.pass WHERE p.run IN \(runList)")
    let labels = try await count(
      """
      SELECT count(*) FROM (SELECT run, label FROM fleet.label_statistics WHERE run IN \(runList) GROUP BY 1, 2 HAVING count(*) > 1) r
      """)
    let tiles = try await count(
      "SELECT count(*) FROM fleet.tile_results x JOIN fleet.passes p ON p.id = x.pass WHERE p.run IN \(runList)")
    return Finding(
      .oneResult, holds: repeated == 0 && conflicts == 0 && labels == 0,
      "\(tiles) tiles have a result, \(repeated) more than one, \(conflicts) a second digest; \(labels) labels are measured twice"
    )
  }

  private func bitsAreSame(except others: Set<String>) async throws -> Finding {
    guard let expected = study.expected else { throw ChaosError("There is no result without faults to compare with.") }
    let digests = try await ask(
      "SELECT id, label_voxels FROM fleet.runs WHERE id IN \(runList) AND state = 'completed'")
    let equal = digests.count { $0[1] == expectations[$0[0] ?? ""] ?? expected }
    let wanted = runs.count { !others.contains($0) }
    return Finding(
      .sameBits, holds: equal == wanted && digests.count == wanted,
      "\(equal) of \(wanted) label maps have the SHA-256 of their run without faults")
  }

  private func tilesAddUp() async throws -> Finding {
    let sums = try await ask(
      """
      SELECT p.run, p.tiles, count(t.tile) FILTER (WHERE t.state = 'done'), count(t.tile) FILTER (WHERE t.state = 'dead'),
             count(t.tile) FILTER (WHERE t.state NOT IN ('done', 'dead')),
             (SELECT count(*) FROM fleet.tile_results x WHERE x.pass = p.id)
      FROM fleet.passes p LEFT JOIN fleet.tiles t ON t.pass = p.id WHERE p.run IN \(runList) GROUP BY p.id
      """
    ).map { $0.dropFirst().map { Int($0 ?? "") ?? -1 } }
    let wrong = sums.count { $0[0] != $0[1] + $0[2] + $0[3] || $0[1] != $0[4] }
    let total = (0..<5).map { column in sums.reduce(0) { $0 + $1[column] } }
    return Finding(
      .tilesAddUp, holds: wrong == 0,
      "\(total[0]) planned = \(total[1]) accepted + \(total[2]) dead + \(total[3]) outstanding in \(sums.count) passes, \(wrong) passes don't add up"
    )
  }

  private func blobsVerify() async throws -> Finding {
    let url = environment["TESSERA_STORE_URL"] ?? ""
    let store = try BlobStoreURL.open(url)
    let digests = try await ask(
      """
      SELECT DISTINCT x.probabilities FROM fleet.tile_results x JOIN fleet.passes p ON p.id = x.pass WHERE p.run IN \(runList)
      UNION SELECT document FROM fleet.passes WHERE run IN \(runList)
      UNION SELECT label_map FROM fleet.runs WHERE id IN \(runList) AND label_map IS NOT NULL
      """
    ).compactMap { $0.first.flatMap { $0 } }.compactMap { Digest(hexadecimal: $0) }
    var bad = 0
    for digest in digests {
      do { _ = try await store.get(digest) } catch { bad += 1 }
    }
    return Finding(
      .blobsVerify, holds: bad == 0, "\(digests.count - bad) of \(digests.count) blobs are there and verify")
  }

  private func transitionsAreLegal() async throws -> Finding {
    let changes =
      try await ask(
        """
        WITH steps AS (
          SELECT e.run, lag(e.state) OVER (PARTITION BY e.run ORDER BY e.id) AS earlier, e.state FROM fleet.run_events e
          WHERE e.run IN \(runList))
        SELECT count(*), count(*) FILTER (WHERE NOT EXISTS (
          SELECT FROM fleet.run_transitions t WHERE t.from_state = s.earlier AND t.to_state = s.state))
        FROM steps s WHERE s.earlier IS NOT NULL AND s.earlier <> s.state
        """
      ).first?.map { Int($0 ?? "") ?? -1 } ?? [-1, -1]
    return Finding(
      .legalTransitions, holds: changes[1] == 0, "\(changes[0]) changes of state, \(changes[1]) of them illegal")
  }

  private func completionsAreSingle() async throws -> Finding {
    let counts =
      try await ask(
        """
        SELECT count(*), count(DISTINCT run) FROM fleet.run_events WHERE state = 'completed' AND run IN \(runList)
        """
      ).first?.map { Int($0 ?? "") ?? -1 } ?? [-1, -1]
    return Finding(
      .oneCompletion, holds: counts[0] == counts[1], "\(counts[0]) completions of \(counts[1]) completed runs")
  }

  /// Stragglers that were dispatched a second time on purpose are allowed besides.
  private func repeatsAreFew(_ killed: Int) async throws -> Finding {
    let hedged = try await count(
      """
      SELECT count(*) FROM fleet.tiles t JOIN fleet.passes p ON p.id = t.pass
      WHERE p.run IN \(runList) AND t.hedged_at IS NOT NULL
      """)
    let allowed = killed + hedged
    let begun = workers().reduce(0) { $0 + $1.count(of: "predicting tile") }
    let accepted = try await count(
      "SELECT count(*) FROM fleet.tile_results x JOIN fleet.passes p ON p.id = x.pass WHERE p.run IN \(runList)")
    return Finding(
      .fewRepeats, holds: begun - accepted <= allowed,
      "\(begun) tiles begun for \(accepted) results: \(begun - accepted) again, \(allowed) allowed\(hedged > 0 ? ", \(hedged) of them hedged" : "")"
    )
  }

  /// The database's own views, over all runs of the ledger.
  private func viewsAreEmpty() async throws -> Finding {
    let rows = try await ask("SELECT invariant, run, detail FROM fleet.ledger_violations LIMIT 3")
    let first = rows.first.map { ": \($0.map { $0 ?? "" }.joined(separator: ", "))" } ?? ""
    return Finding("the ledger's own views of violations are empty", holds: rows.isEmpty, "\(rows.count) rows\(first)")
  }
}
