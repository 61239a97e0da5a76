/// Why a NIfTI file was refused or could not be written.
///
/// The description is one sentence without the file's name, which may name a patient; `fileName` has to be asked for.
public struct NiftiError: Error, CustomStringConvertible, Sendable {
  public enum Code: Sendable {
    /// The file can't be opened or read.
    case unreadable
    /// The bytes are no NIfTI-1 or NIfTI-2 file with its voxels behind the header.
    case notNifti
    /// The file ends before what its header announces, or its compressed data is damaged.
    case truncated
    /// The file goes on behind the voxels that its header announces.
    case trailingBytes
    /// Dimensions are impossible, or larger than the file can hold or the limit allows.
    case dimensions
    /// The number type isn't one of integers and floats of 8 to 64 bits.
    case datatype
    /// A spacing is zero or not finite.
    case spacing
    /// The position in space isn't finite.
    case geometry
    /// No voxel has a value.
    case noValues
    /// Channels of one case differ in their extent.
    case mismatch
    /// A label map holds something that is no label.
    case notLabels
    /// The file can't be written.
    case unwritable
  }

  public let code: Code
  public let description: String
  /// The name of the file, if it came from one.
  public internal(set) var fileName: String?

  init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }

  /// The sentence with the file's name before it, for whoever may see names.
  public var explanation: String { fileName.map { "\($0): \(description)" } ?? description }
}
