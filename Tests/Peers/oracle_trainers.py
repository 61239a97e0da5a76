"""What nnU-Net 1.7.1's own classes say about each trainer, and tiny models of those that change inference.

    python oracle_trainers.py list     FILE        every trainer class, what it changes: Tests/Fixtures/trainers/trainers.json
    python oracle_trainers.py models   FOLDER      a model folder, an input and logits for each kind of network: Tests/Fixtures/trainers
    python oracle_trainers.py predict  TESSERA     whole predictions, nnU-Net's beside Tessera's; prints how many voxels differ
                              [WORK [TRAINER ...]]

Tests don't run this: they read what it wrote. It needs nnunet==1.7.1 with PyTorch (here 2.x on CPU), SimpleITK and numpy < 2.
The networks are made by the trainers themselves (`initialize`, which calls `initialize_network`), their weights, running statistics
and thresholds are random with a fixed seed.
"""
import contextlib
import hashlib
import importlib
import inspect
import io
import json
import os
import pickle
import pkgutil
import subprocess
import sys
import tempfile
from collections import OrderedDict

WORK = os.environ.get("ORACLE_WORK") or tempfile.mkdtemp()
for variable, folder in [("nnUNet_raw_data_base", "raw"), ("nnUNet_preprocessed", "pre"), ("RESULTS_FOLDER", "results")]:
    os.environ.setdefault(variable, os.path.join(WORK, folder))
    os.makedirs(os.environ[variable], exist_ok=True)
os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"

with contextlib.redirect_stdout(io.StringIO()):
    import numpy as np
    import torch
    import nnunet
    import nnunet.training.network_training as package
    from nnunet.training.model_restore import recursive_find_python_class
    from nnunet.training.network_training.nnUNetTrainer import nnUNetTrainer
torch.set_num_threads(1)

# Two arguments that trainers of 2019 pass and PyTorch no longer knows, or a CPU build can't serve; neither concerns inference.
_plateau = torch.optim.lr_scheduler.ReduceLROnPlateau.__init__
torch.optim.lr_scheduler.ReduceLROnPlateau.__init__ = lambda self, *a, verbose=None, **k: _plateau(self, *a, **k)
torch.Tensor.cuda = lambda self, *a, **k: self


# ---- plans

def stage(patch, pools, kernels, spacing, residual):
    entry = OrderedDict(
        batch_size=2, num_pool_per_axis=[int(sum(p[a] == 2 for p in pools)) for a in range(len(patch))],
        patch_size=np.array(patch), median_patient_size_in_voxels=np.array([16, 16, 16]), current_spacing=np.array(spacing),
        original_spacing=np.array(spacing), do_dummy_2D_data_aug=False,
        pool_op_kernel_sizes=[list(p) for p in pools], conv_kernel_sizes=[list(k) for k in kernels])
    if residual:
        entry["pool_op_kernel_sizes"].insert(0, [1] * len(patch))
        entry["num_blocks_encoder"] = (1, 2, 3, 4, 4, 4)[: len(kernels)]
        entry["num_blocks_decoder"] = (1, 1, 1, 1, 1)[: len(kernels) - 1]
    return entry


def plans(patch, pools, kernels, features, modalities=1, classes=2, residual=False, spacing=(1.0, 1.0, 1.0), **more):
    """A plans dictionary as the planners write it, with one stage."""
    result = OrderedDict(
        num_stages=1, num_modalities=modalities, modalities={i: "MRI" for i in range(modalities)},
        normalization_schemes=OrderedDict((i, "nonCT") for i in range(modalities)),
        dataset_properties={"intensityproperties": None}, list_of_npz_files=[], original_spacings=[], original_sizes=[],
        preprocessed_data_folder="", num_classes=classes, all_classes=list(range(1, classes + 1)), base_num_features=features,
        use_mask_for_norm=OrderedDict((i, False) for i in range(modalities)), keep_only_largest_region=None,
        min_region_size_per_class=None, min_size_per_class=None, transpose_forward=[0, 1, 2], transpose_backward=[0, 1, 2],
        data_identifier="nnUNetData_plans_v2.1",
        plans_per_stage={0: stage(patch, pools, kernels, spacing, residual)}, conv_per_stage=2)
    result.update(more)
    return result


def is_residual(name):
    return "ResencUNet" in name


# The plans that `list` describes every trainer with; TrainerTableTests has the same.
def described(name, axes):
    if axes == 3:
        return plans([4, 8, 8], [[1, 2, 2], [2, 2, 2]], [[1, 3, 3], [3, 3, 3], [3, 3, 3]], 8, residual=is_residual(name))
    return plans([8, 8], [[2, 2], [2, 2]], [[3, 3], [3, 3], [3, 3]], 8, residual=is_residual(name))


