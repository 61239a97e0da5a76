"""Makes Tests/Fixtures/oracle: named cases, with nnU-Net 1.7.1's answers.

    python fixtures.py FOLDER [NAME ...]     all cases, or those named
"""
import json
import os
import shutil
import sys

import numpy as np

from cases import case, channel, image, model, rotation, stage

FLAT = [[1, 3, 3], [3, 3, 3], [3, 3, 3]]
TURN = rotation(np.random.default_rng(7))


def small(seed, **changes):
    return image(seed, type="uint8", **changes)


CASES = {
    # Where the image is isotropic and the target isn't, export takes the coarse axis in the wrong order of axes.
    "transposed": case(
        model(101, features=2, classes=3, transpose=[2, 0, 1],
              stages=[stage((8, 16, 16), (3.6, 1, 1), [[1, 2, 2], [2, 2, 2]], FLAT)]),
        dict(even=small(1, shape=[20, 22, 24], spacing=[1.1, 0.9, 1.2]),
             coarse=small(2, shape=[26, 24, 9], spacing=[1, 1, 3.6], border=[[3, 1], [0, 4], [1, 0]])),
        mirroring=False),
    "transposed_2d": case(
        model(102, features=2, transpose=[1, 2, 0], folds=[0, 1],
              stages=[stage((14, 18), (2.0, 1.1, 0.9), [[2, 2]], [[3, 3], [1, 3]])]),
        dict(coarse=small(3, shape=[20, 9, 24], spacing=[0.9, 4, 1]),
             even=small(4, shape=[20, 12, 17], spacing=[1.2, 1, 0.8], border=[[2, 2], [0, 1], [0, 3]]),
             slice=small(5, shape=[23, 1, 19], spacing=[1, 2, 1]))),
    "regions": case(
        model(152, features=3, classes=3, trainer="nnUNetTrainerV2BraTSRegions",
              channels=[channel("nonCT", True), channel("nonCT", True)]),
        dict(ball=small(6, shape=[22, 24, 20], spacing=[1.3, 1, 1], round=True)), mirroring=False),
    # The container of torch before 1.6, plans from before 2020, fold `all`.
    "old": case(
        model(134, features=2, folds=["all"], transpose=None, convolutions=None, preprocessor=None, legacy=True,
              stages=[dict(patch=[8, 16, 16], spacing=[2, 1, 1], pools=None, kernels=None, num_pool=[1, 2, 2])]),
        dict(brain=small(7, shape=[12, 24, 20], spacing=[2, 0.9, 1.1])), folds=["all"]),
    "two_channels": case(
        model(105, features=2, channels=[channel("CT", True, mean=95, sd=40, lower=30, upper=180), channel("MR", True),
                                         channel("CT2", False, mean=95, sd=40, lower=30, upper=180)],
              stages=[stage((8, 16, 16), (4, 1, 1), [[1, 2, 2], [2, 2, 2]], FLAT)]),
        dict(ball=small(8, shape=[10, 26, 30], spacing=[4.4, 0.8, 1.1], round=True, hole=True, border=[[0, 1], [3, 2], [2, 4]]),
             holes=small(9, shape=[30, 22, 24], spacing=[1, 1.2, 1.1], round=True, hole=True)), mirroring=False),
    # Smaller than the patch in one axis, in all; one and two slices.
    "small": case(
        model(141, features=2, stages=[stage((6, 18, 22), (1, 1, 1), [[1, 2, 2]], [[1, 3, 3], [3, 3, 3]])]),
        dict(narrow=small(10, shape=[9, 30, 7]), tiny=small(11, shape=[3, 5, 4]), one=small(12, shape=[1, 21, 25]),
             two=small(13, shape=[2, 24, 19], spacing=[1.4, 1.1, 1])), step=0.7),
    # At, below and above the ratio 3, in the image and in the target; two equally coarse axes.
    "threshold": case(
        model(107, features=2, stages=[stage((8, 12, 12), (3, 1, 1), [[1, 2, 2]], [[1, 3, 3], [3, 3, 3]])]),
        dict(at=small(14, shape=[9, 20, 21], spacing=[2.7, 0.9, 0.9]), below=small(15, shape=[9, 20, 21], spacing=[2.9999998, 1, 1.1]),
             above=small(16, shape=[9, 20, 21], spacing=[3.0000002, 1, 1.1]), two=small(17, shape=[9, 20, 8], spacing=[4, 0.9, 4]),
             even=small(18, shape=[24, 20, 21], spacing=[1.1, 1.1, 1.1])), mirroring=False),
    "threshold_above": case(
        model(108, features=2, stages=[stage((8, 12, 12), (3.0000002, 1, 1), [[1, 2, 2]], [[1, 3, 3], [3, 3, 3]])]),
        dict(even=small(18, shape=[24, 20, 21], spacing=[1.1, 1.1, 1.1])), mirroring=False),
    "headers": case(
        model(109, features=2, stages=[stage((12, 12, 12), (1, 1, 1), [[2, 2, 2]])]),
        dict(scaled=image(19, shape=[14, 15, 16], type="int16", slope=0.5, intercept=-1024.0, spacing=[0.7999999, 1, 1.2]),
             flipped=image(20, shape=[14, 15, 16], type="uint16", directions=np.diag([-1, -1, 1]).tolist(), offset=[10, 20, -30]),
             left=image(21, shape=[14, 15, 16], type="int32", directions=np.diag([-1, 1, 1]).tolist(), offset=[10, 20, -30]),
             oblique=image(22, shape=[14, 15, 16], type="uint8", directions=TURN, offset=[-7.5, 20.25, 100], qform=0, sform=2),
             turned=image(23, shape=[14, 15, 16], type="int8", directions=TURN, offset=[-7.5, 20.25, 100], qform=1, sform=0),
             permuted=image(24, shape=[14, 15, 16], type="float64", directions=np.eye(3)[[2, 0, 1]].tolist(), spacing=[1, 1.5, 0.75]),
             negative=image(25, shape=[14, 15, 16], type="uint32", signs=[-1, 1, -1]),
             unplaced=image(26, shape=[14, 15, 16], type="int16", qform=0, sform=0),
             # nothing is a number: niftilib reads 0, before slope and intercept
             unknown=image(27, shape=[14, 15, 16], type="float32", slope=2.0, intercept=1.0, nan=[0, 1000, 1001, 2600])),
        mirroring=False, step=1.0),
    # The mean's rounding is all that is left of it.
    "constant": case(
        model(110, features=2, stages=[stage((8, 8, 8), (1, 1, 1), [[2, 2, 2]])]),
        dict(constant=image(28, shape=[11, 12, 13], type="float32", constant=0.3)), mirroring=False),
    "no_mirroring": case(
        model(111, features=2, trainer="nnUNetTrainerV2_noMirroring", folds=[1, 3, 10], export=(True, 1, 0), convolutions=1,
              stages=[stage((7, 10, 15), (1, 1, 1), [[1, 2, 1]], [[3, 3, 3], [1, 3, 3]])]),
        dict(brain=small(29, shape=[20, 17, 26], spacing=[1, 1.2, 0.9])), folds=[10, 1, 3], mirroring=False, step=0.3),
    # One image holds nothing, one is not an image: the others are answered.
    "bad_among_good": case(
        model(112, features=2, stages=[stage((8, 8, 8), (1, 1, 1), [[2, 2, 2]])]),
        dict(a_empty=small(30, shape=[9, 9, 9], constant=0), b_good=small(31, shape=[9, 10, 11]),
             d_good=small(32, shape=[11, 10, 9], spacing=[1, 2, 1])), mirroring=False),
}

