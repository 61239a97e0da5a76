/// The metrics that Tessera adds to nnU-Net's, by their keys in `evaluation.json`: how far apart surfaces are, and volumes.
public enum SurfaceMetric: String, Hashable, Sendable, CaseIterable {
  /// mm. The 95th percentile of the distances of all voxels of both surfaces to the other surface, with linear interpolation: MedPy's
  /// `hd95`, which is nnU-Net's advanced metric "Hausdorff Distance 95" (nnunet/evaluation/metrics.py).
  case hausdorffDistance95 = "hausdorff_distance_95_mm"
  /// mm. The mean of the distances of all voxels of both surfaces to the other surface (`assd` of MedPy 0.5; before, MedPy took the mean of
  /// the two surfaces' means).
  case averageSymmetricSurfaceDistance = "average_symmetric_surface_distance_mm"
  /// A share from 0 to 1: of all voxels of both surfaces, those that are no farther from the other surface than the tolerance (Nikolov
  /// et al., Clinically applicable segmentation of head and neck anatomy for radiotherapy, JMIR 2021, with surface voxels for surface
  /// elements, as Metrics Reloaded has it: Maier-Hein, Reinke et al., Nature Methods 2024).
  case surfaceDice = "surface_dice"
  /// mL, of the prediction less the reference.
  case volumeDifference = "volume_difference_ml"
  /// mL, without sign, so that its mean over cases doesn't cancel.
  case absoluteVolumeDifference = "absolute_volume_difference_ml"
  /// mL.
  case volumeReference = "volume_reference_ml"
  /// mL.
  case volumeTest = "volume_test_ml"
}