# ---- trainers

def trainer_names():
    """Every name under which the package finds a trainer class that it defines, aliases included."""
    names = set()
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        loaded = importlib.import_module(module.name)
        for name, value in inspect.getmembers(loaded, inspect.isclass):
            if value.__module__ == module.name and "rainer" in name:
                names.add(name)
    return sorted(names)


def find(name):
    return recursive_find_python_class(
        [os.path.join(nnunet.__path__[0], "training", "network_training")], name, "nnunet.training.network_training")


def arguments(trainer, folder):
    """Constructor arguments in the order of the class, as nnU-Net pickles them."""
    values = dict(
        plans_file=os.path.join(folder, "plans.pkl"), fold=0, local_rank=0, output_folder=folder, dataset_directory=WORK,
        batch_dice=False, stage=0, unpack_data=True, deterministic=False, num_gpus=1, distribute_batch_size=False,
        previous_trainer="nnUNetTrainerV2", fp16=trainer.__name__.endswith("_fp16"))
    return tuple(values[p] for p in list(inspect.signature(trainer.__init__).parameters)[1:])


def restored(name, the_plans):
    """The trainer as nnU-Net's model_restore makes it for prediction, without weights."""
    cls = find(name)
    assert issubclass(cls, nnUNetTrainer), "not a subclass of nnUNetTrainer, which model_restore asks for"
    folder = os.path.join(os.environ["RESULTS_FOLDER"], "nnUNet", "3d_fullres", "Task999_Tiny", name + "__plans")
    # The first cascade trainer asks for the low-resolution model's predictions of its training cases, even when it predicts.
    for subfolder in (folder, os.path.join(os.environ["RESULTS_FOLDER"], "nnUNet", "3d_lowres", "Task999_Tiny",
                                           "nnUNetTrainerV2__plans", "pred_next_stage")):
        os.makedirs(subfolder, exist_ok=True)
    trainer = cls(*arguments(cls, folder))
    trainer.plans = the_plans
    trainer.process_plans(the_plans)
    trainer.initialize(False)
    return trainer


def shape_text(tensor):
    return "x".join(str(n) for n in tensor.shape) or "scalar"


def parameter_lines(network):
    return ["%s %s%s" % (k, shape_text(v), "" if v.dtype == torch.float32 else " " + str(v.dtype).split(".")[1])
            for k, v in network.state_dict().items()]


def module_text(module):
    """A module's class and the settings that inference depends on."""
    settings = {k: getattr(module, k) for k in ("eps", "num_groups", "negative_slope") if hasattr(module, k)}
    return " ".join([type(module).__name__] + ["%s=%s" % item for item in sorted(settings.items())])


def block_text(network):
    """How the blocks compute: their class, normalisation and activation (all blocks of a network are alike)."""
    kinds = set()
    for module in network.modules():
        if hasattr(module, "instnorm"):
            kinds.add(" | ".join([type(module).__name__, module_text(module.instnorm), module_text(module.lrelu)]))
        elif hasattr(module, "norm1"):
            kinds.add(" | ".join([type(module).__name__, module_text(module.norm1), module_text(module.nonlin1)]))
        elif hasattr(module, "norm") and hasattr(module, "nonlin"):
            kinds.add(" | ".join([type(module).__name__, module_text(module.norm), module_text(module.nonlin)]))
    return sorted(kinds)


def description(name, axes, networks):
    trainer = restored(name, described(name, axes))
    network = trainer.network.eval()
    lines = parameter_lines(network)
    key = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
    networks[key] = lines
    data = np.zeros((trainer.num_input_channels, *trainer.patch_size), np.float32)
    if axes == 2:
        data = data[:, None]
    answers = {}
    for mirroring in (False, True):
        try:
            with torch.no_grad():
                answer = trainer.predict_preprocessed_data_return_seg_and_softmax(
                    data, do_mirroring=mirroring, mirror_axes=trainer.data_aug_params["mirror_axes"], use_sliding_window=True,
                    step_size=0.5, use_gaussian=True, all_in_gpu=False, mixed_precision=False, verbose=False)
            answers[mirroring] = None if answer is None else list(answer[1].shape)
        except AssertionError as error:
            answers[mirroring] = "AssertionError: %s" % str(error)
    return dict(
        network=key, blocks=block_text(network), inputs=trainer.num_input_channels, outputs=network.num_classes,
        activation=getattr(network.inference_apply_nonlin, "__name__", type(network.inference_apply_nonlin).__name__),
        regions=None if trainer.regions_class_order is None else list(trainer.regions_class_order),
        mirror_axes=list(trainer.data_aug_params["mirror_axes"]), predicts=answers[False] is not None,
        mirrors=answers[True] is not None and not isinstance(answers[True], str))


