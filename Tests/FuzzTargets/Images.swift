internal import Inference
internal import NiftiIO
internal import Preprocessing
internal import Volumes

extension FuzzReader {
  static let images: [FuzzReader] = [
    FuzzReader("image") { bytes, scratch in
      let image = try MedicalImage(files: [bytes])
      _ = (image.geometry.itkSpacing, image.geometry.itkOrigin, image.geometry.itkDirection, image.geometry.orientation)
      try CasePlanning.plan(extent: image.voxels.extent, spacing: image.spacing, try CaseRecipe(scratch.pristine))
    },
    FuzzReader("file of an image") { bytes, scratch in
      try scratch.replace(scratch.file, with: bytes)
      _ = try MedicalImage.load(channels: [scratch.file, scratch.file])
    },
    FuzzReader("label map") { bytes, _ in
      let map = try LabelMap(file: bytes)
      // What was read is what an output is made of, so it must survive being written.
      let again = try LabelMap(file: try map.encoded())
      guard again.labels.elements.elementsEqual(map.labels.elements), again.labels.extent == map.labels.extent else {
        throw FuzzComplaint("a label map changes when it is written and read")
      }
    },
  ]
}

/// What is decided about a case before it is computed: the volume on the network's grid, its tiles, the memory for them.
enum CasePlanning {
  static func plan(extent: Extent, spacing: Spacing, _ recipe: CaseRecipe) throws {
    let properties = CaseProperties.uncropped(extent: extent, spacing: spacing, plan: recipe.preprocessing)
    let tiles = try recipe.tilePlan(for: properties.resampledExtent, stepSize: 0.5)
    let forecast = MemoryForecast(
      recipe: recipe, plan: tiles, properties: properties, threads: 2, networkBytes: 1 << 30)
    guard forecast.peak > 1 << 30 else { throw FuzzComplaint("a case is said to take less memory than its network") }
  }
}
