/// A row of the chaos table: a fault, and what must hold all the same.
public struct Scenario: Sendable {
  /// Its number in the table, 1 to 25.
  public var row: Int
  /// What fails.
  public var fault: String
  /// How it is made to fail, in a sentence.
  public var means: String
  public var invariants: [Invariant]
  /// About how long it takes, in seconds, on two processors.
  public var seconds: Int
  /// Whether it belongs to the short set.
  public var isQuick: Bool
  /// What it needs beside the installed servers.
  public var needs: Set<Need>
  let play: @Sendable (Stage) async throws -> [Finding]

  init(
    row: Int, fault: String, means: String, invariants: [Invariant], seconds: Int, isQuick: Bool = false,
    needs: Set<Need> = [.servers], play: @escaping @Sendable (Stage) async throws -> [Finding]
  ) {
    self.row = row
    self.fault = fault
    self.means = means
    self.invariants = invariants
    self.seconds = seconds
    self.isQuick = isQuick
    self.needs = needs
    self.play = play
  }
}

/// What a scenario needs of the machine.
public enum Need: String, Sendable, Hashable, CaseIterable, Encodable {
  /// Control of broker and database: not given where the fleet is somebody else's.
  case servers
  /// Network namespaces, for nodes that can be cut off from each other.
  case namespaces
  /// A group of processes with a limit of memory.
  case memoryGroup
  /// A file system of a few MiB.
  case smallDisk
  /// A C compiler.
  case compiler
}
