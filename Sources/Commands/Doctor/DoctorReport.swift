internal import Foundation
internal import Kernels
internal import Machine
internal import UNet

/// What `tessera doctor` finds. Encoded with keys in snake case.
struct DoctorReport: Encodable {
  struct OpenBLASFacts: Encodable {
    var version: String
    /// The processor whose kernels it runs.
    var core: String
    /// Threads of one of its calls; Tessera has threads of its own.
    var threads = 1
    /// `OPENBLAS_CORETYPE`, which is left alone.
    var presetCoreType: String?

    init(configuration: String = OpenBLAS.configuration, core: String = OpenBLAS.coreName, preset: String?) {
      // Such as `OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH Haswell MAX_THREADS=64`.
      let words = configuration.split(separator: " ")
      version = words.count > 1 ? String(words[1]) : configuration
      self.core = core
      presetCoreType = preset
    }
  }

  var softwareVersion = SoftwareVersion.current
  var machine: Machine
  /// Found, weakest first.
  var instructionSets: [String]
  /// Whose kernels will be used.
  var instructionSet: String
  var openBLAS: OpenBLASFacts
  /// Compute threads of a slot.
  var threads: Int
  var engine: String
  var engineReason: String
  var checks: [EngineCheck]
  var model: DoctorModel?
  var settings: DoctorSettings
  /// What is broken, each a sentence.
  var problems: [String]
  /// What could be better, each a sentence.
  var advice: [String]
}

extension DoctorReport {
  /// For people: titles and texts.
  var lines: [(title: String, text: String)] {
    var lines: [(String, String)] = [
      ("version", softwareVersion), ("processor", processorText), ("caches", cachesText),
      ("instructions", instructionSets.joined(separator: ", ") + "; winograd's kernels: \(instructionSet)"),
      (
        "OpenBLAS",
        "\(openBLAS.version), core \(openBLAS.core), \(openBLAS.threads) thread a call; OPENBLAS_CORETYPE is "
          + (openBLAS.presetCoreType.map { "preset to \($0) and left alone" } ?? "not set")
      ),
      ("memory", memoryText), ("threads", "\(threads) for each slot"), ("engine", "\(engine): \(engineReason)"),
    ]
    for check in checks {
      lines.append(
        (
          "check",
          "\(check.engine) computes a small network "
            + (check.isGood ? "right" : "WRONG") + ", relative error \(Formats.scientific(check.relativeError))"
        ))
    }
    if let model { lines += model.lines }
    lines += settings.lines
    lines += problems.map { ("PROBLEM", $0) } + advice.map { ("advice", $0) }
    return lines
  }

  private var processorText: String {
    let processor = machine.processor
    var parts = [processor.name ?? "of unknown name"]
    if let online = processor.online { parts.append("\(online) logical processors") }
    if let allowed = processor.allowed, allowed != processor.online {
      parts.append("\(allowed) of them for this process (\(processor.allowedList ?? ""))")
    }
    if let share = machine.controlGroup.processors {
      parts.append("limited to the time of \(Formats.number(share, digits: 2)) by its control group")
    }
    return parts.joined(separator: ", ")
  }

  private var cachesText: String {
    let caches = machine.processor.caches.map { cache in
      let shared = cache.sharedBy.map { $0 > 1 ? " for \($0) processors" : "" } ?? ""
      return "L\(cache.level) \(Formats.bytes(cache.bytes))\(shared)"
    }
    return caches.isEmpty ? "not told by the system" : caches.joined(separator: ", ")
  }

  private var memoryText: String {
    let memory = machine.memory
    let total = memory.total.map(Formats.bytes) ?? "of unknown size"
    let available = memory.available.map { ", \(Formats.bytes($0)) available" } ?? ""
    let limit = machine.controlGroup.memory.map { "limited to \(Formats.bytes($0)) by" } ?? "no limit by"
    return
      "\(total)\(available), \(limit) the control group, huge pages: \(memory.hugePages ?? "not told by the system")"
  }
}
