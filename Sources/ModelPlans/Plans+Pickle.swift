public import Pickles

extension Plans {
  /// Reads the plans dictionary of nnU-Net 1.7.1 and its predecessors (`plans.pkl`, or `plans` in a `.model.pkl`).
  ///
  /// Old plans lack entries that later versions added; they get the values that nnUNetTrainer.process_plans gives them
  /// (nnunet/training/network_training/nnUNetTrainer.py).
  /// - Throws: `PlansError` that names the entry which is missing or out of bounds.
  public init(pickle: PickleValue) throws(PlansError) {
    let plans = try PlansReader(pickle, path: "plans")
    let channels = try plans.integer("num_modalities", in: PlansBounds.channels)
    let schemes = try Plans.perChannel(plans, "normalization_schemes", channels) { $0.text }
    let masks = try Plans.perChannel(plans, "use_mask_for_norm", channels) { $0.boolean }
    let names = plans.optional("modalities")
    let transposes = try Plans.transposes(plans)
    let classes = try plans.integer("num_classes", in: PlansBounds.classes)
    let labels: [Int]? =
      plans.optional("all_classes") == nil
      ? nil : try plans.integers("all_classes", count: PlansBounds.classes, in: PlansBounds.labels)
    let convolutions =
      plans.optional("conv_per_stage") == nil
      ? 2 : try plans.integer("conv_per_stage", in: PlansBounds.convolutions)

    self.init(
      channelCount: channels,
      modalityNames: (0..<channels).map { names?[$0]?.text ?? "channel \($0)" },
      normalizationSchemes: schemes,
      useMaskForNormalization: masks,
      intensityProperties: try Plans.intensityProperties(plans, schemes: schemes),
      foregroundClasses: classes,
      classLabels: labels,
      baseFeatures: try plans.integer("base_num_features", in: PlansBounds.features),
      convolutionsPerStage: convolutions,
      transposeForward: transposes.forward,
      transposeBackward: transposes.backward,
      stages: try Plans.stages(plans),
      preprocessorName: plans.optional("preprocessor_name")?.text,
      exportParameters: try Plans.exportParameters(plans))
  }

  private static func perChannel<Value>(
    _ plans: PlansReader, _ key: String, _ channels: Int, _ value: (PickleValue) -> Value?
  ) throws(PlansError) -> [Value] {
    let entries = try plans.required(key)
    var values: [Value] = []
    for channel in 0..<channels {
      guard let entry = entries[channel], let converted = value(entry) else {
        throw .invalid(
          entry: plans.name(key), expected: "a value for each of \(channels) channels",
          found: PlansReader.describe(entries))
      }
      values.append(converted)
    }
    return values
  }

  private static func transposes(_ plans: PlansReader) throws(PlansError) -> (forward: [Int], backward: [Int]) {
    guard plans.optional("transpose_forward") != nil, plans.optional("transpose_backward") != nil else {
      return ([0, 1, 2], [0, 1, 2])
    }
    let forward = try plans.integers("transpose_forward", count: 3...3, in: 0...2)
    let backward = try plans.integers("transpose_backward", count: 3...3, in: 0...2)
    guard Set(forward).count == 3 else {
      throw .invalid(
        entry: plans.name("transpose_forward"), expected: "a permutation of [0, 1, 2]", found: "\(forward)")
    }
    guard backward.map({ forward[$0] }) == [0, 1, 2] else {
      throw .invalid(
        entry: plans.name("transpose_backward"), expected: "the inverse of \(forward)", found: "\(backward)")
    }
    return (forward, backward)
  }

  private static func intensityProperties(
    _ plans: PlansReader, schemes: [String]
  ) throws(PlansError) -> [IntensityProperties?] {
    let channels = plans.optional("dataset_properties")?["intensityproperties"]
    var properties: [IntensityProperties?] = []
    for (channel, scheme) in schemes.enumerated() {
      let path = plans.name("dataset_properties.intensityproperties[\(channel)]")
      guard let entry = channels?[channel] else {
        guard scheme != "CT", scheme != "CT2" else { throw .missing(entry: path) }
        properties.append(nil)
        continue
      }
      properties.append(try IntensityProperties(entry, path: path, isNormalizedBy: scheme == "CT"))
    }
    return properties
  }

  private static func exportParameters(_ plans: PlansReader) throws(PlansError) -> ExportParameters {
    guard let value = plans.optional("segmentation_export_params") else { return ExportParameters() }
    let export = try PlansReader(value, path: plans.name("segmentation_export_params"))
    return ExportParameters(
      forceSeparateZ: export.optional("force_separate_z")?.boolean,
      order: try export.integer("interpolation_order", in: PlansBounds.splineOrder),
      orderZ: try export.integer("interpolation_order_z", in: PlansBounds.splineOrder))
  }

  private static func stages(_ plans: PlansReader) throws(PlansError) -> [Int: PlansStage] {
    let all = try PlansReader(try plans.required("plans_per_stage"), path: plans.name("plans_per_stage"))
    let leavesFirst = plans.optional("preprocessor_name")?.text == "PreprocessorFor3D_LeaveOriginalZSpacing"
    var stages: [Int: PlansStage] = [:]
    for entry in all.dictionary.entries {
      let stage = try PlansReader.integer(entry.key, in: PlansBounds.stage, "\(all.path)'s key")
      stages[stage] = try PlansStage(
        PlansReader(entry.value, path: "\(all.path)[\(stage)]"), mayLeaveFirstSpacing: leavesFirst)
    }
    guard !stages.isEmpty else { throw .missing(entry: "\(all.path)[0]") }
    return stages
  }
}

extension IntensityProperties {
  /// - Parameter isNormalizedBy: whether mean and deviation become a divisor, so that they must be usable.
  fileprivate init(_ value: PickleValue, path: String, isNormalizedBy: Bool) throws(PlansError) {
    let entry = try PlansReader(value, path: path)
    func number(_ key: String) throws(PlansError) -> Double {
      let value = try entry.required(key)
      guard let number = value.number, number.isFinite else {
        throw .invalid(entry: entry.name(key), expected: "a finite number", found: PlansReader.describe(value))
      }
      return number
    }
    self.init(
      mean: try number("mean"), sd: try number("sd"), percentile00_5: try number("percentile_00_5"),
      percentile99_5: try number("percentile_99_5"))
    guard !isNormalizedBy || sd > 0 else {
      throw .invalid(entry: entry.name("sd"), expected: "a standard deviation above 0", found: "\(sd)")
    }
    guard percentile00_5 <= percentile99_5 else {
      throw .invalid(
        entry: entry.name("percentile_99_5"), expected: "at least percentile_00_5 (\(percentile00_5))",
        found: "\(percentile99_5)")
    }
  }
}
