"""Processor time of nnU-Net 1.7.1 for one training batch, one thread, on made-up cases as Tests/AugmentationTests/BatchSpeedTests.swift has them.

    OMP_NUM_THREADS=1 python Tests/Peers/augmentation_speed.py [BATCHES]

Needs nnunet==1.7.1 and batchgenerators==0.25.5.
"""
import contextlib
import io
import os
import random
import sys
import tempfile
import time

import numpy as np
import torch

with contextlib.redirect_stdout(io.StringIO()):
    from nnunet.training.data_augmentation.data_augmentation_moreDA import get_moreDA_augmentation
    from nnunet.training.data_augmentation.default_data_augmentation import (
        default_2D_augmentation_params, default_3D_augmentation_params, get_patch_size)
    from nnunet.training.dataloading.dataset_loading import DataLoader2D, DataLoader3D

BATCHES = int(sys.argv[1]) if len(sys.argv) > 1 else 40


def measure(folder, patch, batch, size):
    flat = len(patch) == 2
    parameters = dict(default_2D_augmentation_params if flat else default_3D_augmentation_params)
    if not flat:
        parameters.update({"rotation_" + axis: (-np.pi / 6, np.pi / 6) for axis in "xyz"})
    generator = get_patch_size(patch, *[parameters["rotation_" + axis] for axis in "xyz"], parameters["scale_range"])
    parameters.update(scale_range=(.7, 1.4), do_elastic=False, selected_seg_channels=[0], num_threads=1,
                      mask_was_used_for_normalization={0: True})
    path = os.path.join(folder, "x".join(map(str, patch)))
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) for n in size], indexing="ij"))
    radius = np.sqrt((grid ** 2).sum(0))
    labels = np.select([radius < .5, radius < .8, radius < 1], [2, 1, 0], -1)
    np.save(path + ".npy", np.stack((np.random.RandomState(0).normal(size=size), labels)).astype(np.float32))
    places = {label: np.argwhere(labels == label)[:10000] for label in (1, 2)}
    case = {"case": {"data_file": path + ".npz", "properties": {"class_locations": places}}}
    rest = {"oversample_foreground_percent": .33, "pad_mode": "constant"}
    loader = DataLoader2D(case, generator, patch, batch, **rest) if flat else DataLoader3D(case, generator, patch, batch, False, **rest)
    scales = [[1] * len(patch), [.5] * len(patch)]
    transform = get_moreDA_augmentation(loader, loader, patch, parameters, deep_supervision_scales=scales, pin_memory=False)[0].transform
    transform(**loader.generate_train_batch())
    start = time.process_time()
    for _ in range(BATCHES):
        transform(**loader.generate_train_batch())
    print("%s, batch %d: %.4f s" % (patch, batch, (time.process_time() - start) / BATCHES), flush=True)


torch.set_num_threads(1)
np.random.seed(0)
random.seed(0)
with tempfile.TemporaryDirectory() as folder:
    measure(folder, (40, 40, 32), 2, (80, 93, 75))
    measure(folder, (96, 80), 36, (80, 93, 75))
    measure(folder, (64, 64, 64), 2, (120, 120, 120))
