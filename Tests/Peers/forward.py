"""One forward pass of a model folder in PyTorch, ONNX Runtime and OpenVINO: the peers of `tessera bench compare`.

    python Tests/Peers/forward.py list                                                      which there are
    python Tests/Peers/forward.py run "openvino f32" MODEL --threads 2 --runs 3             times one of them

MODEL is a folder that make_model.py wrote. The last line that either prints is one JSON object:

    {"engines": [{"name": "pytorch f32", "version": "2.13.0"}, {"name": "openvino f32", "missing": "No module named 'openvino'"}]}
    {"passes": [2.31, 2.29, 2.30], "relative_error": 5e-5, "peak_memory_bytes": 2147483648}

`passes` are seconds, after one pass that isn't timed; `relative_error` is the root mean square of the difference from logits.f32 over
that of logits.f32. Another program that answers so may be a peer too.
"""
import argparse
import importlib
import json
import os
import pickle
import time

import numpy as np

ENGINES = {"pytorch f32": "torch", "onnxruntime f32": "onnxruntime", "openvino f32": "openvino", "openvino bf16": "openvino"}


def find():
    engines = []
    for name, module in ENGINES.items():
        try:
            engines.append({"name": name, "version": importlib.import_module(module).__version__.split("-")[0]})
        except Exception as error:  # whatever a library says when it can't be loaded
            engines.append({"name": name, "missing": str(error)})
    return {"engines": engines}


def pytorch(model, threads, x):
    import torch
    from unet import UNet
    torch.set_num_threads(threads)
    with open(os.path.join(model, "plans.pkl"), "rb") as file:
        pools = pickle.load(file)["plans_per_stage"][0]["pool_op_kernel_sizes"]
    weights = torch.load(os.path.join(model, "fold_0", "model_final_checkpoint.model"), weights_only=False)["state_dict"]
    net, patch = UNet(weights, pools).eval(), torch.from_numpy(x)

    def run():
        with torch.inference_mode():
            return net(patch).numpy()
    return run


def onnxruntime(model, threads, x):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(os.path.join(model, "network.onnx"), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: x})[0]


def openvino(model, threads, x, precision):
    import openvino
    network = openvino.Core().compile_model(
        os.path.join(model, "network.onnx"), "CPU", {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": precision})
    return lambda: network([x])[0]


def patch_shape(model):
    """`[1, channel, z, y, x]`, from the plans."""
    with open(os.path.join(model, "plans.pkl"), "rb") as file:
        plans = pickle.load(file)
    return [1, plans["num_modalities"]] + [int(n) for n in plans["plans_per_stage"][0]["patch_size"]]


def peak_memory_bytes():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))


def relative_error(model, found):
    path = os.path.join(model, "logits.f32")
    if not os.path.exists(path):
        return None
    exact = np.fromfile(path, np.float32).astype(float)
    difference = found.astype(float).ravel() - exact
    return float(np.sqrt(np.mean(difference ** 2) / np.mean(exact ** 2)))


def run(engine, model, threads, runs):
    x = np.fromfile(os.path.join(model, "input.f32"), np.float32).reshape(patch_shape(model))
    library, precision = engine.split()
    forward = {"pytorch": pytorch, "onnxruntime": onnxruntime}[library](model, threads, x) if library != "openvino" else openvino(
        model, threads, x, precision)
    forward()
    passes = []
    for _ in range(runs):
        start = time.perf_counter()
        found = forward()
        passes.append(time.perf_counter() - start)
    peak = peak_memory_bytes()  # before logits are compared
    return {"passes": passes, "relative_error": relative_error(model, found), "peak_memory_bytes": peak}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list")
    one = verbs.add_parser("run")
    one.add_argument("engine", choices=ENGINES)
    one.add_argument("model")
    one.add_argument("--threads", type=int, default=1)
    one.add_argument("--runs", type=int, default=3)
    a = parser.parse_args()
    print(json.dumps(find() if a.verb == "list" else run(a.engine, a.model, a.threads, a.runs)), flush=True)


if __name__ == "__main__":
    main()
