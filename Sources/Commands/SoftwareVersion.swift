/// The version of this software, recorded with each result.
enum SoftwareVersion {
  static let current = "0.1.0"
}
