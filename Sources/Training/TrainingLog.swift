public import Foundation

/// nnU-Net's `training_log_Y_M_D_HH_MM_SS.txt`: one for each call, each line with its time (network_trainer.py: print_to_log_file).
public struct TrainingLog {
  private let handle: FileHandle

  /// - Throws: `TrainingError` where the file can't be made.
  public init(in folder: URL, date: Date = Date()) throws {
    let parts = Calendar.current.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
    func two(_ value: Int?) -> String { String(format: "%02d", value ?? 0) }
    let name =
      "training_log_\(parts.year ?? 0)_\(parts.month ?? 0)_\(parts.day ?? 0)_\(two(parts.hour))_\(two(parts.minute))_\(two(parts.second)).txt"
    let file = folder.appending(path: name)
    if !FileManager.default.fileExists(atPath: file.path) {
      guard FileManager.default.createFile(atPath: file.path, contents: Data("Starting... \n".utf8)) else {
        throw TrainingError("The log \(file.path) can't be made; check that the folder can be written and has space.")
      }
    }
    handle = try FileHandle(forWritingTo: file)
    try handle.seekToEnd()
  }

  /// Appends a line; its parts stand as Python's `print` would put them.
  public func write(_ parts: String...) {
    let text = ([Self.time(Date()) + ":"] + parts).map { $0 + " " }.joined() + "\n"
    // A disk that is full mustn't end a training of days; its checkpoints will say so.
    try? handle.write(contentsOf: Data(text.utf8))
  }

  /// As Python's `str` of a `datetime`: local time.
  private static func time(_ date: Date) -> String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.dateFormat = "yyyy-MM-dd HH:mm:ss.SSSSSS"
    return formatter.string(from: date)
  }
}
