/// nnU-Net's names of tasks, such as `Task501_BrainTissue` (nnunet/utilities/task_name_id_conversion.py).
public enum TaskName {
  /// Those of `names` that `task` may mean: the one that is called so, or for a number those with that number.
  public static func matches(_ task: String, among names: [String]) -> [String] {
    guard let number = Int(task), number >= 0 else { return names.filter { $0 == task } }
    let digits = String(number)
    let prefix = "Task" + String(repeating: "0", count: max(3 - digits.count, 0)) + digits + "_"
    return names.filter { $0.hasPrefix(prefix) }
  }
}
