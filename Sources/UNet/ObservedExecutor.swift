internal import ModelPlans

/// An executor that tells when a layer is done, and how it computes one: for time tables.
protocol ObservedExecutor: NetworkExecutor {
  /// Called after each layer of a pass.
  var afterLayer: ((NetworkLayer) -> Void)? { get set }
  /// Such as `F(4,4,4)`, `direct` or `im2col`.
  func method(of layer: NetworkLayer) -> String
  /// A layer with those that are computed together with it.
  func layers(in layer: NetworkLayer) -> [NetworkLayer]
  func cost(of layer: NetworkLayer) -> LayerCost?
}

extension WinogradExecutor: ObservedExecutor {}

extension BlasExecutor: ObservedExecutor {
  func layers(in layer: NetworkLayer) -> [NetworkLayer] { [layer] }

  func method(of layer: NetworkLayer) -> String { layer.kind == .block ? "im2col" : "sgemm" }
}
