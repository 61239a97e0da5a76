public import Digests

/// Everything that made a run's result, by digest: what `tessera verify` computes again.
public struct RunEvidence: Hashable, Sendable {
  public struct Tile: Hashable, Sendable {
    public var probabilities: Digest
    /// Engine and instruction set that computed it.
    public var engine: String

    public init(probabilities: Digest, engine: String) {
      self.probabilities = probabilities
      self.engine = engine
    }
  }

  public struct Pass: Hashable, Sendable {
    public var id: PassID
    /// The run's epoch when it was planned.
    public var epoch: Int
    public var model: Digest
    public var document: Digest
    /// In plan order; only those that are accepted.
    public var tiles: [Tile]
    /// How many there were to be.
    public var plannedTiles: Int

    public init(id: PassID, epoch: Int, model: Digest, document: Digest, tiles: [Tile], plannedTiles: Int) {
      self.id = id
      self.epoch = epoch
      self.model = model
      self.document = document
      self.tiles = tiles
      self.plannedTiles = plannedTiles
    }
  }

  /// The run with the outcomes of its passes and its own.
  public var run: RunRecord
  /// Those that were planned, in the order of the work.
  public var passes: [Pass]
  /// The root that was written when the run was completed; `nil` before, and for runs of versions that wrote none.
  public var recordedRoot: Digest?

  /// Whether the run was trimmed: volumes, tiles' and members' probabilities may be gone from the store.
  public var isTrimmed: Bool

  public init(run: RunRecord, passes: [Pass], recordedRoot: Digest?, isTrimmed: Bool = false) {
    self.run = run
    self.passes = passes
    self.recordedRoot = recordedRoot
    self.isTrimmed = isTrimmed
  }

  /// Whether the ledger has lost all tile results of a pass, or a pass: nothing can be said of how the result was made.
  public var isWithoutTiles: Bool {
    passes.count < run.passes.count || passes.contains { $0.tiles.isEmpty && $0.plannedTiles > 0 }
  }

  /// What a completed run should have and hasn't, as sentences.
  public var gaps: [String] {
    var gaps: [String] = []
    if passes.count < run.passes.count {
      gaps.append(
        "Of \(run.passes.count) passes, the ledger has \(passes.count): how the others were made can't be verified.")
    }
    for (position, pass) in passes.enumerated() where pass.tiles.count != pass.plannedTiles {
      gaps.append(
        "Of the \(pass.plannedTiles) tiles of pass \(position), \(pass.tiles.count) have a result in the ledger: none can be computed or "
          + "stitched again.")
    }
    return gaps
  }

  /// One digest over images, models, pass documents, tiles, results and measurements: whatever of them changes, it changes.
  public var root: Digest {
    var leaves = run.images.enumerated().map { MerkleTree.leaf("image \($0)", $1.hexadecimal) }
    for (position, pass) in passes.enumerated() {
      leaves.append(MerkleTree.leaf("pass \(position) model", pass.model.hexadecimal))
      leaves.append(MerkleTree.leaf("pass \(position) document", pass.document.hexadecimal))
      for (index, tile) in pass.tiles.enumerated() {
        leaves.append(MerkleTree.leaf("pass \(position) tile \(index) \(tile.engine)", tile.probabilities.hexadecimal))
      }
      if run.passes.indices.contains(position), let outcome = run.passes[position].outcome {
        leaves += Self.leaves(
          "pass \(position) ", outcome.labelMap, outcome.labelVoxels, outcome.probabilities, properties: nil)
      }
    }
    if let outcome = run.outcome {
      leaves += Self.leaves(
        "", outcome.labelMap, outcome.labelVoxels, outcome.probabilities, properties: outcome.properties)
      for label in outcome.labels.sorted(by: { $0.label < $1.label }) {
        // Bits, not digits: no way of writing numbers is part of the root.
        leaves.append(
          MerkleTree.leaf("label \(label.label) \(label.name)", "\(label.voxels) \(label.volume.bitPattern)"))
      }
    }
    return MerkleTree.root(of: leaves)
  }

  private static func leaves(
    _ prefix: String, _ labelMap: Digest, _ labelVoxels: Digest, _ probabilities: Digest?, properties: Digest?
  ) -> [Digest] {
    let named: [(name: String, digest: Digest?)] = [
      ("label map", labelMap), ("label voxels", labelVoxels), ("probabilities", probabilities),
      ("properties", properties),
    ]
    return named.compactMap { entry in entry.digest.map { MerkleTree.leaf(prefix + entry.name, $0.hexadecimal) } }
  }

  /// All blobs of the store that the run was made from or has made, without repeats; those that pass documents and manifests name are not
  /// among them. Of a trimmed run, what it keeps.
  public var blobs: [Digest] {
    var all = run.images
    for pass in passes { all += [pass.model, pass.document] + (isTrimmed ? [] : pass.tiles.map(\.probabilities)) }
    for outcome in run.passes.compactMap(\.outcome) {
      all += [outcome.labelMap, isTrimmed ? nil : outcome.probabilities].compactMap { $0 }
    }
    if let outcome = run.outcome {
      all += [outcome.labelMap, outcome.probabilities, outcome.properties].compactMap { $0 }
    }
    var seen: Set<Digest> = []
    return all.filter { seen.insert($0).inserted }
  }
}

/// What a ledger can prove of its runs.
public protocol RunEvidences: Sendable {
  /// `nil` for a run that isn't there.
  func evidence(of run: RunID) async throws -> RunEvidence?
  /// Keeps what a verification has found; the newest one of a run counts.
  /// - Parameter findings: sentences; none when everything was right.
  func note(verificationOf run: RunID, tiles: Int, stitched: Bool, findings: [String], version: String) async throws
}
