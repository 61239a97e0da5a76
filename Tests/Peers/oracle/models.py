"""Small models with seeded weights, made and saved by nnU-Net's own trainers.

Nothing is trained: the networks are random, and their heads are scaled so that every class wins somewhere.
"""
import contextlib
import io
import os
import pickle
import shutil
from collections import OrderedDict

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

import nnunet
from nnunet.training.model_restore import recursive_find_python_class

# What the pickles name as the place of the training; it needs to exist nowhere.
PLACE = "/tmp/nnunet/results/3d_fullres/Task900_Oracle/trainer__plans"


def trainer_class(name):
    folder = os.path.join(nnunet.__path__[0], "training", "network_training")
    return recursive_find_python_class([folder], name, current_module="nnunet.training.network_training")


def make_plans(spec):
    """The plans dictionary of a specification (`cases.py`), with the entries that nnU-Net's planner writes."""
    channels = len(spec["channels"])
    stages = OrderedDict()
    for number, stage in enumerate(spec["stages"]):
        entry = OrderedDict(
            batch_size=2, num_pool_per_axis=list(stage["num_pool"]), patch_size=np.array(stage["patch"]),
            median_patient_size_in_voxels=np.array([40, 40, 40]), current_spacing=np.array(stage["spacing"], float),
            original_spacing=np.array(stage["spacing"], float), do_dummy_2D_data_aug=False)
        if stage.get("pools") is not None:
            entry["pool_op_kernel_sizes"] = [list(p) for p in stage["pools"]]
        if stage.get("kernels") is not None:
            entry["conv_kernel_sizes"] = [list(k) for k in stage["kernels"]]
        stages[number] = entry
    properties = None
    if any(c["scheme"] in ("CT", "CT2") for c in spec["channels"]):
        properties = OrderedDict()
        for index, channel in enumerate(spec["channels"]):
            values = channel.get("intensity", dict(mean=90.0, sd=60.0, lower=-20.0, upper=240.0))
            properties[index] = OrderedDict(
                local_props=OrderedDict(), median=np.float32(values["mean"]), mean=np.float32(values["mean"]),
                sd=np.float32(values["sd"]), mn=np.float32(-1000), mx=np.float32(3000),
                percentile_99_5=np.float64(values["upper"]), percentile_00_5=np.float64(values["lower"]))
    plans = OrderedDict(
        num_stages=len(stages), num_modalities=channels,
        modalities=OrderedDict((i, "MRI") for i in range(channels)),
        normalization_schemes=OrderedDict((i, c["scheme"]) for i, c in enumerate(spec["channels"])),
        dataset_properties=OrderedDict(all_sizes=[], all_spacings=[], intensityproperties=properties),
        list_of_npz_files=[], original_spacings=[], original_sizes=[], preprocessed_data_folder=PLACE,
        num_classes=spec["classes"], all_classes=list(range(1, spec["classes"] + 1)),
        base_num_features=spec["features"],
        use_mask_for_norm=OrderedDict((i, c["mask"]) for i, c in enumerate(spec["channels"])),
        keep_only_largest_region=None, min_region_size_per_class=None, min_size_per_class=None,
        data_identifier="nnUNetData_plans_v2.1", plans_per_stage=stages)
    if spec.get("transpose") is not None:
        forward = list(spec["transpose"])
        plans["transpose_forward"] = forward
        plans["transpose_backward"] = list(np.argsort(forward))
    if spec.get("convolutions") is not None:
        plans["conv_per_stage"] = spec["convolutions"]
    if spec.get("preprocessor") is not None:
        plans["preprocessor_name"] = spec["preprocessor"]
    if spec.get("export") is not None:
        force, order, order_z = spec["export"]
        plans["segmentation_export_params"] = OrderedDict(
            force_separate_z=force, interpolation_order=order, interpolation_order_z=order_z)
    return plans


def _randomize(network, generator):
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if "instnorm.weight" in name:
                parameter.uniform_(0.5, 1.5, generator=generator)
            elif parameter.ndim == 1 or name.endswith(".tau"):
                parameter.normal_(0, 0.3, generator=generator)
            elif "instnorm" in name:
                parameter.normal_(0.5, 0.5, generator=generator)
            else:
                fan = parameter[0].numel()
                parameter.normal_(0, (2 / fan) ** 0.5, generator=generator)
        for name, buffer in network.named_buffers():
            if name.endswith("running_mean"):
                buffer.normal_(0, 0.3, generator=generator)
            elif name.endswith("running_var"):
                buffer.uniform_(0.5, 2, generator=generator)


