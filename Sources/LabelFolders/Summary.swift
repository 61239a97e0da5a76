internal import Digests
internal import Evaluation
public import Foundation
public import PythonJSON

/// nnU-Net's `summary.json`: its metrics for each case and label, and their means (nnunet/evaluation/evaluator.py).
public struct Summary: Hashable, Sendable {
  public private(set) var json: JSONValue

  public static let fileName = "summary.json"
  /// What `aggregate_scores` writes where nobody names an author.
  private static let defaultAuthor = "Fabian"
  /// Of all cases' metrics there is a KB for each label.
  private static let maximumBytes = 1 << 30
  /// The key of the mean over labels that `add_mean_dice_to_json.py` adds.
  private static let foregroundKey = "mean"

  /// - Parameters:
  ///   - name, task: as nnU-Net's, which mostly leaves them empty.
  ///   - date: of the time stamp.
  public init(of evaluation: FolderEvaluation, name: String = "", task: String = "", date: Date = Date()) {
    let all = evaluation.cases.map { evaluated in
      var entries = Self.byLabel(evaluation.labels) { label in
        let counts = evaluated.evaluation.confusion(of: label)
        return Self.byMetric { $0.isCount ? .integer(Int(counts[$0])) : .float(counts[$0]) }
      }
      entries["test"] = .string(evaluated.pair.prediction.relativePath)
      entries["reference"] = .string(evaluated.pair.reference.relativePath)
      return JSONValue.object(entries)
    }
    let mean = Self.byLabel(evaluation.labels) { label in
      Self.byMetric { .float(evaluation.mean(of: $0, label: label)) }
    }
    let entries: [String: JSONValue] = [
      "name": .string(name), "description": .string(""), "timestamp": .string(Self.timeStamp(date)),
      "task": .string(task), "author": .string(Self.defaultAuthor),
      "results": .object(["all": .array(all), "mean": .object(mean)]),
    ]
    let digest = Digest(of: JSONValue.object(entries).serialized())
    json = .object(entries.merging(["id": .string(String(digest.hexadecimal.prefix(12)))]) { $1 })
  }

  private static func byLabel(_ labels: [Int], _ value: (Int) -> JSONValue) -> [String: JSONValue] {
    Dictionary(labels.map { (String($0), value($0)) }, uniquingKeysWith: { $1 })
  }

  private static func byMetric(_ value: (OverlapMetric) -> JSONValue) -> JSONValue {
    .object(Dictionary(uniqueKeysWithValues: OverlapMetric.allCases.map { ($0.rawValue, value($0)) }))
  }

  /// As Python's `str` of a `datetime`: local time.
  private static func timeStamp(_ date: Date) -> String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.dateFormat = "yyyy-MM-dd HH:mm:ss.SSSSSS"
    return formatter.string(from: date)
  }

  /// Reads a summary that nnU-Net or Tessera wrote.
  /// - Throws: `LabelFolderError`.
  public init(reading file: URL) throws {
    func unreadable(_ why: String) -> LabelFolderError {
      LabelFolderError(
        "Reading \(file.path) failed because \(why); expected the summary.json that nnU-Net or tessera wrote.")
    }
    guard let data = FileManager.default.contents(atPath: file.path), data.count <= Self.maximumBytes else {
      throw unreadable("there is no such file that can be read")
    }
    do {
      json = try JSONValue(parsing: data)
    } catch {
      throw unreadable("\(error)")
    }
    guard let mean = json["results"]?["mean"]?.object, json["results"]?["all"]?.array != nil,
      mean.values.allSatisfy({ $0["Dice"]?.number != nil })
    else { throw unreadable("it has no results") }
  }

  /// - Throws: `LabelFolderError`.
  public func write(to file: URL) throws { try FileWriting.write(json.serialized(), to: file) }

  private var mean: [String: JSONValue] { json["results"]?["mean"]?.object ?? [:] }

  /// Labels, in the order of the file, which is that of their texts: 1, 10, 2.
  public var labels: [Int] { mean.keys.sorted().compactMap { Int($0) } }

  public var caseCount: Int { json["results"]?["all"]?.array?.count ?? 0 }

  /// The mean Dice of a label over cases; NaN where it has none.
  public func dice(of label: Int) -> Double { mean[String(label)]?["Dice"]?.number ?? .nan }

  /// By which configurations are compared: the mean over labels, without background, of their mean Dice; NaN where a label has none
  /// (nnunet/evaluation/model_selection/figure_out_what_to_submit.py, `get_foreground_mean`).
  public var foregroundDice: Double { Means.mean(labels.filter { $0 != 0 }.map { dice(of: $0) }) }

  /// Adds, under the key `mean`, the mean of each metric over the labels that have it (nnunet/evaluation/add_mean_dice_to_json.py).
  public func addingForegroundMean() -> Summary {
    let labels = labels.filter { ![0, -1, 99].contains($0) }
    var mean = mean
    mean["99"] = nil
    mean[Self.foregroundKey] = Self.byMetric { metric in
      .float(Means.ofValues(labels.map { self.mean[String($0)]?[metric.rawValue]?.number ?? .nan }))
    }
    var results = json["results"]?.object ?? [:]
    results["mean"] = .object(mean)
    var entries = json.object ?? [:]
    entries["results"] = .object(results)
    var summary = self
    summary.json = .object(entries)
    return summary
  }

  /// The Dice of the key that `addingForegroundMean` adds.
  public var meanDice: Double { mean[Self.foregroundKey]?["Dice"]?.number ?? .nan }

  /// With a further key at the top.
  public func adding(_ key: String, _ text: String) -> Summary {
    var summary = self
    summary.json = .object((json.object ?? [:]).merging([key: .string(text)]) { $1 })
    return summary
  }
}
