"""Times a whole case as a user runs it, `tessera predict` and `nnUNet_predict` one after the other, and prints the ratios.

    python whole_case.py --tessera .build/release/tessera --results RESULTS --task 900 --images IMAGES [--threads 2] [--runs 2]
        [--engine winograd] [--isa avx2] [-- -f 0 …]

Run it by a Python that has nnunet 1.7.1 (and torch). RESULTS is nnU-Net's RESULTS_FOLDER, IMAGES a folder of CASE_0000.nii.gz; what follows
`--` is given to both (nnU-Net's words); without `--engine` Tessera chooses. Prints a JSON line for each run and one with the medians: seconds of wall time, seconds around
the network (wall time less what was spent in predicting patches), the largest process's peak memory and the largest sum over all
processes of a run (proportional set size, looked at every 100 ms), in MiB.
"""
import argparse
import glob
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

NNUNET = """
import sys, os, torch
torch.set_num_threads(int(os.environ["THREADS"]))
load = torch.load
torch.load = lambda *a, **k: load(*a, **{"weights_only": False, **k})
from nnunet.inference.predict_simple import main
from nnunet.network_architecture.neural_network import SegmentationNetwork
import time
spent = [0.0]
def timed(body):
    def run(*arguments, **words):
        start = time.monotonic()
        try:
            return body(*arguments, **words)
        finally:
            spent[0] += time.monotonic() - start
    return run
for name in ("_internal_maybe_mirror_and_pred_3D", "_internal_maybe_mirror_and_pred_2D"):
    setattr(SegmentationNetwork, name, timed(getattr(SegmentationNetwork, name)))
main()
print("\\nseconds in the network:", spent[0])
"""


def network_seconds(name, out, text):
    """What a run spent in predicting patches, by its own account."""
    if name == "nnunet":
        return float(text.rsplit("seconds in the network:", 1)[1].split()[0])
    timings = []
    for path in glob.glob(os.path.join(out, "*.json")):
        with open(path) as file:
            timings += json.load(file).get("timings", [])
    return sum(timing["seconds"] for timing in timings if timing["step"] == "predict")


def tree(pid):
    """The process and its descendants."""
    found, waiting = [], [pid]
    while waiting:
        current = waiting.pop()
        found.append(current)
        for path in glob.glob(f"/proc/{current}/task/*/children"):
            try:
                with open(path) as file:
                    waiting += [int(child) for child in file.read().split()]
            except OSError:
                pass
    return found


def memory(pid):
    """(proportional set size, peak resident set) in KiB; zeros for a process that is gone."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            pss = next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        with open(f"/proc/{pid}/status") as file:
            peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))
        return pss, peak
    except (OSError, StopIteration):
        return 0, 0


def measure(name, command, environment, out):
    start = time.monotonic()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=subprocess.STDOUT)
        together, largest = 0, 0
        while process.poll() is None:
            sizes = [memory(pid) for pid in tree(process.pid)]
            together = max(together, sum(pss for pss, _ in sizes))
            largest = max([largest] + [peak for _, peak in sizes])
            time.sleep(0.1)
        seconds = time.monotonic() - start
        log.seek(0)
        text = log.read().decode(errors="replace")
        if process.returncode != 0:
            sys.exit(f"{command[0]} exited with {process.returncode}:\n{text[-4000:]}")
    around = seconds - network_seconds(name, out, text)
    return {"seconds": round(seconds, 2), "around_network": round(around, 2), "largest_mib": round(largest / 1024), "together_mib": round(together / 1024)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--tessera", "--results", "--task", "--images"):
        parser.add_argument(name, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=2)
    for name in ("--engine", "--isa"):
        parser.add_argument(name)
    parser.add_argument("more", nargs=argparse.REMAINDER)
    a = parser.parse_args()
    more = [word for word in a.more if word != "--"]
    environment = {"RESULTS_FOLDER": a.results, "THREADS": str(a.threads), "nnUNet_raw_data_base": tempfile.gettempdir(),
                   "nnUNet_preprocessed": tempfile.gettempdir()}
    chosen = [word for name in ("engine", "isa") if getattr(a, name) for word in ("--" + name, getattr(a, name))]
    common = lambda out: ["-i", a.images, "-o", out, "-t", a.task] + more
    found = {"tessera": [], "nnunet": []}
    for _ in range(a.runs):
        for name in found:
            with tempfile.TemporaryDirectory() as out:
                if name == "tessera":
                    command = [a.tessera, "predict"] + common(out) + ["--threads", str(a.threads)] + chosen
                else:
                    command = [sys.executable, "-c", NNUNET] + common(out) + [
                        "--disable_mixed_precision", "--num_threads_preprocessing", "1", "--num_threads_nifti_save", "1"]
                result = measure(name, command, environment, out)
            found[name].append(result)
            print(json.dumps({"tool": name, "threads": a.threads, **result}), flush=True)
    medians = {name: {key: statistics.median(run[key] for run in runs) for key in runs[0]} for name, runs in found.items()}
    ratios = {key: round(medians["nnunet"][key] / medians["tessera"][key], 2) for key in medians["tessera"]}
    print(json.dumps({"medians": medians, "nnunet_over_tessera": ratios, "engine": a.engine or "automatic"}))


if __name__ == "__main__":
    main()
