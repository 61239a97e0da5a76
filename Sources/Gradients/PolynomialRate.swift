internal import Glibc

/// The learning rate of an epoch (nnU-Net's poly_lr): `initial * (1 - epoch / epochs) ^ exponent`, constant inside an epoch.
public struct PolynomialRate: Hashable, Sendable {
  public var initial: Double
  public var epochs: Int
  public var exponent: Double

  public init(initial: Double = 1e-2, epochs: Int = 1000, exponent: Double = 0.9) {
    self.initial = initial
    self.epochs = epochs
    self.exponent = exponent
  }

  public func rate(epoch: Int) -> Double { initial * pow(1 - Double(epoch) / Double(epochs), exponent) }
}
