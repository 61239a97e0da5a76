"""A small dataset and what nnUNet_plan_and_preprocess of nnU-Net 1.7.1 makes of it: Tests/Fixtures/planning.

    python Tests/Peers/oracle_preprocessing.py Tests/Fixtures/planning

Needs nnunet==1.7.1 and SimpleITK. Four cases of two channels (MRI, CT) with a zero margin, spacings that differ and are anisotropic in some,
labels 1 and 3-2 mixed up, one case without label 2. Numbers come from fixed seeds.
"""
import contextlib
import io
import json
import os
import pickle
import shutil
import sys
import tempfile

import numpy as np
import SimpleITK as sitk

TASK = "Task777_Small"
CASES = [((14, 26, 22), (3.5, 1.1, 1.1)), ((12, 24, 24), (4.0, 1.2, 1.2)), ((15, 22, 28), (3.0, 1.0, 1.3)), ((16, 25, 20), (3.5, 1.1, 1.0))]


def write(array, spacing, path):
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(tuple(map(float, spacing[::-1])))
    image.SetOrigin((-10.0, 5.0, 2.5))
    sitk.WriteImage(image, path)


def main():
    target = os.path.abspath(sys.argv[1])
    work = tempfile.mkdtemp()
    raw = os.path.join(work, "nnUNet_raw_data", TASK)
    for folder in ("imagesTr", "labelsTr"):
        os.makedirs(os.path.join(raw, folder))
    for number, (size, spacing) in enumerate(CASES):
        r = np.random.RandomState(number)
        grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) for n in size], indexing="ij"))
        radius = np.sqrt((grid ** 2).sum(0)) * r.uniform(.95, 1.1)
        mri = np.where(radius < .95, 400 * (1.2 - radius) + r.normal(0, 20, size), 0).round().astype(np.int16)
        ct = np.where(radius < .95, 900 * (.5 - radius) + r.normal(0, 30, size), 0).round().astype(np.int16)
        label = np.zeros(size, np.uint8)
        label[radius < .7] = 1
        label[radius < .4] = 3
        if number != 2:
            label[(grid[1] > .2) & (radius < .55)] = 2
        write(mri, spacing, os.path.join(raw, "imagesTr", "small_%02d_0000.nii.gz" % number))
        write(ct, spacing, os.path.join(raw, "imagesTr", "small_%02d_0001.nii.gz" % number))
        write(label, spacing, os.path.join(raw, "labelsTr", "small_%02d.nii.gz" % number))
    names = ["small_%02d" % n for n in range(len(CASES))]
    with open(os.path.join(raw, "dataset.json"), "w") as file:
        json.dump({"name": "Small", "tensorImageSize": "4D", "modality": {"0": "MRI", "1": "CT"},
                   "labels": {"0": "background", "1": "shell", "2": "wedge", "3": "core"}, "numTraining": len(names), "numTest": 0,
                   "training": [{"image": "./imagesTr/%s.nii.gz" % n, "label": "./labelsTr/%s.nii.gz" % n} for n in names], "test": []},
                  file, indent=1)
    os.environ.update(nnUNet_raw_data_base=work, nnUNet_preprocessed=os.path.join(work, "preprocessed"),
                      RESULTS_FOLDER=os.path.join(work, "results"), nnUNet_def_n_proc="1")
    sys.argv = ["plan", "-t", "777", "-tl", "1", "-tf", "1", "--verify_dataset_integrity"]
    from nnunet.experiment_planning.nnUNet_plan_and_preprocess import main as run
    with contextlib.redirect_stdout(io.StringIO()):
        run()
    shutil.rmtree(target, ignore_errors=True)
    os.makedirs(target)
    shutil.copytree(raw, os.path.join(target, "raw", TASK))
    shutil.copytree(os.path.join(work, "nnUNet_cropped_data", TASK), os.path.join(target, "cropped", TASK),
                    ignore=shutil.ignore_patterns("gt_segmentations"))
    shutil.copytree(os.path.join(work, "preprocessed", TASK), os.path.join(target, "preprocessed", TASK),
                    ignore=shutil.ignore_patterns("gt_segmentations", "dataset.json"))
    for folder, _, files in os.walk(target):
        for path in [os.path.join(folder, f) for f in files if f.endswith(".pkl")]:
            with open(path, "rb") as file:
                value = moved(pickle.load(file), work)
            with open(path, "wb") as file:
                pickle.dump(value, file)


def moved(value, work):
    """The value with a placeholder for the folder where it was made."""
    if isinstance(value, str):
        return value.replace(work, "/data/nnunet")
    if isinstance(value, dict):
        return type(value)((key, moved(v, work)) for key, v in value.items())
    return type(value)(moved(v, work) for v in value) if isinstance(value, (list, tuple)) else value


if __name__ == "__main__":
    main()
