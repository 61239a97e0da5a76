"""Label statistics by NumPy, SciPy, scikit-image and nibabel: what Tests/LabelMeasuresTests compares Tessera's with.

Usage: oracle.py FOLDER, which holds cases.json: a list of {"name", "map", "image", "reference"}, files in the folder.
Prints a JSON object: by case, a list of labels with their statistics. Axes are x, y, z, places are in NIfTI's world.
"""
import json, sys
import nibabel, numpy
from scipy import ndimage
from skimage import measure

TOLERANCE_MM = 1.0


def surface(mask):
    return mask & ~ndimage.binary_erosion(mask)


def distances(first, second, spacing):
    """From the surface voxels of each mask to the other's surface, mm."""
    first, second = surface(first), surface(second)
    to_second = ndimage.distance_transform_edt(~second, sampling=spacing)[first]
    to_first = ndimage.distance_transform_edt(~first, sampling=spacing)[second]
    return numpy.concatenate([to_second, to_first])


def statistics(mask, affine, spacing, image):
    voxels = int(mask.sum())
    found = {"voxels": voxels, "millilitres": voxels * float(numpy.prod(spacing)) / 1000}
    if voxels == 0:
        return found
    places = numpy.argwhere(mask)
    lower, upper = places.min(0), places.max(0)
    centroid = places.mean(0)
    corners = numpy.array([[(lower[a] - 0.5, upper[a] + 0.5)[c >> a & 1] for a in range(3)] for c in range(8)])
    world = nibabel.affines.apply_affine(affine, corners)
    parts, count = ndimage.label(mask)
    box = tuple(slice(l, u + 1) for l, u in zip(lower, upper))
    vertices, faces, _, _ = measure.marching_cubes(numpy.pad(mask[box], 1).astype(numpy.float32), 0.5, spacing=spacing,
                                                  method="lorensen")
    values = image[mask].astype(numpy.float64)
    p05, p50, p95 = numpy.percentile(values, [5, 50, 95])
    found.update(
        lower=lower.tolist(), upper=upper.tolist(), lower_mm=world.min(0).tolist(), upper_mm=world.max(0).tolist(),
        centroid=centroid.tolist(), centroid_mm=nibabel.affines.apply_affine(affine, centroid).tolist(),
        surface=float(measure.mesh_surface_area(vertices, faces)), components=int(count),
        largest=int(numpy.bincount(parts.ravel())[1:].max()),
        touches=bool(any(lower[a] == 0 or upper[a] == mask.shape[a] - 1 for a in range(3))),
        mean=float(values.mean()), sd=float(values.std()), min=float(values.min()), max=float(values.max()),
        p05=float(p05), p50=float(p50), p95=float(p95))
    return found


def main(folder):
    answers = {}
    for case in json.load(open(f"{folder}/cases.json")):
        labels = nibabel.load(f"{folder}/{case['map']}")
        image = numpy.asarray(nibabel.load(f"{folder}/{case['image']}").dataobj, dtype=numpy.float32)
        reference = numpy.asarray(nibabel.load(f"{folder}/{case['reference']}").dataobj)
        data = numpy.asarray(labels.dataobj)
        spacing = tuple(float(s) for s in labels.header.get_zooms()[:3])
        found = []
        for label in case["labels"]:
            mask, other = data == label, reference == label
            entry = {"label": label, **statistics(mask, labels.affine, spacing, image)}
            if mask.any() and other.any():
                apart = distances(mask, other, spacing)
                entry.update(hd95=float(numpy.percentile(apart, 95)), assd=float(apart.mean()),
                             surface_dice=float((apart <= TOLERANCE_MM).mean()))
            found.append(entry)
        answers[case["name"]] = found
    json.dump(answers, sys.stdout)


main(sys.argv[1])
