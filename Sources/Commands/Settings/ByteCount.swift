internal import ArgumentParser

/// A number of bytes as people write it: `4GiB`, `1500MiB`, `4G` (the same as `4GiB`), or bytes without a unit.
struct ByteCount: Hashable, ExpressibleByArgument {
  let bytes: Int

  init?(argument: String) {
    let digits = argument.prefix { $0.isNumber || $0 == "." }
    let units = ["": 0, "k": 10, "m": 20, "g": 30, "t": 40]
    var unit = argument.dropFirst(digits.count).lowercased()
    if unit.hasSuffix("ib") { unit.removeLast(2) }
    guard let amount = Double(digits), let shift = units[unit], amount > 0, amount * Double(1 << shift) < 1e18 else {
      return nil
    }
    bytes = Int(amount * Double(1 << shift))
  }
}
