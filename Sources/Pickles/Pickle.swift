/// Reads Python pickles, protocols 0 to 5, without running them.
///
///     let plans = try Pickle.load(bytes, policy: .plain)
///     let stages = plans["plans_per_stage"]
public enum Pickle {
  /// The value of the pickle at the begin of `bytes`, and the length of that pickle: more may follow it.
  /// - Throws: `PickleError`.
  public static func load(
    _ bytes: UnsafeRawBufferPointer, policy: PicklePolicy, limits: PickleLimits = .standard
  ) throws(PickleError) -> (value: PickleValue, length: Int) {
    var unpickler = Unpickler(bytes: bytes, policy: policy, limits: limits)
    let root = try unpickler.run()
    let value = try unpickler.value(of: root)
    return (value, unpickler.input.offset)
  }

  /// The value of the pickle at the begin of `bytes`.
  /// - Throws: `PickleError`.
  public static func load(
    _ bytes: [UInt8], policy: PicklePolicy = .plain, limits: PickleLimits = .standard
  ) throws(PickleError) -> PickleValue {
    let result: Result<PickleValue, PickleError> = bytes.withUnsafeBytes { buffer in
      do throws(PickleError) {
        return .success(try load(buffer, policy: policy, limits: limits).value)
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }
}
