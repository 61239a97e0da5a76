"""Writes a model folder with seeded random weights: the network that `tessera bench forward` and `bench compare` run in every engine.

    python Tests/Peers/make_model.py OUT --preset 3d | heart | prostate | 2d | 64 | tiny
    python Tests/Peers/make_model.py OUT --patch 96 96 96 --pools 4 [--features 16] [--channels 1] [--classes 3]

It needs numpy, torch and onnx. Presets are plans that nnU-Net makes for known data sets: 3d (128^3, five poolings), heart (80x192x160),
prostate (anisotropic, 20x320x256, first kernels 1x3x3), 2d (512x512); 64 and tiny are small ones for trying out. OUT gets plans.pkl and
fold_0, which Tessera and nnU-Net 1.7.1 read; network.onnx for the peers; input.f32 and logits.f32, one forward pass (float32, C
order) whose logits were computed in float64. The same command writes the same numbers everywhere, to the last digits of float64.
Named RESULTS/nnUNet/3d_fullres/Task900_Full/nnUNetTrainerV2__nnUNetPlansv2.1, OUT is a model that nnU-Net runs with -t 900. The weights
say nothing about accuracy: compare logits and probabilities, not labels.
"""
import argparse
import os
import pickle
from collections import OrderedDict

import numpy as np
import torch

from unet import UNet, logits, shapes

PRESETS = {  # patch, pool kernels, convolution kernels
    "3d": ([128] * 3, [[2] * 3] * 5, [[3] * 3] * 6),
    "heart": ([80, 192, 160], [[2] * 3] * 4 + [[1, 2, 2]], [[3] * 3] * 6),
    "prostate": ([20, 320, 256], [[1, 2, 2]] * 2 + [[2] * 3] * 2 + [[1, 2, 2]] * 2, [[1, 3, 3]] * 2 + [[3] * 3] * 5),
    "2d": ([512, 512], [[2, 2]] * 7, [[3, 3]] * 8),
    "64": ([64] * 3, [[2] * 3] * 4, [[3] * 3] * 5),
    "tiny": ([16] * 3, [[2] * 3] * 2, [[3] * 3] * 3),
}
SEED = 1


def random_weights(named_shapes):
    """He's initialisation as nnU-Net has it; affine parameters and biases other than 1 and 0, so that a forgotten one shows."""
    random = np.random.RandomState(SEED)  # its numbers are promised to stay the same over versions
    weights = OrderedDict()
    for name, shape in named_shapes.items():
        if len(shape) > 1:
            values = random.standard_normal(shape) * np.sqrt(2 / (1 + 0.01 ** 2) / np.prod(shape[1:]))
        elif name.endswith("instnorm.weight"):
            values = random.uniform(0.5, 1.5, shape)
        else:
            values = random.uniform(-0.2, 0.2, shape)
        weights[name] = torch.from_numpy(values.astype(np.float32))
    return weights


