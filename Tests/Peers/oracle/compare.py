"""Compares two folders of results: labels, probabilities, properties, geometry."""
import os
import pickle

import numpy as np
import SimpleITK as sitk


def compare_case(expected, found, name):
    """A dictionary of what differs between `<folder>/<name>.{nii.gz,npz,pkl}` of both folders; `expected` may lack the case."""
    report = dict(case=name)
    there = [os.path.exists(f"{folder}/{name}.nii.gz") for folder in (expected, found)]
    if not all(there):
        if there == [True, False] and np.isnan(np.load(f"{expected}/{name}.npz")["softmax"]).any():
            there[0] = False  # nnU-Net computed NaN and wrote a label map of it
        report["missing"] = {(True, False): "ours", (False, True): "nnU-Net's", (False, False): "both"}[tuple(there)]
        return report
    theirs, ours = (sitk.ReadImage(f"{folder}/{name}.nii.gz") for folder in (expected, found))
    a, b = sitk.GetArrayFromImage(theirs), sitk.GetArrayFromImage(ours)
    report["extent"] = a.shape == b.shape
    if not report["extent"]:
        return report
    report["voxels"], report["differ"] = int(a.size), int((a != b).sum())
    report["shares"] = np.round(np.bincount(a.flatten()) / a.size, 3).tolist()
    if ours.GetPixelID() != theirs.GetPixelID():
        report["type"] = ours.GetPixelIDTypeAsString()
    for key in ("GetSpacing", "GetOrigin", "GetDirection"):
        x, y = np.array(getattr(theirs, key)()), np.array(getattr(ours, key)())
        if not np.allclose(x, y, rtol=1e-5, atol=1e-5):
            report.setdefault("geometry", {})[key] = (x.tolist(), y.tolist())
    files = [f"{folder}/{name}.npz" for folder in (expected, found)]
    if all(os.path.exists(f) for f in files):
        p, q = (np.load(f)["softmax"] for f in files)
        report["npz"] = p.shape == q.shape and p.dtype == q.dtype
        if report["npz"]:
            difference = np.abs(p.astype(float) - q.astype(float))
            report["largest"], report["mean"] = float(difference.max()), float(difference.mean())
            if report["differ"]:
                report["ties"] = ties(a, b, p, pickle.load(open(f"{expected}/{name}.pkl", "rb")))
    else:
        report["npz"] = [os.path.exists(f) for f in files] == [False, False]
    files = [f"{folder}/{name}.pkl" for folder in (expected, found)]
    if all(os.path.exists(f) for f in files):
        p, q = (pickle.load(open(f, "rb")) for f in files)
        wrong = {}
        for key in p:
            if key in ("list_of_data_files", "classes"):  # paths; the values of the cropping mask, which nothing reads
                continue
            if key not in q:
                wrong[key] = (str(p[key]), "missing")
            elif p[key] is None or q[key] is None:
                if p[key] is not q[key]:
                    wrong[key] = (str(p[key]), str(q[key]))
            elif not (np.shape(p[key]) == np.shape(q[key]) and np.allclose(p[key], q[key], rtol=1e-6, atol=1e-5)):
                wrong[key] = (str(p[key]), str(q[key]))
            elif type(p[key]) is not type(q[key]):
                wrong[key] = (str(type(p[key])), str(type(q[key])))
        wrong.update({key: ("missing", str(q[key])) for key in q if key not in p})
        if wrong:
            report["pkl"] = wrong
    return report


def ties(theirs, ours, probabilities, properties):
    """How many of the labels that differ hang on probabilities that nnU-Net itself can't tell apart, to one step of float16."""
    step, count = 5e-4, 0
    lower = [b[0] for b in properties["crop_bbox"]]
    for voxel in np.argwhere(theirs != ours):
        values = probabilities[(slice(None), *(voxel - lower))].astype(float)
        if "regions_class_order" in properties:
            count += bool((abs(values - 0.5) <= step).any())
        else:
            count += abs(values[theirs[tuple(voxel)]] - values[ours[tuple(voxel)]]) <= step
    return int(count)


def is_good(report):
    if "missing" in report:
        return report["missing"] == "both"
    return (report["extent"] and report["differ"] - report.get("ties", 0) <= 1e-5 * report["voxels"] and "geometry" not in report
            and report["npz"] and report.get("largest", 0) <= 1e-3 and report.get("mean", 0) <= 1e-5
            and "pkl" not in report)