def _balance_head(network, patch, channels, generator, regions):
    """Lets every class win somewhere: each has a centre among the features of a patch with structure, and the nearest wins."""
    noise = torch.randn((channels, *patch), generator=generator).numpy()
    field = np.stack([gaussian_filter(n, 2) for n in noise])
    field = (field - field.mean()) / (field.std() + 1e-8)
    seen = []
    head = network.seg_outputs[-1]
    handle = head.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    with torch.no_grad():
        network.eval()
        network(torch.from_numpy(field[None].astype(np.float32)))
        handle.remove()
        features = seen[-1][0].flatten(1)
        mean = features.mean(1)
        unit = mean / (mean @ mean + 1e-12)
        rest = features - torch.outer(mean, unit @ features)
        directions, deviations, _ = torch.linalg.svd(rest, full_matrices=False)
        deviations = deviations / rest.shape[1] ** 0.5
        kept = int((deviations > 1e-3 * deviations[0]).sum())
        classes = head.weight.shape[0]
        if kept == 1 and not regions:
            centres = torch.linspace(-1.2, 1.2, classes)[torch.randperm(classes, generator=generator)][:, None]
        else:
            centres = torch.randn((classes, kept), generator=generator)
        # Logits of nearest centres: the features' mean, nearly constant, carries what doesn't depend on the place.
        weight = centres @ (directions[:, :kept] / deviations[:kept]).T
        if not regions:
            weight -= torch.outer((centres ** 2).sum(1) / 2, unit)
        logits = weight @ features
        weight *= 2.5 / (logits - logits.mean(0)).std() if not regions else 2.5 / logits.std()
        head.weight.copy_(weight.reshape(head.weight.shape))
        if head.bias is not None:
            head.bias.mul_(0.3)


def make_model(spec, folder):
    """Writes `plans.pkl`, and checkpoint and description for each fold of the specification, into `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    plans = make_plans(spec)
    os.makedirs(folder)
    with open(os.path.join(folder, "plans.pkl"), "wb") as file:
        pickle.dump(plans, file)
    stage = spec.get("stage", len(spec["stages"]) - 1)
    for number, fold in enumerate(spec["folds"]):
        torch.manual_seed(spec["seed"] * 100 + number)
        generator = torch.Generator().manual_seed(spec["seed"] * 100 + number)
        arguments = ["plans.pkl", fold if fold == "all" else int(fold), PLACE, "/tmp/nnunet/preprocessed/Task900_Oracle",
                     True, stage, True, False]
        if "Cascade" in spec["trainer"]:
            arguments.append("nnUNetTrainerV2")
        arguments.append(False)
        with contextlib.redirect_stdout(io.StringIO()):
            trainer = trainer_class(spec["trainer"])(*arguments)
            trainer.output_folder = os.path.join(folder, fold if fold == "all" else f"fold_{fold}")
            trainer.plans = plans
            trainer.process_plans(plans)
            trainer.initialize(False)
        network = trainer.network
        _randomize(network, generator)
        _balance_head(network, trainer.patch_size, trainer.num_input_channels, generator, "Regions" in spec["trainer"])
        trainer.fold = 0
        path = os.path.join(trainer.output_folder, "model_final_checkpoint.model")
        os.makedirs(trainer.output_folder, exist_ok=True)
        trainer.epoch = 0
        with contextlib.redirect_stdout(io.StringIO()):
            trainer.save_checkpoint(path, save_optimizer=False)
        for name in os.listdir(trainer.output_folder):
            if name.startswith("training_log"):
                os.remove(os.path.join(trainer.output_folder, name))
        if spec.get("legacy"):
            torch.save(torch.load(path), path, _use_new_zipfile_serialization=False)
    if spec.get("postprocessing") is not None:
        import json
        with open(os.path.join(folder, "postprocessing.json"), "w") as file:
            json.dump(spec["postprocessing"], file)
