internal import Foundation
internal import ModelPlans

/// nnU-Net's configurations, by its names.
public enum ModelConfiguration: String, Hashable, Sendable, Codable, CaseIterable {
  case twoDimensional = "2d"
  case lowResolution = "3d_lowres"
  case fullResolution = "3d_fullres"
  case cascade = "3d_cascade_fullres"

  /// nnU-Net's name, or `3d`, which is short for `3d_fullres`.
  public init?(named name: String) { self.init(rawValue: name == "3d" ? Self.fullResolution.rawValue : name) }

  /// The configuration of a model folder: by nnU-Net's layout `<configuration>/<task>/<trainer>__<plans>` where it lies in one,
  /// else by what the network is. Two stages make a cascade, whose first stage is the low resolution; its second is known by its trainer.
  init(folder: URL, plans: Plans, stage: Int, trainer: Trainer) {
    let parent = folder.deletingLastPathComponent().deletingLastPathComponent().lastPathComponent
    if trainer.isCascade {
      self = .cascade
    } else if let named = ModelConfiguration(rawValue: parent), named != .cascade {
      self = named
    } else if plans.stages[stage]?.patch.count == 2 {
      self = .twoDimensional
    } else {
      self = plans.stages.count > 1 && stage == plans.stages.keys.min() ? .lowResolution : .fullResolution
    }
  }
}
