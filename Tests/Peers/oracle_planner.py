"""Random dataset fingerprints and the plans that nnU-Net 1.7.1 makes of them: Tests/Fixtures/plans/planner.json.

    python Tests/Peers/oracle_planner.py Tests/Fixtures/plans/planner.json

Needs nnunet==1.7.1. The seeds are the fingerprints' numbers, so the file comes out the same each time.
"""
import contextlib
import io
import json
import os
import pickle
import sys
import tempfile
from collections import OrderedDict

for variable in ("nnUNet_raw_data_base", "nnUNet_preprocessed", "RESULTS_FOLDER"):
    os.environ.setdefault(variable, tempfile.gettempdir())

import numpy as np
from nnunet.experiment_planning.experiment_planner_baseline_2DUNet_v21 import ExperimentPlanner2D_v21
from nnunet.experiment_planning.experiment_planner_baseline_3DUNet_v21 import ExperimentPlanner3D_v21
from nnunet.network_architecture.generic_UNet import Generic_UNet

# The vectors of published datasets: median size, spacing, cases, channels, foreground classes.
KNOWN = [
    ((138, 169, 138), (1, 1, 1), 484, ["MRI"] * 4, 3), ((115, 320, 232), (1.37, 1.25, 1.25), 20, ["MRI"], 1),
    ((432, 512, 512), (1, .7676, .7676), 131, ["CT"], 2), ((36, 50, 35), (1, 1, 1), 260, ["MRI"], 2),
    ((20, 320, 319), (3.6, .62, .62), 32, ["MRI"] * 2, 2), ((252, 512, 512), (1.24, .785, .785), 63, ["CT"], 1),
    ((93, 512, 512), (2.5, .8, .8), 281, ["CT"], 2), ((90, 512, 512), (5, .79, .79), 41, ["CT"], 1),
    ((9, 256, 216), (10, 1.56, 1.56), 200, ["MRI"], 3),
]


def known(index):
    size, spacing, cases, modalities, classes = KNOWN[index]
    return dict(sizes=[list(size)] * cases, spacings=[list(map(float, spacing))] * cases,
                reductions=[1.0] * cases, modalities=modalities, classes=list(range(1, classes + 1)),
                features=32, memory=8.0)


def random_fingerprint(seed):
    """Of few cases with sizes and spacings around a common one; every third axis order and anisotropy is met."""
    r = np.random.RandomState(seed)
    cases = int(r.randint(1, 25))
    anisotropy = r.choice([1, 1, 1.5, 2.5, 4, 8])
    spacing = r.uniform(0.4, 2.5) * np.array([anisotropy, 1, r.choice([1, 1, 1.2])])
    size = np.exp(r.uniform(np.log(24), np.log(500), 3))
    size[0] = max(16, size[0] / (anisotropy if r.rand() < .7 else 1))
    order = r.permutation(3)
    spacing, size = spacing[order], size[order]
    spacings = [(spacing * r.choice([1, 1, .8, 1.25], 3)).astype(np.float32).astype(float).tolist() for _ in range(cases)]
    sizes = [np.maximum(9, size * r.uniform(.8, 1.2, 3)).astype(int).tolist() for _ in range(cases)]
    return dict(sizes=sizes, spacings=spacings, reductions=r.uniform(.4, 1.1, cases).clip(0, 1).tolist(),
                modalities=r.choice(["MRI", "CT", "ct", "noNorm", "PET/CT"], r.randint(1, 4)).tolist(),
                classes=list(range(1, int(r.randint(2, 9)))),
                features=int(r.choice([32, 32, 32, 8, 16])), memory=float(r.choice([8, 8, 8, 2, 11])))


def plan(planner_class, fingerprint):
    names = ["case_%03d" % i for i in range(len(fingerprint["sizes"]))]
    scale = fingerprint["memory"] / 8
    properties = dict(all_sizes=[tuple(s) for s in fingerprint["sizes"]],
                      all_spacings=[np.array(s) for s in fingerprint["spacings"]], all_classes=fingerprint["classes"],
                      modalities=dict(enumerate(fingerprint["modalities"])), intensityproperties=None,
                      size_reductions=OrderedDict(zip(names, fingerprint["reductions"])))

    class Planner(planner_class):
        def __init__(self, folder):
            super().__init__(folder, folder)
            self.unet_base_num_features = fingerprint["features"]

        def load_properties_of_cropped(self, _): return {}
        def save_properties_of_cropped(self, *_): pass
        def save_my_plans(self): pass

    old = Generic_UNet.use_this_for_batch_size_computation_3D, Generic_UNet.use_this_for_batch_size_computation_2D
    Generic_UNet.use_this_for_batch_size_computation_3D = old[0] * scale
    Generic_UNet.use_this_for_batch_size_computation_2D = old[1] * scale
    try:
        with contextlib.redirect_stdout(io.StringIO()), tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "dataset_properties.pkl"), "wb") as file:
                pickle.dump(properties, file)
            for name in names:
                open(os.path.join(folder, name + ".npz"), "w").close()
            planner = Planner(folder)
            planner.plan_experiment()
    except RuntimeError:
        return None
    finally:
        (Generic_UNet.use_this_for_batch_size_computation_3D,
         Generic_UNet.use_this_for_batch_size_computation_2D) = old
    p = planner.plans
    return dict(schemes=list(p["normalization_schemes"].values()), masks=list(map(bool, p["use_mask_for_norm"].values())),
                forward=list(map(int, p["transpose_forward"])), backward=list(map(int, p["transpose_backward"])),
                stages=[dict(batch=int(s["batch_size"]), poolings=list(map(int, s["num_pool_per_axis"])),
                             patch=np.asarray(s["patch_size"]).tolist(), median=np.asarray(s["median_patient_size_in_voxels"]).tolist(),
                             spacing=np.asarray(s["current_spacing"]).tolist(), original=np.asarray(s["original_spacing"]).tolist(),
                             flat=bool(s["do_dummy_2D_data_aug"]), pools=s["pool_op_kernel_sizes"], kernels=s["conv_kernel_sizes"])
                        for s in p["plans_per_stage"].values()])


def main():
    entries = []
    for f in [known(i) for i in range(len(KNOWN))] + [random_fingerprint(seed) for seed in range(300)]:
        three, two = plan(ExperimentPlanner3D_v21, f), plan(ExperimentPlanner2D_v21, f)
        if f["sizes"].count(f["sizes"][0]) == len(f["sizes"]):  # repeated cases are written once
            f = dict(f, repeat=len(f["sizes"]), **{k: f[k][:1] for k in ("sizes", "spacings", "reductions")})
        entries.append(dict(fingerprint=f, three=three, two=two))
    with open(sys.argv[1], "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(e, separators=(",", ":")) for e in entries) + "\n]\n")
    print(sum(e["three"] is not None for e in entries), "3D plans,", sum(e["two"] is not None for e in entries), "2D plans,",
          sum(len(e["three"]["stages"]) == 2 for e in entries if e["three"]), "with two stages")


main()
