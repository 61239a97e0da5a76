/// The outlines of labels on a plane: each lies inside its label, so that neighbours' outlines stand side by side.
struct LabelOutline {
  /// `[y, x]`.
  let map: [UInt8]
  let width: Int
  let height: Int

  /// Whether the pixel belongs to the outline of its label; never for background, nor at the picture's edge alone.
  func contains(_ x: Int, _ y: Int) -> Bool {
    let index = y * width + x
    let own = map[index]
    return own != 0
      && ((y > 0 && map[index - width] != own) || (y + 1 < height && map[index + width] != own)
        || (x > 0 && map[index - 1] != own) || (x + 1 < width && map[index + 1] != own))
  }
}