# Of which images the probabilities are committed: they take room.
PROBABILITIES = {"transposed/even", "transposed_2d/slice", "regions/ball", "two_channels/holes", "small/two", "small/tiny",
                 "constant/constant", "headers/unknown"}


def write(name, folder):
    import answers
    import images
    import models
    spec = CASES[name]
    place = os.path.join(folder, name)
    shutil.rmtree(place, ignore_errors=True)
    for part in ("images", "expected"):
        os.makedirs(os.path.join(place, part))
    models.make_model(spec["model"], os.path.join(place, "model"))
    for image_name, entry in spec["images"].items():
        images.make_image(entry, os.path.join(place, "images"), image_name, len(spec["model"]["channels"]))
    expected = os.path.join(place, "expected")
    answers.answer(os.path.join(place, "model"), os.path.join(place, "images"), expected, spec["folds"], spec["mirroring"],
                   spec["step"])
    for file in os.listdir(expected):
        stem = file.split(".")[0]
        if file == "plans.pkl" or (not file.endswith(".nii.gz") and f"{name}/{stem}" not in PROBABILITIES):
            os.remove(os.path.join(expected, file))
    answered = sorted(f[:-7] for f in os.listdir(expected) if f.endswith(".nii.gz"))
    folds = None if spec["folds"] is None else [f if f == "all" else f"fold_{f}" for f in spec["folds"]]
    return dict(name=name, folds=folds, mirroring=spec["mirroring"], stepSize=spec["step"], images=answered,
                channels=len(spec["model"]["channels"]), unanswered=sorted(set(spec["images"]) - set(answered)))


def main():
    folder, names = sys.argv[1], sys.argv[2:] or list(CASES)
    index = os.path.join(folder, "cases.json")
    known = {e["name"]: e for e in json.load(open(index))} if os.path.exists(index) else {}
    for name in names:
        known[name] = write(name, folder)
        print(name, known[name]["images"], "unanswered", known[name]["unanswered"], flush=True)
    with open(index, "w") as file:
        json.dump([known[n] for n in CASES if n in known], file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
