internal import ArgumentParser
internal import FleetContracts
internal import Foundation

/// For whom a run is, and how soon.
struct UrgencyOptions: ParsableArguments {
  @Option(
    name: .customLong("class"),
    help: ArgumentHelp("How urgent the study is: stat, routine or batch.", valueName: "class"),
    completion: .list(RunClass.allCases.map(\.rawValue)),
    transform: UrgencyWord.runClass)
  var runClass = RunClass.routine

  @Option(
    help: ArgumentHelp("For whom it is; tenants share the fleet fairly.", valueName: "name"),
    transform: UrgencyWord.tenant)
  var tenant = Tenant.default

  @Option(
    help: ArgumentHelp(
      "When the result is wanted: a time such as 2030-01-31T12:00:00Z, or from now: 45m, 2h, 1d.", valueName: "time"))
  var deadline: Deadline?
}

/// Classes and tenants as words of the command line.
enum UrgencyWord {
  static func runClass(_ word: String) throws -> RunClass {
    guard let value = RunClass(rawValue: word) else {
      let all = RunClass.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("There is no class \(word); the classes are \(all).")
    }
    return value
  }

  static func tenant(_ word: String) throws -> Tenant {
    do {
      return try Tenant(word)
    } catch {
      throw ValidationError(error.description)
    }
  }
}

/// A point in time as people write it: an ISO 8601 date and time, or a duration from now.
struct Deadline: Hashable, ExpressibleByArgument {
  let date: Date

  init?(argument: String) { self.init(argument, now: Date()) }

  init?(_ text: String, now: Date) {
    if let date = try? Date(text, strategy: .iso8601) {
      self.date = date
    } else if let span = TimeSpan(argument: text) {
      date = now.addingTimeInterval(span.seconds)
    } else {
      return nil
    }
  }
}
