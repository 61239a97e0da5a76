public import Digests
internal import Foundation

extension Submission {
  /// The digest of what is asked for, without the key: two submissions with one key must agree in it.
  ///
  /// Keys are compared over years and versions, so what was once digested keeps its form: a run of one model is written as it was
  /// before there were several passes, and a choice that is the default isn't written at all.
  public var contentDigest: Digest {
    get throws { Digest(of: try MessageCoding.encode(Content(self))) }
  }

  private struct Content: Encodable {
    var images: [Digest]
    /// The model of a run that has one.
    var model: Digest?
    /// The passes of a run that has several.
    var passes: [PassRequest]?
    var options: Options

    struct Options: Encodable {
      var folds: [String]?
      var mirroring: Bool
      var stepSize: Double
      var savesProbabilities: Bool
      var postprocessing: PostprocessingChoice?
    }

    init(_ submission: Submission) {
      images = submission.images
      let choice = submission.options.postprocessing
      options = Options(
        mirroring: submission.options.mirroring, stepSize: submission.options.stepSize,
        savesProbabilities: submission.options.savesProbabilities, postprocessing: choice == .ofTheModel ? nil : choice)
      if let only = submission.passes.first,
        submission.passes == [PassRequest(model: only.model, folds: only.folds)]
      {
        model = only.model
        options.folds = only.folds
      } else {
        passes = submission.passes
      }
    }
  }
}
