import Exposition
import FleetMetrics
import Metrics
import Testing

@Suite struct TextExpositionTests {
  private static let requests = MetricFamily(
    "requests_total", .counter, "Requests.\nBy \\way.", labels: ["way", "code"])
  private static let depth = MetricFamily("depth", .gauge, "Depth, in m.")
  private static let wait = MetricFamily("wait_seconds", .histogram(bounds: [0.5, 1]), "Waiting, in seconds.")
  private let registry = MetricsRegistry([requests, depth, wait])

  @Test func everyKindIsWrittenAsPrometheusReadsIt() {
    withMetricsFactory(registry) {
      Self.requests.increment("put", "200")
      Self.requests.increment(by: 2, "get", "200")
      Self.depth.set(1.5)
      for value in [0.25, 0.5, 0.75, 7] { Self.wait.observe(value) }
    }
    #expect(
      TextExposition.text(registry) == """
        # HELP requests_total Requests.\\nBy \\\\way.
        # TYPE requests_total counter
        requests_total{way="get",code="200"} 2
        requests_total{way="put",code="200"} 1
        # HELP depth Depth, in m.
        # TYPE depth gauge
        depth 1.5
        # HELP wait_seconds Waiting, in seconds.
        # TYPE wait_seconds histogram
        wait_seconds_bucket{le="0.5"} 2
        wait_seconds_bucket{le="1"} 3
        wait_seconds_bucket{le="+Inf"} 4
        wait_seconds_sum 8.5
        wait_seconds_count 4

        """)
  }

  @Test func labelValuesOfAnyTextStayInTheirLine() {
    withMetricsFactory(registry) { Self.requests.increment("a\"b\\c\nd\r\ne", "ü") }
    let lines = TextExposition.text(registry).split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines.last == "requests_total{way=\"a\\\"b\\\\c\\nd\r\\ne\",code=\"ü\"} 1")
  }

  @Test func whatIsReadJustNowStandsBesideWhatWasCounted() {
    let text = TextExposition.text(registry, samples: [MetricSample(Self.depth, value: 4)])
    #expect(text.hasSuffix("depth 4\n"))
    #expect(!text.contains("wait_seconds"), "a family without series isn't shown")
  }

  @Test func onlyAnnouncedFamiliesOfTheRightKindAreKept() {
    withMetricsFactory(registry) {
      Counter(label: "unknown_total").increment()
      Counter(label: "depth").increment()
      Metrics.Timer(label: "requests_total").recordSeconds(1)
    }
    #expect(TextExposition.text(registry) == "")
  }

  @Test func aFamilyWithoutEndIsCutOff() {
    withMetricsFactory(registry) {
      for number in 0...MetricsRegistry.largestFamily { Self.requests.increment("\(number)", "") }
    }
    let lines = TextExposition.text(registry).split(separator: "\n")
    #expect(lines.count == 2 + MetricsRegistry.largestFamily)
  }

  @Test func aCounterNeverGoesBack() {
    withMetricsFactory(registry) {
      Self.requests.increment(by: 3, "get", "")
      Self.requests.increment(by: -1, "get", "")
      Self.requests.increment(by: .nan, "get", "")
    }
    #expect(TextExposition.text(registry).hasSuffix("{way=\"get\",code=\"\"} 3\n"))
  }

  @Test func aTimersNanosecondsBecomeSeconds() {
    withMetricsFactory(registry) { Metrics.Timer(label: "wait_seconds").recordNanoseconds(750_000_000) }
    #expect(TextExposition.text(registry).contains("wait_seconds_sum 0.75\n"))
  }
}
