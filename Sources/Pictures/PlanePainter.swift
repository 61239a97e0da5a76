/// Paints one plane: the image in grey, labels as tints with outlines.
struct PlanePainter {
  let sampler: PlaneSampler
  let window: GreyWindow

  /// How much of a label's colour lies over the image, inside and on the outline.
  private static let tint: Float = 0.45
  private static let outline: Float = 0.95

  func paint(on canvas: inout Canvas, x left: Int, y top: Int) {
    let (width, height) = (sampler.width, sampler.height)
    let greys = sampler.greys(window)
    let outline = LabelOutline(map: sampler.labelMap(), width: width, height: height)
    for y in 0..<height {
      for x in 0..<width {
        let own = outline.map[y * width + x]
        var colour = Colour(grey: greys[y * width + x])
        if own != 0 {
          colour = colour.blended(
            with: LabelPalette.colour(Int(own)), outline.contains(x, y) ? Self.outline : Self.tint)
        }
        canvas.paint(left + x, top + y, colour)
      }
    }
  }
}
