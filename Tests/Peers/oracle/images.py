"""Images with structure, written as NIfTI-1 byte by byte, so that every field of the header can be chosen."""
import gzip
import struct

import numpy as np
from scipy.ndimage import gaussian_filter

TYPES = {"uint8": 2, "int16": 4, "int32": 8, "float32": 16, "float64": 64, "int8": 256, "uint16": 512, "uint32": 768}


def make_voxels(spec, channel):
    """One channel `[z, y, x]`, float64: smooth blobs and a little noise around 100, with what the specification adds."""
    generator = np.random.default_rng([spec["seed"], channel])
    shape = tuple(spec["shape"])
    image = np.zeros(shape)
    for sigma, weight in ((4, 1.0), (1.5, 0.6), (0, 0.1)):
        field = generator.standard_normal(shape)
        field = gaussian_filter(field, sigma) if sigma else field
        image += weight * (field - field.mean()) / (field.std() + 1e-9)
    image = 100 + 40 * image
    if spec.get("constant") is not None:
        image[:] = spec["constant"]
    if spec.get("hole"):
        centre = [n // 2 for n in shape]
        image[tuple(slice(max(c - 2, 0), c + 2) for c in centre)] = 0
    if spec.get("border"):
        outside = np.ones(shape, bool)
        outside[tuple(slice(low, n - high) for (low, high), n in zip(spec["border"], shape))] = False
        image[outside] = 0
    if spec.get("round"):  # a ball in a box, so that the mask has more than a box's form
        grid = np.meshgrid(*[np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in shape], indexing="ij")
        image[sum(g * g for g in grid) > 1.1] = 0
    for index in spec.get("nan", []):
        image.flat[index % image.size] = np.nan
    return image


def _quaternion(rotation):
    """`quatern_b, c, d` of a proper rotation matrix (nifti1.h)."""
    m = rotation
    a = np.sqrt(max(0.0, 1 + m[0, 0] + m[1, 1] + m[2, 2])) / 2
    if a > 0.1:
        return (m[2, 1] - m[1, 2]) / (4 * a), (m[0, 2] - m[2, 0]) / (4 * a), (m[1, 0] - m[0, 1]) / (4 * a)
    values, vectors = np.linalg.eig(m)
    axis = np.real(vectors[:, np.argmin(abs(values - 1))])
    angle = np.arccos(np.clip((np.trace(m) - 1) / 2, -1, 1))
    skew = np.array([m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]])
    if skew @ axis < 0:
        axis = -axis
    return tuple(axis * np.sin(angle / 2))


def write_nifti(path, voxels, spec):
    """Writes `[z, y, x]`.

    `spec` may hold: type, slope, intercept; directions (3 by 3), offset, qform and sform (codes), qfac; what the sform says otherwise
    (sdirections, sscale, shear); signs of pixdim, units, rank, swapped (big-endian), extension (bytes), trailing (bytes).
    """
    kind = spec.get("type", "float32")
    order = ">" if spec.get("swapped") else "<"
    slope, intercept = spec.get("slope", 0.0), spec.get("intercept", 0.0)
    stored = voxels
    if slope:
        stored = (voxels - intercept) / slope
    if np.issubdtype(np.dtype(kind), np.integer):
        limits = np.iinfo(kind)
        stored = np.clip(np.round(np.nan_to_num(stored)), limits.min, limits.max)
    stored = np.ascontiguousarray(stored.astype(np.dtype(kind).newbyteorder(order)))
    spacing = np.array(spec["spacing"][::-1], np.float32)  # x, y, z
    rotation = np.array(spec.get("directions", np.eye(3)), float)
    offset = np.array(spec.get("offset", [0, 0, 0]), float)
    qfac = 1.0
    proper = rotation.copy()
    if np.linalg.det(proper) < 0:
        proper[:, 2] *= -1
        qfac = -1.0
    quaternion = _quaternion(proper)
    header = bytearray(348)

    def pack(form, place, *values):
        struct.pack_into(order + form, header, place, *values)

    pack("i", 0, 348)
    rank = spec.get("rank", 3)
    pack("8h", 40, *[rank, *voxels.shape[::-1], 1, 1, 1, 1][:8])
    pack("hh", 70, TYPES[kind], stored.dtype.itemsize * 8)
    extension = spec.get("extension", 0)
    pack("8f", 76, spec.get("qfac", qfac), *(spacing * spec.get("signs", [1, 1, 1])), 1, 1, 1, 1)
    pack("fff", 108, 352.0 + extension, slope, intercept)
    header[123] = spec.get("units", 2)
    pack("hh", 252, spec.get("qform", 1), spec.get("sform", 1))
    pack("3f", 256, *quaternion)
    pack("3f", 268, *offset)
    matrix = np.array(spec.get("sdirections", rotation), float) * (spacing.astype(float) * spec.get("sscale", 1.0))
    matrix[0] += spec.get("shear", 0.0) * matrix[1]
    pack("12f", 280, *np.concatenate([matrix, np.array(spec.get("soffset", offset))[:, None]], 1).flatten())
    header[344:348] = b"n+1\0"
    data = bytes(header)
    if extension:
        data += b"\1\0\0\0" + struct.pack(order + "ii", extension, 6) + b"x" * (extension - 8)
    else:
        data += b"\0\0\0\0"
    data += stored.tobytes() + b"\0" * spec.get("trailing", 0)
    if path.endswith(".gz"):
        with open(path, "wb") as file:
            with gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
                packed.write(data)
    else:
        with open(path, "wb") as file:
            file.write(data)


def make_image(spec, folder, name, channels):
    for channel in range(channels):
        details = dict(spec)
        details.update(spec.get("channels", {}).get(str(channel), {}))
        write_nifti(f"{folder}/{name}_{channel:04d}.nii.gz", make_voxels(details, channel), details)
