internal import ArgumentParser
internal import Foundation

#if canImport(Glibc)
  internal import Glibc
#endif

/// `tessera init`
struct InitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Writes a configuration file with all settings, their defaults, units and meanings as comments.",
    discussion: """
      The file is JSON with comments. Remove the slashes before a setting to change it. Processes read the file that TESSERA_CONFIG or
      --config names; nobody but you may read it, since it may hold passwords.

        tessera init
        tessera init /etc/tessera/tessera.json5
        TESSERA_CONFIG=tessera.json5 tessera doctor --fleet
      """)

  @Argument(help: ArgumentHelp("The file.", valueName: "file"), completion: .file(extensions: ["json5", "json"]))
  var file = "tessera.json5"

  @Flag(help: "Replace a file that is there.")
  var force = false

  @Flag(help: "Print JSON.")
  var json = false

  private struct Report: Encodable {
    var file: String
    var settings: Int
  }

  func run() async throws {
    try await Failures.reported {
      try write()
      if json { return try Output.json(Report(file: file, settings: Setting.all.count)) }
      Output.line("\(file) has \(Setting.all.count) settings, all with their defaults.")
      Output.note("Change it, then: export TESSERA_CONFIG=\(URL(filePath: file).path)")
    }
  }

  /// - Throws: `InputError`; a file that is there isn't touched without `force`.
  private func write() throws {
    let target = force ? file + ".new" : file
    let descriptor = open(target, O_WRONLY | O_CREAT | (force ? O_TRUNC : O_EXCL) | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw InputError(
        errno == EEXIST
          ? "\(file) is there already, and may hold settings of yours; name another file, or replace it by --force."
          : "\(file) can't be written (\(String(cString: strerror(errno)))); name a file in a folder that is there and yours."
      )
    }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    try handle.write(contentsOf: Data(InitialConfiguration.text.utf8))
    try handle.synchronize()
    guard force, rename(target, file) != 0 else { return }
    let reason = String(cString: strerror(errno))
    unlink(target)
    throw InputError("\(file) can't be replaced (\(reason)); name another file.")
  }
}
