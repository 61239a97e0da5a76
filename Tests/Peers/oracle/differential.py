"""Draws random cases, runs nnU-Net 1.7.1 and `tessera predict` on each, and tells what differs.

    python differential.py TESSERA FIRST LAST [--keep FOLDER]     seeds FIRST up to, not including, LAST
    python differential.py TESSERA 0 0 --named NAME ...           the cases of fixtures.py
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

import cases
import compare


def run(spec, folder, tessera, answers, models, images):
    """Makes a case in `folder`, has both sides answer it, and returns a report for each image."""
    model, inputs, expected, found = (os.path.join(folder, n) for n in ("model", "in", "expected", "found"))
    first = os.path.join(folder, "first")
    models.make_model(spec["model"], model)
    if "first" in spec:
        models.make_model(spec["first"], first)
    for path in (inputs, expected, found):
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
    for name, entry in spec["images"].items():
        images.make_image(entry, inputs, name, len(spec["model"]["channels"]))
    folds = spec["folds"]

    def answer(images):
        """As nnUNet_predict does it: the first stage's label maps, postprocessed, are the second one's input."""
        lowres = None
        if "first" in spec:
            lowres = os.path.join(folder, "expected_first")
            answers.answer(first, images, lowres, folds, spec["mirroring"], spec["step"], probabilities=False)
        return answers.answer(model, images, expected, folds, spec["mirroring"], spec["step"], lowres)

    try:
        said = answer(inputs)
    except Exception:  # one image made nnU-Net give up on all: ask for each alone
        said = ""
        for name in spec["images"]:
            alone = os.path.join(folder, "alone")
            os.makedirs(alone)
            for file in os.listdir(inputs):
                if file.startswith(name + "_"):
                    shutil.copy(os.path.join(inputs, file), alone)
            try:
                said += answer(alone)
            except Exception as error:
                said += f"{name}: error: {type(error).__name__}: {error}\n"
            shutil.rmtree(alone)
    command = [tessera, "predict", "-i", inputs, "-o", found, "-d", model, "-z", "--step_size", str(spec["step"]),
               "--threads", "1"]
    if folds is not None:
        command += ["-f", *[str(f) for f in folds]]
    if "first" in spec:
        command += ["--lowres_model_dir", first]
    if not spec["mirroring"]:
        command.append("--disable_tta")
    result = subprocess.run(command, capture_output=True, text=True)
    reports = []
    for name in spec["images"]:
        report = compare.compare_case(expected, found, name)
        report["exit"] = result.returncode
        if "missing" in report:
            report["nnU-Net"] = [l for l in said.splitlines() if "rror" in l or "assert" in l][-3:] or said[-300:]
            report["tessera"] = [l for l in result.stderr.splitlines() if name in l][:2] or result.stderr[-400:]
        reports.append(report)
    return reports


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tessera")
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    parser.add_argument("--headers", action="store_true", help="draw headers instead: many tiny images, one model")
    parser.add_argument("--cascades", action="store_true", help="draw cascades instead")
    parser.add_argument("--named", nargs="*", help="cases of fixtures.py; none means all")
    parser.add_argument("--keep", help="where the folders of cases that differ are kept")
    arguments = parser.parse_args()
    import answers
    import images
    import models
    good = total = voxels = differ = 0
    largest = 0.0
    draw = cases.draw_cascade if arguments.cascades else cases.draw
    if arguments.headers:
        draw = cases.draw_headers
    todo = [(seed, None) for seed in range(arguments.first, arguments.last)]
    if arguments.named is not None:
        import fixtures
        todo += [(name, fixtures.CASES[name]) for name in arguments.named or fixtures.CASES]
    for seed, spec in todo:
        spec = spec or draw(seed)
        folder = tempfile.mkdtemp(prefix="tessera-oracle-")
        try:
            reports = run(spec, folder, arguments.tessera, answers, models, images)
        except Exception as error:
            print(f"seed {seed}: the case can't be made: {type(error).__name__}: {error}", flush=True)
            shutil.rmtree(folder)
            continue
        bad = [r for r in reports if not compare.is_good(r)]
        for r in reports:
            total += 1
            good += r not in bad
            voxels += r.get("voxels", 0)
            differ += r.get("differ", 0)
            largest = max(largest, r.get("largest", 0))
        for r in bad:
            print(f"seed {seed}: {json.dumps(r)}", flush=True)
        if bad and arguments.keep:
            target = os.path.join(arguments.keep, str(seed))
            shutil.rmtree(target, ignore_errors=True)
            shutil.move(folder, target)
            with open(os.path.join(target, "spec.json"), "w") as file:
                json.dump(spec, file, indent=1)
        else:
            shutil.rmtree(folder)
    print(f"{good} of {total} images agree; {differ} of {voxels} labels differ; largest difference {largest:.2e}")
    sys.exit(0 if good == total else 1)


if __name__ == "__main__":
    main()
