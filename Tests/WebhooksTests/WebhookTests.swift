import FleetContracts
import Foundation
import Testing

@testable import Webhooks

@Suite struct WebhookTests {
  /// The example that Standard Webhooks' libraries are tested with.
  @Test func aSignatureIsThatOfTheStandard() throws {
    let secret = try #require(WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    let headers = WebhookSignature.headers(
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: Array(#"{"test": 2432232314}"#.utf8),
      secret: secret)
    #expect(headers.map(\.name) == ["webhook-id", "webhook-timestamp", "webhook-signature"])
    #expect(headers.last?.value == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
  }

  @Test(arguments: [
    "https://example.org/hook", "https://10.0.0.7:8443/a?b=c", "http://localhost:8080/", "http://127.0.0.9/x",
    "http://[::1]:9/x",
  ]) func encryptedAndLocalAddressesAreTaken(text: String) throws {
    #expect(try WebhookAddress(text, allowsPlain: false).description == text)
  }

  @Test(arguments: [
    "http://example.org/", "http://127.0.0.1.example.org/", "http://localhost.example.org/", "ftp://example.org/",
    "file:///etc/passwd", "https://user:secret@example.org/", "https://user@example.org/", "https://", "hook", "",
    "https://example.org/#part", "http://127.0.0.1@example.org/", "http://127.0.0.256/",
  ]) func otherAddressesAreRefused(text: String) {
    #expect(throws: WebhookAddressError.self) { try WebhookAddress(text, allowsPlain: false) }
  }

  @Test func plainAddressesAreTakenWhereThatIsAskedFor() throws {
    #expect(try WebhookAddress("http://ris.hospital.lan/hook", allowsPlain: true).url.host() == "ris.hospital.lan")
  }

  @Test func retryAfterIsReadInBothForms() {
    let now = Date(timeIntervalSince1970: 1_700_000_000)  // Tue, 14 Nov 2023 22:13:20 GMT
    #expect(RetryAfter.pause("120", now: now) == .seconds(120))
    #expect(RetryAfter.pause("Tue, 14 Nov 2023 22:14:20 GMT", now: now) == .seconds(60))
    #expect(RetryAfter.pause("Tue, 14 Nov 2023 22:00:00 GMT", now: now) == .zero)
    #expect(RetryAfter.pause("soon", now: now) == nil && RetryAfter.pause("-1", now: now) == nil)
  }

  @Test func whatWasntDeliveredIsTriedForADayWithGrowingPauses() {
    func outcome(_ answer: WebhookAnswer, _ attempt: Int, age: Duration = .zero) -> DeliveryOutcome {
      WebhookRetry.outcome(of: answer, attempt: attempt, age: age, chance: 0.5)
    }
    #expect(outcome(.status(204, retryAfter: nil), 1) == .delivered(status: 204))
    #expect(outcome(.status(410, retryAfter: nil), 1) == .gone)
    var (age, attempts, last) = (Duration.zero, 0, Duration.zero)
    while case .retry(let pause, let status, _) = outcome(.status(500, retryAfter: nil), attempts + 1, age: age) {
      #expect(status == 500 && pause >= last)
      (age, attempts, last) = (age + pause, attempts + 1, pause)
      if attempts > 1000 { break }
    }
    #expect(age > .seconds(80_000) && age < WebhookRetry.patience && attempts < 60)
    guard case .givenUp = outcome(.none("x"), attempts + 1, age: age) else {
      Issue.record("after a day it isn't given up")
      return
    }
    guard case .retry(let pause, _, _) = outcome(.status(429, retryAfter: .seconds(500)), 1) else {
      Issue.record("a receiver that is busy isn't asked again")
      return
    }
    #expect(pause == .seconds(500))
    // Redirections aren't followed: to where they lead nobody has agreed.
    guard case .retry = outcome(.status(302, retryAfter: nil), 1) else {
      Issue.record("a redirection counts as delivered")
      return
    }
  }
}
