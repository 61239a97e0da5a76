"""Specifications of models and images: plain dictionaries, drawn at random from a seed, or named."""
import copy
import itertools

import numpy as np

PERMUTATIONS = [list(p) for p in itertools.permutations(range(3))]


def stage(patch, spacing, pools, kernels=None):
    """A stage of the plans; kernels default to 3 everywhere."""
    pools = [list(p) for p in pools]
    axes = len(patch)
    kernels = kernels if kernels is not None else [[3] * axes] * (len(pools) + 1)
    return dict(patch=list(patch), spacing=list(spacing), pools=pools, kernels=[list(k) for k in kernels],
                num_pool=[sum(p[a] == 2 for p in pools) for a in range(axes)])


def channel(scheme="nonCT", mask=False, **intensity):
    entry = dict(scheme=scheme, mask=mask)
    if intensity:
        entry["intensity"] = intensity
    return entry


def model(seed=1, **changes):
    spec = dict(
        seed=seed, trainer="nnUNetTrainerV2", channels=[channel()], classes=2, features=4, folds=[0],
        transpose=[0, 1, 2], convolutions=2, preprocessor="GenericPreprocessor",
        stages=[stage((16, 16, 16), (1, 1, 1), [[2, 2, 2]] * 2)])
    spec.update(changes)
    if len(spec["stages"][0]["patch"]) == 2 and "preprocessor" not in changes:
        spec["preprocessor"] = "PreprocessorFor2D"
    return spec


def image(seed=1, **changes):
    spec = dict(seed=seed, shape=[24, 26, 22], spacing=[1, 1, 1], type="float32")
    spec.update(changes)
    return spec


def case(model, images, **changes):
    """A model, images by name, and how the model is applied."""
    spec = dict(model=model, images=images, folds=None, mirroring=True, step=0.5)
    spec.update(changes)
    return spec


def rotation(generator):
    """A random right-handed rotation."""
    q, r = np.linalg.qr(generator.standard_normal((3, 3)))
    q = q * np.sign(np.diag(r))
    if np.linalg.det(q) < 0:
        q[:, 0] *= -1
    return q.tolist()