def in_child(function):
    """Runs in a fork: trainers change nnU-Net's global dictionaries."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with os.fdopen(writer, "w") as pipe, open(os.devnull, "w") as null:
            os.dup2(null.fileno(), 1)
            os.dup2(null.fileno(), 2)
            try:
                networks = {}
                answer = function(networks)
                json.dump([answer, networks], pipe)
            except BaseException as error:
                json.dump([{"error": "%s: %s" % (type(error).__name__, str(error).split("\n")[0])}, {}], pipe)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text)


def list_trainers(path):
    networks, trainers = {}, {}
    for name in trainer_names():
        entry = {}
        for axes in (3, 2):
            entry["%dd" % axes], more = in_child(lambda found: description(name, axes, found))
            networks.update(more)
        trainers[name] = entry
        print(name, entry)
    write_list(path, networks, trainers)


def write_list(path, networks, trainers):
    """Trainers with the same answers share one of them."""
    answers = []
    for entry in trainers.values():
        if entry not in answers:
            answers.append(entry)
    with open(path, "w") as file:
        json.dump(dict(nnunet="1.7.1", networks=networks, answers=answers,
                       trainers={name: answers.index(entry) for name, entry in trainers.items()}), file, indent=0,
                  sort_keys=True)
        file.write("\n")


# ---- models

def randomise(network, seed):
    """Numbers that a training could give, none of them a default: biases, running statistics and thresholds matter."""
    random = np.random.RandomState(seed)

    def fill(tensor, values):
        tensor.copy_(torch.from_numpy(np.asarray(values, np.float32).reshape(tensor.shape)))

    repeated = set()
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if tensor.data_ptr() in repeated:
                continue
            repeated.add(tensor.data_ptr())
            n = tensor.numel()
            if name.endswith("num_batches_tracked"):
                tensor.fill_(250000)
            elif name.endswith("running_var"):
                fill(tensor, random.uniform(0.3, 2.0, n))
            elif name.endswith("running_mean"):
                fill(tensor, random.normal(0, 0.4, n))
            elif name.endswith("tau"):
                fill(tensor, random.normal(-0.2, 0.4, n))
            elif tensor.dim() > 1 and not name.endswith(("instnorm.weight", "instnorm.bias")):
                fan = n // tensor.shape[1 if ".tus." in name or name.startswith("tu.") else 0]
                fill(tensor, random.normal(0, np.sqrt(2.0 / fan), n))
            elif name.endswith("weight"):
                fill(tensor, random.uniform(0.5, 1.5, n))
            else:
                fill(tensor, random.normal(0, 0.3, n))


def balance(trainer):
    """Takes from the head's weights what the mean feature gives, so that every class wins somewhere in an image of smooth noise."""
    from scipy.ndimage import gaussian_filter

    head = trainer.network.decoder.segmentation_output if hasattr(trainer.network, "decoder") else trainer.network.seg_outputs[-1]
    features = []
    hook = head.register_forward_hook(lambda module, inputs, output: features.append(inputs[0]))
    noise = np.random.RandomState(5).normal(0, 1, (trainer.num_input_channels, *trainer.patch_size))
    noise = np.stack([gaussian_filter(channel, 1.2) for channel in noise])
    logits(trainer, (noise / noise.std()).astype(np.float32))
    hook.remove()
    mean = features[0].mean(dim=[0] + list(range(2, features[0].dim())))
    with torch.no_grad():
        weight = head.weight.view(head.weight.shape[0], -1)
        weight -= torch.outer(weight @ mean, mean) / (mean @ mean)


def write_model(name, the_plans, folder, seed, zipped, balanced=False):
    """The files that nnU-Net's save_checkpoint writes, without its optimiser; returns the trainer."""
    trainer = restored(name, the_plans)
    randomise(trainer.network, seed)
    if balanced:
        balance(trainer)
    arguments_without_paths = tuple("model" if isinstance(a, str) and os.sep in a else a
                                    for a in arguments(type(trainer), os.sep))
    fold = os.path.join(folder, "fold_0")
    os.makedirs(fold, exist_ok=True)
    checkpoint = os.path.join(fold, "model_final_checkpoint.model")
    state = dict(epoch=1000, state_dict=trainer.network.state_dict(), optimizer_state_dict=None,
                 lr_scheduler_state_dict=None, plot_stuff=([], [], [], []), best_stuff=(None, None, None))
    torch.save(state, checkpoint, _use_new_zipfile_serialization=zipped)
    info = OrderedDict(init=arguments_without_paths, name=name, plans=the_plans)
    info["class"] = str(type(trainer))
    for path, value in ((checkpoint + ".pkl", info), (os.path.join(folder, "plans.pkl"), the_plans)):
        with open(path, "wb") as file:
            pickle.dump(value, file, protocol=4)
    return trainer


