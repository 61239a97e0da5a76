internal import Configuration
internal import Foundation

/// What the fleet's processes are told: flags over environment over configuration file over default.
struct FleetSettings {
  /// `amqp.url`, `TESSERA_AMQP_URL`: `amqp://user:password@host:port/vhost`. Holds a password.
  var brokerURL: String
  /// `database.url`, `TESSERA_DATABASE_URL`: `postgresql://user:password@host:port/database`. Holds a password.
  var databaseURL: String
  /// `store.url`, `TESSERA_STORE_URL`: `file:///folder`, the same folder for all processes of the fleet.
  var storeURL: String
  /// `threads`, `TESSERA_THREADS`: compute threads of a slot, of a preparation and of a stitch; default: all processors.
  var threads: Int
  /// `worker.slots`, `TESSERA_WORKER_SLOTS`: tiles that a worker computes at once; default 1.
  var slots: Int
  /// `lease.seconds`, `TESSERA_LEASE_SECONDS`: how long a claim on a run lasts without being renewed; default 30.
  var leaseSeconds: Int
  /// `overdue.seconds`, `TESSERA_OVERDUE_SECONDS`: tiles without a result for so long are dispatched again; default 900.
  var overdueSeconds: Int
  /// `grace.seconds`, `TESSERA_GRACE_SECONDS`: how long a stopping process may finish its work; default 120.
  var graceSeconds: Int

  /// Reads settings.
  /// - Parameters:
  ///   - flags: values from the command line by key; `nil` where the flag wasn't given.
  ///   - file: a JSON configuration file, or `nil` for the one that `TESSERA_CONFIG` names, if any.
  /// - Throws: `SettingsError`.
  static func read(flags: [String: String?] = [:], file: String? = nil) async throws -> FleetSettings {
    var given: [AbsoluteConfigKey: ConfigValue] = [:]
    for case (let key, let value?) in flags {
      given[AbsoluteConfigKey(key.split(separator: ".").map(String.init))] = ConfigValue(
        .string(value), isSecret: false)
    }
    var providers: [any ConfigProvider] = [
      InMemoryProvider(name: "command line", values: given), PrefixedEnvironment.provider(),
    ]
    if let path = file ?? ProcessInfo.processInfo.environment["TESSERA_CONFIG"] {
      do {
        providers.append(try await FileProvider<JSONSnapshot>(filePath: .init(path)))
      } catch {
        throw SettingsError(
          "The configuration file \(path) can't be read (\(error)); correct it or unset TESSERA_CONFIG.")
      }
    }
    let reader = ConfigReader(providers: providers)
    func text(_ key: ConfigKey, secret: Bool = false) throws -> String {
      if let value = reader.string(forKey: key, isSecret: secret), !value.isEmpty { return value }
      let variable = "TESSERA_" + key.components.joined(separator: "_").uppercased()
      throw SettingsError(
        "The setting \(key.components.joined(separator: ".")) is missing; set \(variable), or put it into the configuration file."
      )
    }
    func whole(_ key: ConfigKey, default value: Int, in range: ClosedRange<Int>) throws -> Int {
      let name = key.components.joined(separator: ".")
      guard let text = reader.string(forKey: key) ?? reader.int(forKey: key).map(String.init) else { return value }
      guard let number = Int(text), range.contains(number) else {
        throw SettingsError(
          "The setting \(name) is \(text); it must be a whole number from \(range.lowerBound) to \(range.upperBound).")
      }
      return number
    }
    return FleetSettings(
      brokerURL: try text("amqp.url", secret: true), databaseURL: try text("database.url", secret: true),
      storeURL: try text("store.url"),
      threads: try whole("threads", default: ProcessInfo.processInfo.activeProcessorCount, in: 1...1024),
      slots: try whole("worker.slots", default: 1, in: 1...256),
      leaseSeconds: try whole("lease.seconds", default: 30, in: 1...3600),
      overdueSeconds: try whole("overdue.seconds", default: 900, in: 1...86400),
      graceSeconds: try whole("grace.seconds", default: 120, in: 1...86400))
  }
}

/// A setting that is missing or wrong: one sentence that says what to do.
struct SettingsError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}

/// Environment variables `TESSERA_A_B` as keys `a.b`.
enum PrefixedEnvironment {
  static func provider() -> EnvironmentVariablesProvider {
    let prefix = "TESSERA_"
    let own = ProcessInfo.processInfo.environment.filter { $0.key.hasPrefix(prefix) }
    return EnvironmentVariablesProvider(
      environmentVariables: Dictionary(
        uniqueKeysWithValues: own.map { (String($0.key.dropFirst(prefix.count)), $0.value) }),
      secretsSpecifier: .dynamic { key, _ in key.hasSuffix("URL") })
  }
}
