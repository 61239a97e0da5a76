import Foundation
import Synchronization

/// What of a RabbitMQ and a PostgreSQL one fleet uses: a virtual host and a database.
struct ServerPlace {
  /// They live at least as long.
  private let servers: PrivateServers
  /// `TESSERA_AMQP_URL`, `TESSERA_DATABASE_URL`.
  let environment: [String: String]

  /// Servers of one fleet alone.
  init(_ servers: PrivateServers) {
    self.servers = servers
    environment = servers.environment
  }

  /// A virtual host and a database of this name.
  fileprivate init(_ servers: PrivateServers, named name: String) throws {
    self.servers = servers
    environment = try servers.environment.mapValues { address in
      var parts = URLComponents(string: address)
      parts?.path = "/\(name)"
      guard let text = parts?.string else { throw Fleet.Failure(description: "no address of \(name)") }
      return text
    }
  }
}

/// A RabbitMQ and a PostgreSQL for all fleets of this process that don't harm them, since starting servers takes longer than most tests.
/// Each fleet finds an empty virtual host and an empty database there.
enum SharedServers {
  private static let running = Mutex<State?>(nil)

  private struct State {
    let servers: PrivateServers
    var used = 0
  }

  /// The broker's own program takes seconds to start, so it makes many at once.
  private static let virtualHosts = 32

  static func place() throws -> ServerPlace {
    try running.withLock { state in
      var current = try state ?? start()
      defer { state = current }
      let name = "fleet\(current.used)"
      if current.used % virtualHosts == 0 { try makeVirtualHosts(from: current.used, on: current.servers) }
      try current.servers.makeDatabase(name)
      current.used += 1
      return try ServerPlace(current.servers, named: name)
    }
  }

  private static func start() throws -> State {
    let servers = try PrivateServers()
    // Nothing of a process's globals is taken down at its end.
    atexit { SharedServers.running.withLock { $0 = nil } }
    return State(servers: servers)
  }

  private static func makeVirtualHosts(from first: Int, on servers: PrivateServers) throws {
    try servers.controlBroker([
      "eval",
      """
      [begin
         Name = list_to_binary("fleet" ++ integer_to_list(Number)),
         ok = rabbit_vhost:add(Name, <<"tests">>),
         ok = rabbit_auth_backend_internal:set_permissions(
           <<"tessera">>, Name, <<".*">>, <<".*">>, <<".*">>, <<"tests">>)
       end || Number <- lists:seq(\(first), \(first + virtualHosts - 1))].
      """,
    ])
  }
}