def convolve_in_slabs(x, weight, bias, stride):
    """As `convolve`, a few planes of output at a time: in float64 PyTorch unfolds its input, of which a whole layer takes tens of GB."""
    if isinstance(stride, int):
        stride = [stride] * (x.dim() - 2)
    kernel, depth = weight.shape[2], x.shape[2]
    x = torch.nn.functional.pad(x, [0, 0] * (x.dim() - 3) + [kernel // 2] * 2)
    planes = (depth + stride[0] - 1) // stride[0]
    unfolded = x[0, :, 0].numel() * int(np.prod(weight.shape[2:])) * 8
    at_once = max(1, (1 << 30) // unfolded)
    padding = [0] + [k // 2 for k in weight.shape[3:]]
    function = torch.nn.functional.conv2d if weight.dim() == 4 else torch.nn.functional.conv3d
    return torch.cat([
        function(x[:, :, first * stride[0]:(min(first + at_once, planes) - 1) * stride[0] + kernel], weight, bias, stride, padding)
        for first in range(0, planes, at_once)], 2)


def plans(patch, pools, kernels, features, channels, classes):
    flat = len(patch) == 2
    stage = {
        "batch_size": 2, "num_pool_per_axis": [int(n) for n in np.log2(np.prod(pools, 0))], "patch_size": np.array(patch),
        "median_patient_size_in_voxels": np.array([1] * flat + patch), "current_spacing": np.ones(3), "original_spacing": np.ones(3),
        "do_dummy_2D_data_aug": False, "pool_op_kernel_sizes": pools, "conv_kernel_sizes": kernels}
    return {
        "num_stages": 1, "num_modalities": channels, "modalities": {i: "MRI" for i in range(channels)},
        "normalization_schemes": OrderedDict((i, "nonCT") for i in range(channels)),
        "dataset_properties": {"intensityproperties": None}, "list_of_npz_files": [], "original_spacings": [], "original_sizes": [],
        "preprocessed_data_folder": "", "num_classes": classes - 1, "all_classes": list(range(1, classes)),
        "base_num_features": features, "use_mask_for_norm": OrderedDict((i, False) for i in range(channels)),
        "keep_only_largest_region": None, "min_region_size_per_class": None, "min_size_per_class": None,
        "transpose_forward": [0, 1, 2], "transpose_backward": [0, 1, 2], "data_identifier": "nnUNetData_plans_v2.1",
        "plans_per_stage": {0: stage}, "conv_per_stage": 2,
        "preprocessor_name": "PreprocessorFor2D" if flat else "GenericPreprocessor"}


def write_model(out, plans, weights):
    fold = os.path.join(out, "fold_0")
    os.makedirs(fold, exist_ok=True)
    with open(os.path.join(out, "plans.pkl"), "wb") as file:
        pickle.dump(plans, file)
    with open(os.path.join(fold, "model_final_checkpoint.model.pkl"), "wb") as file:
        pickle.dump({"init": ("plans.pkl", 0, "model", "data", True, 0, True, False, True), "name": "nnUNetTrainerV2",
                     "class": "<class 'nnunet.training.network_training.nnUNetTrainerV2.nnUNetTrainerV2'>", "plans": plans}, file)
    torch.save({"epoch": 0, "state_dict": weights, "optimizer_state_dict": None, "lr_scheduler_state_dict": None,
                "plot_stuff": ([], [], [], []), "best_stuff": (None, None, None), "amp_grad_scaler": None},
               os.path.join(fold, "model_final_checkpoint.model"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--preset", choices=PRESETS)
    parser.add_argument("--patch", type=int, nargs="+")
    parser.add_argument("--pools", type=int, default=5)
    parser.add_argument("--features", type=int)
    parser.add_argument("--channels", type=int, default=1)
    parser.add_argument("--classes", type=int, default=3)
    a = parser.parse_args()
    if (a.preset is None) == (a.patch is None):
        parser.error("tell either --preset or --patch")
    patch, pools, kernels = PRESETS[a.preset] if a.preset else (
        a.patch, [[2] * len(a.patch)] * a.pools, [[3] * len(a.patch)] * (a.pools + 1))
    base = a.features or (8 if a.preset == "tiny" else 32)
    most = 480 if len(patch) == 2 else 320
    features = [min(base << level, most) for level in range(len(kernels))]

    weights = random_weights(shapes(features, kernels, pools, a.channels, a.classes))
    write_model(a.out, plans(patch, pools, kernels, base, a.channels, a.classes), weights)
    x = torch.from_numpy(np.random.RandomState(SEED + 1).standard_normal([1, a.channels] + patch).astype(np.float32))
    x.numpy().tofile(os.path.join(a.out, "input.f32"))
    torch.onnx.export(UNet(weights, pools).eval(), x, os.path.join(a.out, "network.onnx"), dynamo=False, input_names=["image"],
                      output_names=["logits"])
    with torch.inference_mode():
        exact = logits({name: value.double() for name, value in weights.items()}, pools, x.double(), convolve_in_slabs)
    exact.float().numpy().tofile(os.path.join(a.out, "logits.f32"))
    print(f"{a.out}: patch {patch}, features {features}, {sum(value.numel() for value in weights.values())} parameters")


if __name__ == "__main__":
    main()
