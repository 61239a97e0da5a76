/// The names that nnU-Net gives to a model's files.
enum ModelFiles {
  static let plans = "plans.pkl"
  static let postprocessing = "postprocessing.json"
  /// The data set's names of labels: not part of nnU-Net's models, but Tessera reads it where somebody put it.
  static let dataset = "dataset.json"
  /// Beside a checkpoint, for people.
  static let notes = ["debug.json", "progress.png", "network_architecture.pdf"]
  /// A checkpoint `name` is `name.model`, with its plans in `name.model.pkl`.
  static let checkpointSuffixes = [".model", ".model.pkl"]
}
