/// Damage as files meet it, and as somebody might do it on purpose.
public enum Mutation {
  /// A copy of `bytes` with one to four changes: bits flipped, bytes replaced, repeated, taken out, or the end cut off.
  public static func mutate(_ bytes: [UInt8], using generator: inout SplitMix64) -> [UInt8] {
    var result = bytes
    for _ in 0..<Int.random(in: 1...4, using: &generator) where !result.isEmpty {
      let place = Int.random(in: 0..<result.count, using: &generator)
      switch Int.random(in: 0..<8, using: &generator) {
      case 0, 1, 2: result[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 3: result[place] = UInt8.random(in: 0...255, using: &generator)
      case 4: result[place] = [0, 0x7F, 0x80, 0xFF].randomElement(using: &generator) ?? 0
      case 5:
        let end = min(place + Int.random(in: 1...8, using: &generator), result.count)
        result.insert(contentsOf: result[place..<end], at: place)
      case 6:
        result.removeSubrange(place..<min(place + Int.random(in: 1...8, using: &generator), result.count))
      default: result.removeSubrange(place...)
      }
    }
    return result
  }
}
