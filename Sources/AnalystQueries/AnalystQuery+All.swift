extension AnalystQuery {
  /// All that there are, by name.
  public static let all: [AnalystQuery] = [
    AnalystQuery("agreement", PackageResources.agreement_sql),
    AnalystQuery("costs", PackageResources.costs_sql),
    AnalystQuery("drift", PackageResources.drift_sql),
    AnalystQuery("failures", PackageResources.failures_sql),
    AnalystQuery("incomplete", PackageResources.incomplete_sql),
    AnalystQuery("label-volumes-by-week", PackageResources.label_volumes_by_week_sql),
    AnalystQuery("least-certain", PackageResources.least_certain_sql),
    AnalystQuery("provenance", PackageResources.provenance_sql),
    AnalystQuery("statistics", PackageResources.statistics_sql),
    AnalystQuery("throughput", PackageResources.throughput_sql),
    AnalystQuery("timings", PackageResources.timings_sql),
    AnalystQuery("turnaround", PackageResources.turnaround_sql),
    AnalystQuery("workers", PackageResources.workers_sql),
    AnalystQuery("worst-agreement", PackageResources.worst_agreement_sql),
  ]

  /// `nil` for a name that there isn't.
  public static func named(_ name: String) -> AnalystQuery? { all.first { $0.name == name } }

  private init(_ name: String, _ file: [UInt8]) { self.init(name: name, file: String(decoding: file, as: UTF8.self)) }
}
