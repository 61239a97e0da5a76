internal import ArgumentParser

/// Several values of one option, with commas between.
struct ListArgument<Element: ExpressibleByArgument>: ExpressibleByArgument {
  let values: [Element]

  init(_ values: [Element]) { self.values = values }

  /// `nil` when there is none, or one isn't valid.
  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    let values = parts.compactMap { Element(argument: String($0)) }
    guard values.count == parts.count else { return nil }
    self.values = values
  }

  var defaultValueDescription: String { values.map(\.defaultValueDescription).joined(separator: ",") }
}

/// From 1 to 1024.
struct ThreadCount: ExpressibleByArgument {
  let count: Int

  init(_ count: Int) { self.count = count }

  init?(argument: String) {
    guard let count = Int(argument), (1...1024).contains(count) else { return nil }
    self.count = count
  }

  var defaultValueDescription: String { "\(count)" }
}
