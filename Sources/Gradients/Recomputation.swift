/// Which activations aren't kept for the way back, but computed again there, for less memory: from what is kept, by the same operations in the
/// same order, so that the bits are the same.
///
/// Where the way back begins, all tensors of all levels are kept beside the first gradients; those of the full resolution make up most of it. Of
/// those its last blocks are needed at once, but the encoder's first block only at the very end.
public enum Recomputation: String, Hashable, Sendable, Codable, CaseIterable {
  /// Everything is kept.
  case none
  /// Of each encoder level only the last block's output is kept, which the decoder reads too. Costs the others' convolutions once more, that at
  /// full resolution from the few channels of the patch.
  case encoder
  /// Of all coarser levels only the logits of the trained scales are kept: the rest is computed again when the full resolution's decoder is done,
  /// from its encoder's output.
  case coarseLevels
}
