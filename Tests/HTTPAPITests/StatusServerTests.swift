import Hummingbird
import HummingbirdTesting
import Testing

@testable import HTTPAPI

@Suite struct StatusServerTests {
  @Test func aRunningProcessIsAlive() async throws {
    try await Application(router: StatusServer.router()).test(.router) { client in
      try await client.execute(uri: "/livez", method: .get) { response in
        #expect(response.status == .ok)
        #expect(String(buffer: response.body) == "ok\n")
      }
    }
  }
}
