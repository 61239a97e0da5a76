public import Pickles

extension ExperimentPlan {
  /// The dictionary of `nnUNetPlansv2.1_plans_3D.pkl` or `…_2D.pkl`.
  /// - Parameters:
  ///   - croppedFolder: where the cropped cases lie (`nnUNet_cropped_data/TASK`).
  ///   - preprocessedFolder: where the preprocessed ones will (`nnUNet_preprocessed/TASK`).
  public func pickle(croppedFolder: String, preprocessedFolder: String) -> PickleValue {
    let properties = fingerprint.pickle
    var entries: [(String, PickleValue)] = [
      ("num_stages", .int(stages.count)),
      ("num_modalities", .int(fingerprint.modalities.count)),
      ("modalities", .byIndex(fingerprint.modalities.map(PickleValue.string))),
      ("normalization_schemes", .byIndex(normalizationSchemes.map(PickleValue.string), isOrdered: true)),
      ("dataset_properties", properties),
      ("list_of_npz_files", .list(fingerprint.cases.map { .string("\(croppedFolder)/\($0.name).npz") })),
      ("original_spacings", .list(fingerprint.cases.map { .doubleArray($0.spacing) })),
      ("original_sizes", .list(fingerprint.cases.map { .integerTuple($0.extent) })),
      ("preprocessed_data_folder", .string(preprocessedFolder)),
      ("num_classes", .int(fingerprint.classes.count)),
      ("all_classes", .integers(fingerprint.classes)),
      ("base_num_features", .int(baseFeatures)),
      ("use_mask_for_norm", .byIndex(usesMask.map(PickleValue.bool), isOrdered: true)),
      ("keep_only_largest_region", .none),
      ("min_region_size_per_class", .none),
      ("min_size_per_class", .none),
      ("transpose_forward", .integers(transposeForward)),
      ("transpose_backward", .integers(transposeBackward)),
      ("data_identifier", .string(dataIdentifier)),
      ("plans_per_stage", .byIndex(stages.map(\.pickle))),
      ("preprocessor_name", .string(preprocessorName)),
    ]
    if dimensions == .three { entries.append(("conv_per_stage", .int(PlannerSettings.convolutionsPerStage))) }
    return .named(entries)
  }
}

extension PlannedStage {
  fileprivate var pickle: PickleValue {
    .named([
      ("batch_size", .int(batchSize)),
      ("num_pool_per_axis", .integers(poolings)),
      ("patch_size", .integerArray(patch)),
      ("median_patient_size_in_voxels", .integerArray(medianExtent)),
      ("current_spacing", .doubleArray(currentSpacing)),
      ("original_spacing", .doubleArray(originalSpacing)),
      ("do_dummy_2D_data_aug", .bool(augmentsSlices)),
      ("pool_op_kernel_sizes", .list(poolKernels.map(PickleValue.integers))),
      ("conv_kernel_sizes", .list(convolutionKernels.map(PickleValue.integers))),
    ])
  }
}

extension DatasetFingerprint {
  /// The dictionary of `dataset_properties.pkl`.
  public var pickle: PickleValue {
    .named([
      ("all_sizes", .list(cases.map { .integerTuple($0.extent) })),
      ("all_spacings", .list(cases.map { .doubleArray($0.spacing) })),
      ("all_classes", .integers(classes)),
      ("modalities", .byIndex(modalities.map(PickleValue.string))),
      ("intensityproperties", intensitiesPickle ?? .none),
      ("size_reductions", .named(cases.map { ($0.name, .float($0.sizeReduction)) }, isOrdered: true)),
    ])
  }

  /// The dictionary of `intensityproperties.pkl`; `nil` where there are none.
  public var intensitiesPickle: PickleValue? {
    intensities.map { .byIndex($0.map { $0.pickle(names: cases.map(\.name)) }, isOrdered: true) }
  }
}

extension ChannelIntensities {
  fileprivate func pickle(names: [String]) -> PickleValue {
    let byCase = zip(names, local).map { ($0, PickleValue.named($1.entries, isOrdered: true)) }
    return .named([("local_props", .named(byCase, isOrdered: true))] + pooled.entries, isOrdered: true)
  }
}

extension IntensityStatistics {
  fileprivate var entries: [(String, PickleValue)] {
    [
      ("median", .float(median)), ("mean", .float(mean)), ("sd", .float(sd)), ("mn", .float(minimum)),
      ("mx", .float(maximum)), ("percentile_99_5", .float(percentile99_5)), ("percentile_00_5", .float(percentile00_5)),
    ]
  }
}