def draw(seed):
    """A random case: every choice is likely to meet a corner of nnU-Net's rules."""
    g = np.random.default_rng(seed)

    def pick(*options):
        return options[int(g.integers(len(options)))]

    flat = g.random() < 0.3
    axes = 2 if flat else 3
    depth = pick(1, 2, 2, 3) if not flat else pick(2, 3)
    pools = [[int(pick(1, 2, 2)) for _ in range(axes)] for _ in range(depth)]
    for p in pools:
        if max(p) == 1:
            p[-1] = 2
    kernels = [[int(pick(1, 3, 3)) for _ in range(axes)] for _ in range(depth + 1)]
    for k in kernels:
        if max(k) == 1:
            k[-1] = 3
    patch = []
    for a in range(axes):
        divisor = int(np.prod([p[a] for p in pools]))
        # At least two voxels at the bottom: an instance norm over next to nothing only multiplies rounding errors.
        patch.append(divisor * int(g.integers(max(2, -(-4 // divisor)), max(3, 20 // divisor + 1))))
    transpose = pick(*PERMUTATIONS, None)
    base = pick([1, 1, 1], [1, 1, 1], [0.7999999, 0.7999999, 1.5], [3, 1, 1], [3.0000001, 1, 1], [2.9999998, 1, 1],
                [4, 1, 1.1], [4, 1, 4], [1, 4, 0.9], [1.1, 0.9, 5], [0.5, 0.5, 0.5], [1.25, 3.3, 1.25],
                [0.3, 0.9, 0.9000001], [0.6, 0.2, 0.2], [2.1, 0.7, 0.7], [0.7, 2.1, 0.7])
    target = pick(base, base, [1, 1, 1], [3, 1, 1], [4, 1, 1], [1, 1, 4.5], [1.3, 0.8, 0.9], [0.9, 3.6, 0.9],
                  [1.0, 1.0, 0.33333334], [0.8, 0.8, 0.8], [2, 2, 2], [3.6, 0.9, 3.6])
    if transpose is not None and pick(True, False):
        target = [target[i] for i in transpose]
    target = [float(np.float32(t)) if pick(True, False) else float(t) for t in target]
    channels = [channel(pick("nonCT", "nonCT", "CT", "CT2", "noNorm", "MR T1"), bool(pick(True, False)),
                        mean=float(pick(90, 100)), sd=float(pick(30, 60)), lower=float(pick(-20, 40)), upper=float(pick(160, 240)))
                for _ in range(pick(1, 1, 2, 3))]
    trainer = pick("nnUNetTrainerV2", "nnUNetTrainerV2", "nnUNetTrainerV2", "nnUNetTrainerV2BraTSRegions",
                   "nnUNetTrainerV2_noMirroring", "nnUNetTrainerNoDA", "nnUNetTrainerV2_lReLU_biasInSegOutput",
                   "nnUNetTrainerV2_allConv3x3")
    classes = 3 if "Regions" in trainer else pick(1, 2, 3, 5)
    folds = pick([0], [0], [0, 1], [3, 1, 10], ["all"])
    old = g.random() < 0.15
    the_stage = stage(patch, target, pools, kernels)
    if old:
        the_stage["pools"] = the_stage["kernels"] = None
        divisor = [2 ** n for n in the_stage["num_pool"]]
        if max(the_stage["num_pool"]) == 0:
            the_stage["num_pool"][-1] = 1
        the_stage["patch"] = [max(2, round(p / 2 ** n)) * 2 ** n for p, n in zip(patch, the_stage["num_pool"])]
    m = model(
        seed=seed, trainer=trainer, channels=channels, classes=classes, features=pick(2, 4, 5), folds=folds,
        transpose=transpose, convolutions=None if old else pick(None, 2, 1, 3), stages=[the_stage],
        preprocessor=(None if old else pick(None, "PreprocessorFor2D") if flat else pick(
            None, "GenericPreprocessor", "GenericPreprocessor", "GenericPreprocessor_linearResampling",
            "PreprocessorFor3D_NoResampling")),
        legacy=bool(pick(True, False)), export=pick(None, None, None, None, (None, 1, 0), (True, 1, 0), (False, 1, 0), (None, 0, 0)))
    images = {}
    for number in range(3):
        shape = [int(g.integers(4, 40)) for _ in range(3)]
        if pick(*[True] * 1, *[False] * 7):
            shape[int(g.integers(3))] = pick(1, 2)
        spacing = pick(base, base, base, [1, 1, 1], [float(v) for v in g.uniform(0.5, 2, 3)],
                       [base[2], base[0], base[1]])
        # Not more than about 60 voxels an axis for the network.
        order = transpose or [0, 1, 2]
        for a in range(3):
            grown = spacing[order[a]] / target[a] * shape[order[a]]
            if not (flat and a == 0) and grown > 60:
                shape[order[a]] = max(4, int(60 / grown * shape[order[a]]))
        entry = image(seed=seed * 10 + number, shape=shape, spacing=spacing)
        entry["type"] = pick("float32", "float32", "int16", "uint8", "uint16", "int32", "float64", "int8", "uint32")
        if pick(True, False, False):
            entry.update(slope=pick(0.5, 2.0, 0.1), intercept=float(pick(0, -1024, 10, 0.25)))
        if pick(True, False, False):
            entry["border"] = [[int(g.integers(0, max(1, n // 3))), int(g.integers(0, max(1, n // 3)))] for n in shape]
        entry["hole"] = bool(pick(True, False))
        entry["round"] = bool(pick(True, False, False)) and min(shape) > 3
        if pick(True, *[False] * 7) and entry["type"].startswith("float"):
            entry["nan"] = [int(v) for v in g.integers(0, 10000, 3)]
        if pick(True, *[False] * 15):
            entry["constant"] = pick(7.0, 100.0, 0.3)
        forms = pick("none", "identity", "flips", "permuted", "oblique", "oblique")
        if forms == "none":
            entry.update(qform=0, sform=0)
        elif forms != "identity":
            directions = {
                "flips": np.diag(pick([-1, -1, 1], [1, -1, 1], [-1, 1, 1], [1, 1, -1])).tolist(),
                "permuted": np.eye(3)[pick(*PERMUTATIONS)].tolist(), "oblique": rotation(g)}[forms]
            entry.update(directions=directions, offset=[float(v) for v in g.uniform(-100, 100, 3)],
                         qform=pick(1, 1, 0, 2), sform=pick(1, 1, 0, 2, 4))
            if entry["qform"] == 0 and entry["sform"] == 0:
                entry["sform"] = 1
        entry["units"] = pick(2, 2, 0, 10)
        images[f"case_{number}"] = entry
    mirroring = "noMirroring" not in trainer and bool(pick(True, False, False))
    wanted = pick(None, folds) if "all" not in folds else ["all"]
    return case(m, images, folds=wanted, mirroring=mirroring, step=pick(0.5, 0.5, 0.3, 0.7, 1.0))


def draw_headers(seed, count=60):
    """Many tiny images whose headers say all manner of things, for one small model."""
    g = np.random.default_rng([seed, 1])

    def pick(*options):
        return options[int(g.integers(len(options)))]

    images = {}
    for number in range(count):
        entry = image(seed * 1000 + number, shape=[int(n) for n in g.integers(5, 9, 3)], type=pick("uint8", "int16", "float32"),
                      spacing=pick([1, 1, 1], [0.7999999, 1.1, 0.9], [float(v) for v in g.uniform(0.7, 1.4, 3)]))
        directions = pick(np.eye(3), np.diag([-1, -1, 1]), np.diag([1, -1, 1]), np.eye(3)[pick(*PERMUTATIONS)],
                          np.array(rotation(g)), np.array(rotation(g)), np.diag([-1, 1, 1]) @ np.array(rotation(g)))
        entry.update(directions=directions.tolist(), offset=[float(v) for v in g.uniform(-100, 100, 3)],
                     qform=pick(0, 1, 1, 2, 3, 4), sform=pick(0, 1, 1, 2, 3, 4), units=pick(2, 2, 0, 10, 1, 3, 26))
        if entry["units"] in (1, 3):  # metres, microns
            entry["spacing"] = [v * (1e-3 if entry["units"] == 1 else 1e3) for v in entry["spacing"]]
        if pick(True, False, False):
            entry["sdirections"] = rotation(g)
        if pick(True, *[False] * 5):
            entry["soffset"] = [float(v) for v in g.uniform(-50, 50, 3)]
        if pick(True, *[False] * 5):
            entry["sscale"] = pick(1.0001, 1.01, 2.0, -1.0)
        if pick(True, *[False] * 5):
            entry["shear"] = pick(1e-5, 9e-5, 1e-3, 0.1)
        if pick(True, *[False] * 5):
            entry["qfac"] = pick(0.0, 1.0, -1.0, 2.0)
        if pick(True, *[False] * 5):
            entry["signs"] = pick([-1, 1, 1], [1, -1, -1], [1, 1, -1])
        if pick(True, *[False] * 5):
            entry.update(slope=pick(0.5, -2.0, 0.1), intercept=float(pick(0, -1024, 10, 0.25)))
        if pick(True, *[False] * 5):
            entry["swapped"] = True
        if pick(True, *[False] * 5):
            entry["extension"] = pick(16, 32)
        if pick(True, *[False] * 9):
            entry["rank"] = 4
        images[f"header_{number:03d}"] = entry
    return case(model(seed, features=2, stages=[stage((8, 8, 8), (1, 1, 1), [[2, 2, 2]])]), images, mirroring=False, step=1.0)


def draw_cascade(seed):
    """A random case of `draw`, as the second stage of a cascade whose first sees a coarser grid."""
    tried = seed
    while True:
        second = draw(100_000 + tried)
        if len(second["model"]["stages"][0]["patch"]) == 3 and second["model"]["stages"][0]["pools"] is not None \
                and second["model"]["trainer"] == "nnUNetTrainerV2":
            break
        tried += 10_007
    g = np.random.default_rng([seed, 2])
    fine = second["model"]["stages"][0]
    coarse = copy.deepcopy(fine)
    coarse["spacing"] = [s * float(f) for s, f in zip(fine["spacing"], g.uniform(1, 2, 3))]
    first, model_ = copy.deepcopy(second["model"]), second["model"]
    for spec, number in ((first, 0), (model_, 1)):
        spec["stages"] = [copy.deepcopy(coarse), copy.deepcopy(fine)]
        spec["stage"] = number
    first["seed"] += 1
    model_["trainer"] = "nnUNetTrainerV2CascadeFullRes"
    if g.random() < 0.5:
        classes = list(range(1, first["classes"] + 1))
        first["postprocessing"] = dict(for_which_classes=[classes] + classes[:1], min_valid_object_sizes="None")
    for entry in second["images"].values():
        if g.random() < 0.6:
            entry["border"] = [[int(g.integers(0, max(1, n // 3))), int(g.integers(0, max(1, n // 3)))] for n in entry["shape"]]
    second["first"] = first
    return second
