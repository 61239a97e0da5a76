"""What nnU-Net 1.7.1's preprocessors make of small random images: Tests/Fixtures/preprocessors.

    python oracle_preprocessors.py FOLDER

Writes cases.json, IMAGE.f32 (`[channel, z, y, x]`, float32) and CASE.f32, the result of `preprocess_test_case`. Tests don't run this:
they read what it wrote. It needs nnunet==1.7.1, batchgenerators >= 0.25.4, scikit-image >= 0.19, SimpleITK and numpy < 2.
"""
import contextlib
import io
import json
import os
import sys
import tempfile

with contextlib.redirect_stdout(io.StringIO()):
    import numpy as np
    import SimpleITK as sitk
    import nnunet
    from nnunet.training.model_restore import recursive_find_python_class
    from scipy.ndimage import gaussian_filter


def image(name, channels, shape, seed, scale=100.0):
    """Smooth noise inside a ragged region of voxels that aren't zero."""
    random = np.random.RandomState(seed)
    region = gaussian_filter(random.normal(0, 1, shape), 1.2) > -0.12 if "masked" in name else np.ones(shape, bool)
    volume = [(gaussian_filter(random.normal(0, 1, shape), 0.8) * scale + 1.2 * scale) * region for _ in range(channels)]
    return np.stack(volume).astype(np.float32)


# Name, channels, extent.
IMAGES = {"thick_masked": (1, (6, 13, 12)), "iso_masked": (2, (9, 11, 10)), "flat": (3, (1, 11, 14)), "slices": (1, (4, 12, 9))}

PROPERTIES = {c: {"mean": np.float32(90.25), "sd": np.float32(41.5), "percentile_00_5": np.float64(30.1), "median": 0,
                  "percentile_99_5": np.float64(170.7), "mn": 0, "mx": 0} for c in range(3)}

# Case: preprocessor, image, spacing of the image (z, y, x), target spacing, transpose_forward, scheme of each channel, use of the mask.
CASES = [
    ("generic", "GenericPreprocessor", "iso_masked", (1.5, 1.0, 1.0), (1.2, 1.1, 0.8), (0, 1, 2), ("nonCT", "CT"), (1, 0)),
    ("ct2", "GenericPreprocessor", "iso_masked", (1.5, 1.0, 1.0), (1.2, 1.1, 0.8), (1, 2, 0), ("CT2", "noNorm"), (1, 1)),
    ("linear", "GenericPreprocessor_linearResampling", "iso_masked", (1.5, 1, 1), (1.2, 1.1, 0.8), (0, 1, 2), ("nonCT", "noNorm"), (1, 0)),
    ("linear_separate", "GenericPreprocessor_linearResampling", "thick_masked", (5, 1, 1), (3, 1.3, 0.9), (0, 1, 2), ("nonCT",), (1,)),
    ("different", "Preprocessor3DDifferentResampling", "thick_masked", (5, 1, 1), (3, 1.3, 0.9), (0, 1, 2), ("nonCT",), (1,)),
    ("different_shrinking", "Preprocessor3DDifferentResampling", "thick_masked", (1, 1, 5), (1.6, 0.9, 8), (2, 0, 1), ("nonCT",), (1,)),
    ("different_whole", "Preprocessor3DDifferentResampling", "iso_masked", (1.5, 1, 1), (1.2, 1.1, 0.8), (0, 1, 2), ("nonCT", "CT"), (1, 0)),
    ("better", "Preprocessor3DBetterResampling", "thick_masked", (5, 1, 1), (3, 1.3, 0.9), (0, 1, 2), ("nonCT",), (1,)),
    ("better_transposed", "Preprocessor3DBetterResampling", "iso_masked", (1.5, 1, 1), (1.2, 1.1, 0.8), (2, 1, 0), ("nonCT", "nonCT"), (1, 0)),
    ("unresampled", "PreprocessorFor3D_NoResampling", "iso_masked", (1.5, 1, 1), (1.2, 1.1, 0.8), (0, 2, 1), ("nonCT", "noNorm"), (1, 1)),
    ("leave_open", "PreprocessorFor3D_LeaveOriginalZSpacing", "iso_masked", (1.5, 1, 1), (None, 1.1, 0.8), (1, 0, 2), ("nonCT", "CT"), (1, 1)),
    ("leave_given", "PreprocessorFor3D_LeaveOriginalZSpacing", "iso_masked", (1.5, 1, 1), (1.2, 1.1, 0.8), (0, 1, 2), ("nonCT", "CT"), (0, 1)),
    ("each_slice", "PreprocessorFor2D", "slices", (4, 1, 1.1), (9, 0.8, 0.8), (0, 1, 2), ("nonCT",), (0,)),
    ("edge", "PreprocessorFor2D_edgeLength512", "flat", (999, 1, 1), (999, 1, 1), (0, 1, 2), ("nonCT", "nonCT", "CT"), (0, 0, 0)),
    ("edge768", "PreprocessorFor2D_edgeLength768", "flat", (999, 1, 1), (999, 1, 1), (0, 2, 1), ("noNorm",) * 3, (0, 0, 0)),
    ("bytes", "GenericPreprocessor_scale_uint8_to_0_1", "flat", (999, 1, 1), (999, 0.8, 0.7), (0, 1, 2), ("nonCT",) * 3, (1, 0, 0)),
]

EDGE = (17, 29)  # of the large results of edgeLength512 and 768, every 17th row and 29th column is kept


def run(case, folder):
    name, preprocessor, image_name, spacing, target, transpose, schemes, masks = case
    channels, shape = IMAGES[image_name]
    data = image(image_name, channels, shape, 3)
    with tempfile.TemporaryDirectory() as scratch:
        files = []
        for channel in range(channels):
            volume = sitk.GetImageFromArray(data[channel])
            volume.SetSpacing(tuple(float(s) for s in spacing[::-1]))
            files.append(os.path.join(scratch, "case_%04d.nii.gz" % channel))
            sitk.WriteImage(volume, files[-1])
        cls = recursive_find_python_class([os.path.join(nnunet.__path__[0], "preprocessing")], preprocessor, "nnunet.preprocessing")
        worker = cls(dict(enumerate(schemes)), {c: bool(m) for c, m in enumerate(masks)}, list(transpose), PROPERTIES)
        with contextlib.redirect_stdout(io.StringIO()):
            result, _, properties = worker.preprocess_test_case(
                files, [None if t is None else float(t) for t in target] if None in target else np.array(target, float))
    kept = result[:, :, ::EDGE[0], ::EDGE[1]] if "edge" in name else result
    np.ascontiguousarray(kept, "<f4").tofile(os.path.join(folder, name + ".f32"))
    print(name, preprocessor, result.shape, "kept", kept.shape)
    return dict(name=name, preprocessor=preprocessor, image=image_name, channels=channels, extent=list(shape),
                spacing=[float(s) for s in properties["original_spacing"]], target=[t for t in target],
                transpose=list(transpose), schemes=list(schemes), masks=[bool(m) for m in masks], result=list(result.shape[1:]),
                steps=list(EDGE) if "edge" in name else [1, 1], spacingAfter=[float(s) for s in properties["spacing_after_resampling"]]
                if None not in list(properties["spacing_after_resampling"]) else None)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, (channels, shape) in IMAGES.items():
        image(name, channels, shape, 3).astype("<f4").tofile(os.path.join(sys.argv[1], name + ".f32"))
    answers = [run(case, sys.argv[1]) for case in CASES]
    with open(os.path.join(sys.argv[1], "cases.json"), "w") as file:
        json.dump(answers, file, indent=0)
        file.write("\n")
