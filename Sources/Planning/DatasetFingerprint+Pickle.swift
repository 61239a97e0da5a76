public import Pickles

extension DatasetFingerprint {
  /// Reads `dataset_properties.pkl`, or the entry `dataset_properties` of plans.
  /// - Throws: `FingerprintError` that names the entry which is missing or makes no sense.
  public init(pickle: PickleValue) throws(FingerprintError) {
    func required<Value>(_ name: String, _ value: Value?) throws(FingerprintError) -> Value {
      guard let value else { throw FingerprintError(entry: name) }
      return value
    }
    let sizes = try required("all_sizes", pickle["all_sizes"]?.elements)
    let spacings = try required("all_spacings", pickle["all_spacings"]?.elements)
    let reductions = try required("size_reductions", pickle["size_reductions"]?.dictionary).entries
    guard sizes.count == spacings.count, sizes.count == reductions.count else {
      throw FingerprintError(entry: "all_sizes")
    }
    var cases: [CaseFingerprint] = []
    for ((size, spacing), reduction) in zip(zip(sizes, spacings), reductions) {
      let extent = try required("all_sizes", size.elements?.compactMap(\.int))
      let millimetres = try required("all_spacings", spacing.elements?.compactMap(\.number))
      guard extent.count == 3, extent.allSatisfy({ $0 > 0 }) else { throw FingerprintError(entry: "all_sizes") }
      guard millimetres.count == 3, millimetres.allSatisfy({ $0 > 0 && $0.isFinite }) else {
        throw FingerprintError(entry: "all_spacings")
      }
      cases.append(
        CaseFingerprint(
          name: try required("size_reductions", reduction.key.text), extent: extent, spacing: millimetres,
          sizeReduction: try required("size_reductions", reduction.value.number)))
    }
    let modalities = try required("modalities", pickle["modalities"]?.dictionary).entries.map(\.value)
    var channels: [ChannelIntensities]?
    if let dictionary = pickle["intensityproperties"]?.dictionary {
      channels = []
      for entry in dictionary.entries {
        let local = try required("local_props", entry.value["local_props"]?.dictionary)
        var statistics: [IntensityStatistics] = []
        for one in local.entries { statistics.append(try IntensityStatistics(one.value)) }
        channels?.append(ChannelIntensities(pooled: try IntensityStatistics(entry.value), local: statistics))
      }
    }
    self.init(
      cases: cases, modalities: modalities.compactMap(\.text),
      classes: try required("all_classes", pickle["all_classes"]?.elements).compactMap(\.int), intensities: channels)
    guard self.modalities.count == modalities.count, channels.map({ $0.count == modalities.count }) ?? true else {
      throw FingerprintError(entry: "modalities")
    }
  }
}

extension IntensityStatistics {
  fileprivate init(_ value: PickleValue) throws(FingerprintError) {
    func number(_ name: String) throws(FingerprintError) -> Double {
      guard let number = value[name]?.number else { throw FingerprintError(entry: name) }
      return number
    }
    self.init(
      median: try number("median"), mean: try number("mean"), sd: try number("sd"), minimum: try number("mn"),
      maximum: try number("mx"), percentile99_5: try number("percentile_99_5"),
      percentile00_5: try number("percentile_00_5"))
  }
}

/// A fingerprint that isn't nnU-Net's.
public struct FingerprintError: Error, Hashable, CustomStringConvertible {
  public var entry: String

  public var description: String {
    "The dataset's properties have no usable entry \"\(entry)\"; remove dataset_properties.pkl and plan again."
  }
}
