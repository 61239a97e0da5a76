"""nnU-Net 1.7.1's answers, in this process: its own code, with its pools of processes replaced by plain calls."""
import contextlib
import copy
import io
import os

import torch

torch.set_num_threads(int(os.environ.get("THREADS", "1")))
_load = torch.load


def load(*arguments, **options):
    options.setdefault("weights_only", False)  # trained checkpoints hold numpy scalars
    return _load(*arguments, **options)


torch.load = load
os.environ.setdefault("RESULTS_FOLDER", "/tmp/nnunet/results")

with contextlib.redirect_stdout(io.StringIO()):
    from nnunet.inference import ensemble_predictions, predict
    from nnunet.postprocessing import connected_components
    from nnunet.training.data_augmentation import default_data_augmentation

# Trainers write into these dictionaries, which would outlive them here.
_DEFAULTS = {name: value for name, value in vars(default_data_augmentation).items() if isinstance(value, dict)
             and not name.startswith("__")}
_UNTOUCHED = copy.deepcopy(_DEFAULTS)


def reset_defaults():
    for name, value in _DEFAULTS.items():
        value.clear()
        value.update(copy.deepcopy(_UNTOUCHED[name]))


class _Done:
    def __init__(self, value):
        self.value = value

    def get(self):
        return self.value


class SerialPool:
    def __init__(self, *_):
        pass

    def starmap_async(self, function, arguments):
        return _Done([function(*a) for a in arguments])

    def starmap(self, function, arguments):
        return [function(*a) for a in arguments]

    def close(self):
        pass

    join = close


class _List(list):
    """A queue copies what it is given; nnU-Net's 2D preprocessor writes into the plans' spacing that it gave away."""

    def put(self, item):
        self.append(copy.deepcopy(item))


def _preprocess(trainer, lists, outputs, processes=2, previous=None):
    queue = _List()
    previous = previous if previous is not None else [None] * len(lists)
    classes = list(range(1, trainer.num_classes))
    predict.preprocess_save_to_queue(
        trainer.preprocess_patient, queue, lists, outputs, previous, classes, trainer.plans["transpose_forward"])
    yield from (item for item in queue if item != "end")


predict.Pool = SerialPool
predict.preprocess_multithreaded = _preprocess
ensemble_predictions.Pool = SerialPool
connected_components.Pool = SerialPool


def answer(model, images, output, folds=None, mirroring=True, step=0.5, lowres=None, probabilities=True):
    """Runs nnUNet_predict's function; returns what it printed. Cases that it can't preprocess have no output."""
    said = io.StringIO()
    reset_defaults()
    there = set(os.listdir(model))
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            predict.predict_from_folder(
                model, images, output, folds, probabilities, 1, 1, lowres, 0, 1, mirroring, mixed_precision=False,
                overwrite_existing=True, mode="normal", overwrite_all_in_gpu=False, step_size=step)
    finally:  # nnU-Net writes into the model's folder: logs and an empty fold_0
        for root, _, names in os.walk(model):
            for name in names:
                if name.startswith("training_log"):
                    os.remove(os.path.join(root, name))
        for name in set(os.listdir(model)) - there:
            os.rmdir(os.path.join(model, name))
    return said.getvalue()


def ensemble(folders, output, postprocessing=None):
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        ensemble_predictions.merge(folders, output, 1, override=True, postprocessing_file=postprocessing, store_npz=True)
    return said.getvalue()
