internal import Foundation

/// Curves over whole numbers, with two scales: what nnU-Net draws as `progress.png`.
public struct LineChart: Sendable {
  public struct Curve: Sendable {
    public var name: String
    /// At 0, 1, 2 …; a value that isn't finite leaves a gap.
    public var values: [Double]
    /// Whether the scale at the right counts.
    public var isRight: Bool

    public init(name: String, values: [Double], isRight: Bool = false) {
      self.name = name
      self.values = values
      self.isRight = isRight
    }
  }

  public var curves: [Curve]
  /// Below the axis.
  public var horizontal: String

  public init(curves: [Curve], horizontal: String) {
    self.curves = curves
    self.horizontal = horizontal
  }

  private static let (width, height) = (1200, 800)
  private static let (left, right, top, bottom) = (90, 90, 60, 60)
  private static let ink = Colour(0x303030)
  private static let grid = Colour(0xE4E4E4)
  /// Loss in training, loss in validation, Dice: apart for any colour vision.
  private static let colours: [Colour] = [0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7, 0xE69F00].map { Colour($0) }

  /// The picture's file.
  /// - Throws: `PictureError`.
  public func png() throws -> [UInt8] {
    var canvas = Canvas(width: Self.width, height: Self.height, background: Colour(grey: 1))
    let count = curves.map(\.values.count).max() ?? 0
    let plane = Frame(
      x: Self.left, y: Self.top, width: Self.width - Self.left - Self.right,
      height: Self.height - Self.top - Self.bottom)
    let horizontal = Scale(Double(0)...Double(max(count - 1, 1)), whole: true)
    let scales = [false, true].map { isRight in Scale(of: curves.filter { $0.isRight == isRight }.flatMap(\.values)) }
    for tick in scales[0].ticks {
      let y = plane.y(tick, scales[0])
      canvas.fill(x: plane.x, y: y, width: plane.width, height: 1, Self.grid)
      let text = scales[0].text(tick)
      canvas.write(text, x: plane.x - 8 - BitmapFont.standard.width(text), y: y - BitmapFont.height / 2, Self.ink)
    }
    if curves.contains(where: \.isRight) {
      for tick in scales[1].ticks {
        canvas.write(
          scales[1].text(tick), x: plane.x + plane.width + 8, y: plane.y(tick, scales[1]) - BitmapFont.height / 2,
          Self.ink)
      }
    }
    for tick in horizontal.ticks {
      let x = plane.x(tick, horizontal)
      canvas.fill(x: x, y: plane.y + plane.height, width: 1, height: 5, Self.ink)
      let text = horizontal.text(tick)
      canvas.write(
        text, x: x - BitmapFont.standard.width(text) / 2, y: plane.y + plane.height + 10, Self.ink)
    }
    canvas.fill(x: plane.x, y: plane.y, width: 1, height: plane.height, Self.ink)
    canvas.fill(x: plane.x + plane.width, y: plane.y, width: 1, height: plane.height, Self.ink)
    canvas.fill(x: plane.x, y: plane.y + plane.height, width: plane.width, height: 1, Self.ink)
    canvas.write(
      self.horizontal, x: Self.width / 2 - BitmapFont.standard.width(self.horizontal) / 2, y: Self.height - 24, Self.ink
    )
    drawCurves(on: &canvas, plane, horizontal, scales)
    return try PNGEncoder.encode(canvas)
  }

  private func drawCurves(on canvas: inout Canvas, _ plane: Frame, _ horizontal: Scale, _ scales: [Scale]) {
    var legend = plane.x
    for (index, curve) in curves.enumerated() {
      let colour = Self.colours[index % Self.colours.count]
      let scale = scales[curve.isRight ? 1 : 0]
      canvas.fill(x: legend, y: Self.top / 2, width: 24, height: 3, colour)
      canvas.write(curve.name, x: legend + 32, y: Self.top / 2 - BitmapFont.height / 2 + 1, Self.ink)
      legend += 32 + BitmapFont.standard.width(curve.name) + 40
      var before: (x: Int, y: Int)?
      for (position, value) in curve.values.enumerated() {
        guard value.isFinite else {
          before = nil
          continue
        }
        let point = (x: plane.x(Double(position), horizontal), y: plane.y(value, scale))
        canvas.stroke(from: before ?? point, to: point, colour)
        before = point
      }
    }
  }
}

/// A rectangle of the canvas.
private struct Frame {
  let x: Int
  let y: Int
  let width: Int
  let height: Int

  func x(_ value: Double, _ scale: Scale) -> Int { x + Int((scale.share(value) * Double(width)).rounded()) }
  func y(_ value: Double, _ scale: Scale) -> Int { y + height - Int((scale.share(value) * Double(height)).rounded()) }
}

/// A range of values with round numbers on it.
private struct Scale {
  let range: ClosedRange<Double>
  let step: Double

  private static let wantedTicks = 8.0

  init(of values: [Double]) {
    let finite = values.filter(\.isFinite)
    self.init((finite.min() ?? 0)...(finite.max() ?? 1), whole: false)
  }

  init(_ range: ClosedRange<Double>, whole: Bool) {
    let span = max(range.upperBound - range.lowerBound, whole ? 1 : 1e-6)
    let rough = span / Self.wantedTicks
    let power = pow(10, floor(log10(rough)))
    let nice = [1.0, 2, 5, 10].first { $0 * power >= rough } ?? 10
    step = whole ? max(1, nice * power) : nice * power
    self.range =
      whole
      ? range.lowerBound...range.lowerBound + span
      : floor(range.lowerBound / step) * step...max(ceil(range.upperBound / step), floor(range.lowerBound / step) + 1)
        * step
  }

  func share(_ value: Double) -> Double { (value - range.lowerBound) / (range.upperBound - range.lowerBound) }

  var ticks: [Double] {
    let first = (range.lowerBound / step).rounded(.up)
    return (0...Int((range.upperBound / step - first + 1e-9).rounded(.down))).map { (first + Double($0)) * step }
  }

  func text(_ value: Double) -> String { String(format: "%.4g", abs(value) < step * 1e-9 ? 0 : value) }
}

extension Canvas {
  /// A line of three pixels' width.
  fileprivate mutating func stroke(from: (x: Int, y: Int), to: (x: Int, y: Int), _ colour: Colour) {
    let steps = max(abs(to.x - from.x), abs(to.y - from.y), 1)
    for step in 0...steps {
      fill(
        x: from.x + (to.x - from.x) * step / steps - 1, y: from.y + (to.y - from.y) * step / steps - 1, width: 3,
        height: 3, colour)
    }
  }
}
