internal import Digests
public import FleetContracts

extension PostgresLedger {
  public func labelDetails(of run: RunID) async throws -> [LabelDetails] {
    try await pool.transaction { database in
      try database.execute(
        """
        SELECT json_build_object(
          'label', s.label,
          'box', CASE WHEN s.box_lower_voxel IS NOT NULL THEN json_build_object(
            'lowerVoxel', s.box_lower_voxel, 'upperVoxel', s.box_upper_voxel, 'lowerMm', s.box_lower_mm, 'upperMm', s.box_upper_mm) END,
          'centroidVoxel', s.centroid_voxel, 'centroidMm', s.centroid_mm, 'surfaceMm2', s.surface_mm2, 'components', s.components,
          'largestComponentMl', s.largest_component_ml, 'touchesBorder', s.touches_border, 'isPreliminary', s.is_preliminary,
          'meanConfidence', s.mean_confidence, 'meanEntropy', s.mean_entropy,
          'intensities', coalesce(
            (SELECT json_agg(
               json_build_object(
                 'channel', i.channel, 'mean', i.mean, 'sd', i.sd, 'min', i.min, 'max', i.max, 'p05', i.p05, 'p50', i.p50, 'p95', i.p95)
               ORDER BY i.channel)
             FROM fleet.label_intensities i WHERE i.run = s.run AND i.label = s.label), '[]')) AS details
        FROM fleet.label_statistics s WHERE s.run = $1 AND s.surface_mm2 IS NOT NULL ORDER BY s.label
        """, [run]
      ).compactMap { try $0.json("details") }
    }
  }

  public func record(_ comparison: RunComparison) async throws {
    try await pool.transaction { database in
      let isThere = try database.execute("SELECT FROM fleet.runs WHERE id = $1 FOR SHARE", [comparison.run]).count == 1
      guard isThere else { return }
      try database.execute(
        "DELETE FROM fleet.comparisons WHERE run = $1 AND reference = $2 AND tolerance_mm = $3",
        [comparison.run, comparison.reference, comparison.toleranceMm])
      try database.execute(
        """
        INSERT INTO fleet.comparisons
          (run, reference, tolerance_mm, reference_name, software_version, label, true_positives, false_positives, false_negatives, dice,
           jaccard, hd95_mm, assd_mm, surface_dice, volume_ml, reference_volume_ml)
        SELECT $1, $2, $3, $4, $5, x.*
        FROM jsonb_to_recordset($6::jsonb) AS x (
          "label" integer, "truePositives" bigint, "falsePositives" bigint, "falseNegatives" bigint, "dice" double precision,
          "jaccard" double precision, "hd95Mm" double precision, "assdMm" double precision, "surfaceDice" double precision,
          "volumeMl" double precision, "referenceVolumeMl" double precision)
        """,
        [
          comparison.run, comparison.reference, comparison.toleranceMm, comparison.referenceName,
          comparison.softwareVersion, try SQLJSON(comparison.labels),
        ])
    }
  }

  public func comparisons(of run: RunID) async throws -> [RunComparison] {
    try await pool.transaction { database in
      try database.execute(
        """
        SELECT reference, tolerance_mm, min(reference_name) AS reference_name, min(software_version) AS software_version,
               json_agg(json_build_object(
                 'label', label, 'truePositives', true_positives, 'falsePositives', false_positives, 'falseNegatives', false_negatives,
                 'dice', dice, 'jaccard', jaccard, 'hd95Mm', hd95_mm, 'assdMm', assd_mm, 'surfaceDice', surface_dice,
                 'volumeMl', volume_ml, 'referenceVolumeMl', reference_volume_ml) ORDER BY label) AS labels
        FROM fleet.comparisons WHERE run = $1 GROUP BY reference, tolerance_mm ORDER BY reference, tolerance_mm
        """, [run]
      ).map { row in
        RunComparison(
          run: run, reference: try row.value("reference"), referenceName: try row.value("reference_name"),
          toleranceMm: try row.value("tolerance_mm"), softwareVersion: try row.value("software_version"),
          labels: try row.json("labels") ?? [])
      }
    }
  }
}

extension PostgresConnection {
  /// Adds what was measured of the labels of a run that is being completed.
  func set(_ details: [LabelDetails], of run: RunID) throws {
    guard !details.isEmpty else { return }
    let json = try SQLJSON(details)
    try execute(
      """
      UPDATE fleet.label_statistics s
      SET box_lower_voxel = \(Self.array("x.box -> 'lowerVoxel'", "integer")),
          box_upper_voxel = \(Self.array("x.box -> 'upperVoxel'", "integer")),
          box_lower_mm = \(Self.array("x.box -> 'lowerMm'", "double precision")),
          box_upper_mm = \(Self.array("x.box -> 'upperMm'", "double precision")),
          centroid_voxel = x."centroidVoxel", centroid_mm = x."centroidMm", surface_mm2 = x."surfaceMm2", components = x.components,
          largest_component_ml = x."largestComponentMl", touches_border = x."touchesBorder", is_preliminary = x."isPreliminary",
          mean_confidence = x."meanConfidence", mean_entropy = x."meanEntropy"
      FROM jsonb_to_recordset($2::jsonb) AS x (
        label integer, box jsonb, "centroidVoxel" double precision[], "centroidMm" double precision[], "surfaceMm2" double precision,
        components integer, "largestComponentMl" double precision, "touchesBorder" boolean, "isPreliminary" boolean,
        "meanConfidence" double precision, "meanEntropy" double precision)
      WHERE s.run = $1 AND s.label = x.label
      """, [run, json])
    try execute(
      """
      INSERT INTO fleet.label_intensities (run, label, channel, mean, sd, min, max, p05, p50, p95)
      SELECT $1, x.label, i.*
      FROM jsonb_to_recordset($2::jsonb) AS x (label integer, intensities jsonb)
      CROSS JOIN LATERAL jsonb_to_recordset(x.intensities) AS i (
        channel integer, mean double precision, sd double precision, min double precision, max double precision,
        p05 double precision, p50 double precision, p95 double precision)
      """, [run, json])
  }

  /// A JSON array as one of SQL; null where there is none.
  private static func array(_ json: String, _ type: String) -> String {
    """
    (SELECT array_agg(v.value::\(type) ORDER BY v.place)
     FROM jsonb_array_elements_text(\(json)) WITH ORDINALITY AS v (value, place))
    """
  }
}
