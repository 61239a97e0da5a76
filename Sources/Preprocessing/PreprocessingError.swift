/// Why a case could not be preprocessed: a code to switch on and one sentence for a person. It names no file and no patient.
public struct PreprocessingError: Error, CustomStringConvertible, Sendable {
  public enum Code: Sendable {
    /// The image has other channels than the plans expect.
    case channelCount
    /// Every voxel of every channel is zero, so there is nothing to crop to.
    case emptyImage
    /// The resampled image would have an axis without voxels, or more voxels than memory can address.
    case emptyResult
    /// A channel's values can't be normalised to finite numbers.
    case notFinite
    /// The plans ask for something that is not supported, or contradict themselves.
    case unsupportedPlan
    /// A spacing is not a positive finite number.
    case spacing
  }

  public let code: Code
  public let description: String

  public init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }
}
