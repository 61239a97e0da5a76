internal import Evaluation
internal import LabelFolders

/// Means over cases, a row for each label.
enum EvaluationTable {
  static func rendered(_ evaluation: FolderEvaluation) -> String {
    let tolerance = Formats.number(evaluation.tolerance ?? 0, digits: 2)
    var table = TextTable([
      ("label", .right), ("cases", .right), ("Dice", .right), ("lowest Dice", .right), ("precision", .right),
      ("recall", .right), ("HD95 mm", .right), ("ASSD mm", .right), ("surface Dice, \(tolerance) mm", .right),
      ("difference mL", .right),
    ])
    for label in evaluation.labels {
      func overlap(_ metric: OverlapMetric) -> String { number(evaluation.mean(of: metric, label: label), digits: 4) }
      func surface(_ metric: SurfaceMetric, digits: Int) -> String {
        number(evaluation.mean(of: metric, label: label), digits: digits)
      }
      let dice = evaluation.cases.map { (name: $0.pair.name, value: $0.evaluation.confusion(of: label)[.dice]) }
        .filter { !$0.value.isNaN }
      let lowest = dice.min { $0.value < $1.value }
      table.add([
        "\(label)", "\(dice.count)", overlap(.dice), lowest.map { "\(number($0.value, digits: 4)) \($0.name)" } ?? "-",
        overlap(.precision), overlap(.recall), surface(.hausdorffDistance95, digits: 2),
        surface(.averageSymmetricSurfaceDistance, digits: 2), surface(.surfaceDice, digits: 4),
        surface(.volumeDifference, digits: 3),
      ])
    }
    return table.rendered()
  }

  private static func number(_ value: Double, digits: Int) -> String {
    value.isNaN ? "-" : Formats.number(value, digits: digits)
  }
}
