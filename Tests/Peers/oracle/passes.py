"""Makes Tests/Fixtures/oracle/passes: a cascade and ensembles of configurations, with nnU-Net 1.7.1's answers.

    python passes.py FOLDER
"""
import json
import os
import shutil
import sys

import answers
import images
import models
from cases import channel, image, model, stage

TASK = "Task910_Passes"
FLAT = [[1, 3, 3], [3, 3, 3]]
TRANSPOSE = [1, 2, 0]
STAGES = [stage((6, 10, 12), (3.0, 2.2, 2.0), [[1, 2, 2]], FLAT), stage((6, 12, 14), (3.0, 1.1, 1.0), [[1, 2, 2]], FLAT)]
LARGEST = {"for_which_classes": [[1, 2], 1], "min_valid_object_sizes": "{(1, 2): 40.0, 1: 30.0}"}
MODELS = {
    "3d_lowres": model(201, features=2, transpose=TRANSPOSE, stages=STAGES, stage=0, folds=[0, 1], postprocessing=LARGEST),
    "3d_fullres": model(202, features=2, transpose=TRANSPOSE, stages=STAGES, stage=1, folds=[0, 1],
                        postprocessing={"for_which_classes": [2], "min_valid_object_sizes": "None"}),
    "3d_cascade_fullres": model(203, features=2, transpose=TRANSPOSE, stages=STAGES, stage=1, folds=[0, 1],
                                trainer="nnUNetTrainerV2CascadeFullRes",
                                postprocessing={"for_which_classes": [1]}),
    "2d": model(204, features=2, transpose=TRANSPOSE, folds=[0, 1],
                stages=[stage((14, 16), (3.0, 1.1, 1.0), [[2, 2]])], postprocessing={"for_which_classes": []}),
}
IMAGES = {
    "border": image(41, type="uint8", shape=[22, 9, 26], spacing=[1.2, 3.2, 0.9], border=[[4, 3], [0, 1], [5, 2]], round=True),
    "whole": image(42, type="uint8", shape=[20, 14, 18], spacing=[1.0, 2.0, 1.1]),
}
ENSEMBLES = [["2d", "3d_fullres"], ["2d", "3d_fullres", "3d_cascade_fullres"]]
POSTPROCESSING = {"for_which_classes": [[1, 2], 2], "min_valid_object_sizes": "None"}


def folder_of(results, configuration):
    trainer = MODELS[configuration]["trainer"]
    return os.path.join(results, "nnUNet", configuration, TASK, f"{trainer}__nnUNetPlansv2.1")


def predict(results, configuration, inputs, output, lowres=None, mirroring=False):
    return answers.answer(folder_of(results, configuration), inputs, output, [0, 1], mirroring, 0.5, lowres)


def main():
    place = os.path.join(sys.argv[1], "passes")
    shutil.rmtree(place, ignore_errors=True)
    results, inputs, expected = (os.path.join(place, n) for n in ("results", "images", "expected"))
    os.makedirs(inputs)
    for configuration, spec in MODELS.items():
        models.make_model(spec, folder_of(results, configuration))
    for name, entry in IMAGES.items():
        images.make_image(entry, inputs, name, 1)
    for configuration in ("2d", "3d_lowres", "3d_fullres"):
        predict(results, configuration, inputs, os.path.join(expected, configuration))
    # As nnUNet_predict does it: the first pass's label maps, postprocessed, are the second pass's input.
    predict(results, "3d_cascade_fullres", inputs, os.path.join(expected, "3d_cascade_fullres"), os.path.join(expected, "3d_lowres"))
    # And from label maps that the caller gives.
    predict(results, "3d_cascade_fullres", inputs, os.path.join(expected, "given"), os.path.join(expected, "2d"))
    for members in ENSEMBLES:
        output = os.path.join(expected, "+".join(members))
        answers.ensemble([os.path.join(expected, m) for m in members], output)
        file = os.path.join(place, "postprocessing.json")
        with open(file, "w") as target:
            json.dump(POSTPROCESSING, target)
        answers.ensemble([os.path.join(expected, m) for m in members], output + "-postprocessed", file)
    for root, folders, files in os.walk(expected):
        for file in files:
            keep = file.endswith(".nii.gz") or (file == "whole.npz" and os.path.basename(root) == "3d_cascade_fullres")
            if not keep:
                os.remove(os.path.join(root, file))
        if os.path.basename(root) == "not_postprocessed":
            shutil.rmtree(root)


if __name__ == "__main__":
    main()
