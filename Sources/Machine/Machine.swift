public import Foundation

/// What Linux says of the machine that this process runs on: for reports, never for results.
public struct Machine: Hashable, Sendable, Codable {
  public var processor: Processor
  public var memory: SystemMemory
  public var controlGroup: ControlGroup

  /// Reads `/proc` and `/sys`; what isn't told there is `nil`.
  /// - Parameter root: a folder that stands for `/`, in tests.
  public init(root: URL = URL(filePath: "/")) {
    let files = SystemFiles(root: root)
    processor = Processor(files)
    memory = SystemMemory(files)
    controlGroup = ControlGroup(files)
  }

  /// Processors' worth of time that this process can have.
  public var usableProcessors: Double? {
    [processor.allowed.map(Double.init), controlGroup.processors].compactMap { $0 }.min()
  }

  /// Bytes that this process can have at the most; what others use of them isn't taken off.
  public var usableMemory: Int? { [memory.total, controlGroup.memory].compactMap { $0 }.min() }
}
