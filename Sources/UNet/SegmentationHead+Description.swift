internal import Kernels
internal import ModelPlans

extension SegmentationHead.Activation {
  /// What the description says turns logits into probabilities.
  init(_ activation: FinalActivation) {
    switch activation {
    case .softmax: self = .softmax
    case .sigmoid: self = .sigmoid
    }
  }
}
