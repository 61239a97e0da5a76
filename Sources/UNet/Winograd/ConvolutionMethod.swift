internal import Kernels

/// How the winograd engine computes a convolution.
enum ConvolutionMethod: Hashable {
  case direct
  case winograd(WinogradTransform)

  /// The cheapest by a rough count of what each would cost one core. It looks at shapes alone, so that a network is computed in the
  /// same way, with the same bits, on every machine of one instruction set.
  static func cheapest(
    window: ConvolutionWindow, inputChannels: Int, outputChannels: Int, price: MemoryPrice
  ) -> ConvolutionMethod {
    let channels = ConvolutionCost(inputChannels: inputChannels, outputChannels: outputChannels, price: price)
    var best = (method: ConvolutionMethod.direct, seconds: channels.direct(window))
    for transform in WinogradTransform.all where transform.fits(window) {
      let seconds = channels.winograd(transform, output: window.output)
      if seconds < best.seconds { best = (.winograd(transform), seconds) }
    }
    return best.method
  }
}

/// How the winograd engine computes a transposed convolution and the convolution that reads what it makes.
enum UpsampledMethod {
  /// Weights of the term on the transposed convolution's input are many times those of both layers. Each brick reads them anew, so large
  /// ones cost the time that is won.
  private static let mostWeightBytes = 4 << 20

  /// The transforms of both as one, for the input of the transposed convolution and for the skip connection; `nil` where one after the
  /// other is cheaper.
  /// - Parameters:
  ///   - window: of the convolution.
  ///   - skipChannels: of the skip connection.
  static func joined(
    _ upsampling: Upsampling, window: ConvolutionWindow, skipChannels: Int, outputChannels: Int, price: MemoryPrice
  ) -> (upsampled: WinogradTransform, skip: WinogradTransform)? {
    let skip = ConvolutionCost(inputChannels: skipChannels, outputChannels: outputChannels, price: price)
    let upsampled = ConvolutionCost(
      inputChannels: upsampling.inputChannels, outputChannels: outputChannels, price: price)
    func cheapest(_ transforms: [WinogradTransform], _ cost: ConvolutionCost) -> WinogradTransform? {
      transforms.min { cost.winograd($0, output: window.output) < cost.winograd($1, output: window.output) }
    }
    let doubled = WinogradTransform.doubled.filter {
      $0.fits(window, upsampledBy: upsampling.factor) && upsampled.weightBytes($0) <= mostWeightBytes
    }
    guard let first = cheapest(doubled, upsampled),
      let second = cheapest(WinogradTransform.all.filter { $0.fits(window) && $0.dividesTiles(of: first) }, skip)
    else { return nil }

    let both = ConvolutionCost(
      inputChannels: upsampling.outputChannels + skipChannels, outputChannels: outputChannels, price: price)
    guard
      case .winograd(let transform) = ConvolutionMethod.cheapest(
        window: window, inputChannels: upsampling.outputChannels + skipChannels, outputChannels: outputChannels,
        price: price)
    else { return nil }
    let apart = upsampled.transposed(upsampling) + both.winograd(transform, output: window.output)
    let joined =
      upsampled.winograd(first, output: window.output) + skip.winograd(second, output: window.output)
    return joined < apart ? (first, second) : nil
  }
}