def logits(trainer, data):
    network = trainer.network.eval()
    network.do_ds = False
    if hasattr(network, "decoder"):
        network.decoder.deep_supervision = False
    with torch.no_grad():
        return network(torch.from_numpy(data)[None])[0].numpy()


FLAT = ([16, 16], [[2, 2]], [[3, 3], [3, 3]])
SOLID = ([4, 8, 8], [[1, 2, 2]], [[1, 3, 3], [3, 3, 3]])

# Trainer, plans, features of the first level, whether the checkpoint is a zip file.
TINY = [
    ("nnUNetTrainerV2_BN", SOLID, 2, True),
    ("nnUNetTrainerV2_MMS", FLAT, 3, False),
    ("nnUNetTrainerV2_GN", ([2, 8, 8], [[1, 2, 2]], [[1, 3, 3], [1, 3, 3]]), 8, False),
    ("nnUNetTrainerV2_FRN", SOLID, 2, True),
    ("nnUNetTrainerV2_NoNormalization", SOLID, 2, False),
    ("nnUNetTrainerV2_ReLU_biasInSegOutput", FLAT, 3, False),
    ("nnUNetTrainerV2_GeLU", FLAT, 3, False),
    ("nnUNetTrainerV2_Mish", SOLID, 2, False),
    ("nnUNetTrainerV2_ReLU_convReLUIN", SOLID, 2, False),
    ("nnUNetTrainerV2_lReLU_convReLUIN", FLAT, 3, False),
    ("nnUNetTrainerV2_LReLU_slope_2en1", FLAT, 2, False),
    ("nnUNetTrainerV2BraTSRegions_DA4_BN", SOLID, 2, False),
    ("nnUNetTrainerV2_allConv3x3", SOLID, 2, False),
    ("nnUNetTrainerV2_3ConvPerStageSameFilters", FLAT, 2, False),
    ("nnUNetTrainerV2_ResencUNet", SOLID, 2, False),
    ("nnUNetTrainerV2_ResencUNet_DA3_BN", SOLID, 2, True),
]


def write_models(root):
    for seed, (name, shape, features, zipped) in enumerate(TINY):
        folder = os.path.join(root, name)
        modalities = 3 if "BraTS" in name else 1
        trainer = write_model(
            name, plans(*shape, features, modalities=modalities, classes=3 if "BraTS" in name else 2,
                        residual=is_residual(name)), folder, seed, zipped)
        os.remove(os.path.join(folder, "plans.pkl"))
        random = np.random.RandomState(100 + seed)
        data = random.normal(0, 1, (modalities, *shape[0])).astype("<f4")
        data.tofile(os.path.join(folder, "input.f32"))
        result = logits(trainer, data).astype("<f4")
        result.tofile(os.path.join(folder, "logits.f32"))
        print(name, "logits", result.shape, "from %.3f to %.3f" % (result.min(), result.max()))


# ---- whole predictions

LARGER_SOLID = ([16, 24, 24], [[1, 2, 2], [2, 2, 2]], [[1, 3, 3], [3, 3, 3], [3, 3, 3]])
LARGER_FLAT = ([32, 32], [[2, 2], [2, 2]], [[3, 3], [3, 3], [3, 3]])

PREDICTED = [
    ("nnUNetTrainerV2_BN", LARGER_SOLID), ("nnUNetTrainerV2_MMS", LARGER_FLAT), ("nnUNetTrainerV2_GN", LARGER_SOLID),
    ("nnUNetTrainerV2_FRN", LARGER_SOLID), ("nnUNetTrainerV2_NoNormalization", LARGER_FLAT),
    ("nnUNetTrainerV2_ReLU_biasInSegOutput", LARGER_SOLID), ("nnUNetTrainerV2_GeLU", LARGER_SOLID),
    ("nnUNetTrainerV2_Mish", LARGER_SOLID), ("nnUNetTrainerV2_ReLU_convReLUIN", LARGER_SOLID),
    ("nnUNetTrainerV2_lReLU_convReLUIN", LARGER_FLAT), ("nnUNetTrainerV2BraTSRegions_DA4_BN", LARGER_SOLID),
    ("nnUNetTrainerV2BraTSRegions_BN", LARGER_SOLID), ("nnUNetTrainerV2_3ConvPerStage", LARGER_SOLID),
    ("nnUNetTrainerV2_allConv3x3", LARGER_SOLID), ("nnUNetTrainerNoDA", LARGER_SOLID),
    ("nnUNetTrainerV2_noMirroring", LARGER_SOLID), ("nnUNetTrainerV2_ResencUNet_DA3", LARGER_SOLID),
    ("nnUNetTrainerV2_ResencUNet_DA3_BN", LARGER_SOLID),
]


# What `segmentation_export_params` may say: force_separate_z, interpolation_order, interpolation_order_z.
EXPORTED = [(True, 1, 0), (False, 1, 0), (None, 0, 0), (True, 0, 0)]


def write_images(folder, modalities):
    import SimpleITK as sitk
    from scipy.ndimage import gaussian_filter

    os.makedirs(folder, exist_ok=True)
    random = np.random.RandomState(7)
    for channel in range(modalities):
        volume = gaussian_filter(random.normal(0, 1, (20, 45, 38)), 1.5) * 400 + 100
        volume[:2] = 0
        image = sitk.GetImageFromArray(volume.astype(np.float32))
        image.SetSpacing((1.0, 1.1, 2.0))
        sitk.WriteImage(image, os.path.join(folder, "case_%04d.nii.gz" % channel))


def compare(tessera, name, shape, work, export=None):
    import SimpleITK as sitk

    more = {} if export is None else {"segmentation_export_params": dict(
        zip(("force_separate_z", "interpolation_order", "interpolation_order_z"), export))}
    residual = is_residual(name)
    modalities, classes = (2, 3) if "BraTS" in name else (1, 2)
    configuration = "2d" if len(shape[0]) == 2 else "3d_fullres"
    results = os.path.join(work, "results")
    model = os.path.join(results, "nnUNet", configuration, "Task999_Tiny", name + "__nnUNetPlansv2.1")
    write_model(name, plans(*shape, 8, modalities=modalities, classes=classes, residual=residual,
                            spacing=(1.7, 1.3, 1.3), **more), model, 42, True, balanced=True)
    images = os.path.join(work, "images%d" % modalities)
    write_images(images, modalities)
    case = name if export is None else "%s_%s%s%s" % (name, *export)
    ours, theirs = os.path.join(work, "ours", case), os.path.join(work, "theirs", case)
    tta = ["--disable_tta"] if "noMirroring" in name else []
    subprocess.run([tessera, "predict", "-d", model, "-i", images, "-o", ours, "--save_npz"] + tta, check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run([sys.executable, __file__, "nnunet", "-i", images, "-o", theirs, "-t", "Task999_Tiny", "-tr", name,
                    "-m", configuration, "-f", "0", "-z", "--overwrite_existing"] + tta, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ, RESULTS_FOLDER=results))
    a, b = (sitk.GetArrayFromImage(sitk.ReadImage(os.path.join(f, "case.nii.gz"))) for f in (ours, theirs))
    p, q = (np.load(os.path.join(f, "case.npz"))["softmax"].astype(np.float64) for f in (ours, theirs))
    print("%-42s %-10s %s%d of %d voxels differ, labels %s, probabilities by at most %.1e, %.1e on average" % (
        name, configuration, "" if export is None else "export %s %s %s: " % export, int((a != b).sum()), a.size, np.bincount(b.ravel()).tolist(), np.abs(p - q).max(),
        np.abs(p - q).mean()), flush=True)


def compare_predictions(tessera, work=None, *names):
    work = work or tempfile.mkdtemp()
    for name, shape in PREDICTED:
        if not names or name in names:
            compare(tessera, name, shape, work)
    for export in EXPORTED:
        if not names or "export" in names:
            compare(tessera, "nnUNetTrainerV2", LARGER_SOLID, work, export)


def nnunet_predict(*flags):
    """nnU-Net's own command, on a PyTorch that loads only weights unless told otherwise."""
    original = torch.load
    torch.load = lambda *a, **k: original(*a, **dict(k, weights_only=False))
    sys.argv = ["nnUNet_predict", *flags, "--disable_mixed_precision", "--num_threads_preprocessing", "1",
                "--num_threads_nifti_save", "1"]
    from nnunet.inference.predict_simple import main

    main()


if __name__ == "__main__":
    verbs = {"list": list_trainers, "models": write_models, "predict": compare_predictions, "nnunet": nnunet_predict}
    if len(sys.argv) < 3 or sys.argv[1] not in verbs:
        sys.exit(__doc__)
    verbs[sys.argv[1]](*sys.argv[2:])
