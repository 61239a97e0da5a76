"""What batchgenerators and nnU-Net 1.7.1 make of small patches with fixed parameters: Tests/Fixtures/augmentation/transforms.npz.

    python Tests/Peers/oracle_augmentation.py Tests/Fixtures/augmentation/transforms.npz [SEED]

Needs nnunet==1.7.1 and batchgenerators==0.25.5. Random numbers that a transform asks for are given instead of drawn. The archive has float32
arrays only: inputs (`volume`, `labels`, …), and for each case `NAME` its numbers (`NAME.parameters`) and results (`NAME.image`, `NAME.labels`).
Another seed makes other inputs and other parameters under the same names.
"""
import contextlib
import io
import os
import sys
import tempfile
import warnings
from collections import OrderedDict
from unittest import mock

import numpy as np

warnings.simplefilter("ignore")
with contextlib.redirect_stdout(io.StringIO()):
    from batchgenerators.augmentations.color_augmentations import augment_brightness_multiplicative, augment_contrast, augment_gamma
    from batchgenerators.augmentations.noise_augmentations import augment_gaussian_blur
    from batchgenerators.augmentations.resample_augmentations import augment_linear_downsampling_scipy
    from batchgenerators.augmentations.spatial_transformations import augment_mirroring, augment_spatial
    from batchgenerators.transforms.utility_transforms import RemoveLabelTransform
    from nnunet.training.data_augmentation.custom_transforms import Convert2DTo3DTransform, Convert3DTo2DTransform, MaskTransform
    from nnunet.training.data_augmentation.default_data_augmentation import get_patch_size
    from nnunet.training.data_augmentation.downsampling import downsample_seg_for_ds_transform2
    from nnunet.training.data_augmentation.pyramid_augmentations import ApplyRandomBinaryOperatorTransform, MoveSegAsOneHotToData
    from nnunet.training.dataloading.dataset_loading import DataLoader2D, DataLoader3D
    from skimage.morphology.binary import binary_closing, binary_dilation, binary_erosion, binary_opening

GENERATOR, PATCH = (13, 15, 16), (8, 9, 12)
OPERATIONS = [binary_dilation, binary_erosion, binary_closing, binary_opening]
r = np.random.RandomState(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
out = OrderedDict()


@contextlib.contextmanager
def drawing(uniform=(), random=0.0, **others):
    """`np.random.uniform` gives `uniform` one after the other, `random` always the same."""
    numbers = iter(uniform)
    patches = {"uniform": lambda *_, **__: next(numbers), "random": lambda *_: random, **others}
    with contextlib.ExitStack() as stack:
        for name, function in patches.items():
            stack.enter_context(mock.patch("numpy.random." + name, function))
        import random as python_random
        stack.enter_context(mock.patch.object(python_random, "uniform", patches["uniform"]))
        yield


def record(name, parameters, image=None, labels=None):
    out[name + ".parameters"] = np.array(parameters, np.float32)
    for key, value in (("image", image), ("labels", labels)):
        if value is not None:
            out[name + "." + key] = np.array(value, np.float32)


def volume(*shape):
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) for n in shape[1:]], indexing="ij"))
    return np.stack([np.cos(3 * (grid ** 2).sum(0) + c) * 2 + r.normal(0, .4, shape[1:]) for c in range(shape[0])]).astype(np.float32)


def labels(*shape):
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij"))
    radius = np.sqrt((grid ** 2).sum(0)) + r.normal(0, .08, shape)
    result = np.full(shape, -1, np.float32)
    for label, limit in ((0, 1.1), (2, .8), (1, .6), (3, .3)):
        result[radius < limit] = label
    return result


def f32(value):
    return float(np.float32(value))


def spatial(name, image, segmentation, patch, angles=None, scale=None, fold=False):
    data = {"data": image[None].copy(), "seg": segmentation[None].copy()}
    if fold:
        data = Convert3DTo2DTransform()(**data)
        patch = patch[1:]
    drawn = [0.0 if angles is not None else 1.0]
    for angle in angles or ():
        drawn += [0.0, angle]
    drawn += [0.0 if scale is not None else 1.0] + ([scale] if scale is not None else [])
    with drawing(drawn):
        moved = augment_spatial(
            data["data"], data["seg"], patch, None, do_elastic_deform=False, scale=(.7, 1.4), border_mode_data="constant",
            border_cval_data=0, order_data=3, border_mode_seg="constant", border_cval_seg=-1, order_seg=1, random_crop=False,
            p_scale_per_sample=.2, p_rot_per_sample=.2)
    data["data"], data["seg"] = moved
    if fold:
        data = Convert2DTo3DTransform()(**data)
    parameters = list(angles or (0, 0, 0)) + [0] * (3 - len(angles or (0, 0, 0))) + [scale or 0, angles is not None]
    record(name, parameters, data["data"][0], data["seg"][0])


def per_channel(name, function, parameters):
    image = out["volume"].copy()
    record(name, parameters, function(image))


def main():
    out["volume"] = volume(2, *GENERATOR)
    out["labels"] = np.stack([labels(*GENERATOR), labels(*GENERATOR)])
    out["slice"] = volume(2, 1, 17, 21)
    out["sliceLabels"] = labels(1, 17, 21)[None]
    jitter = [f32(r.uniform(.85, 1)) for _ in range(8)]
    angle = [f32(a) for a in (.5 * jitter[0], -.4 * jitter[1], .3 * jitter[2])]
    v, s = out["volume"], out["labels"]
    spatial("spatial.rotated", v, s, PATCH, angle)
    spatial("spatial.shrunk", v, s, PATCH, scale=f32(.75))
    spatial("spatial.grown", v, s, PATCH, scale=f32(1.25))
    spatial("spatial.both", v, s, PATCH, angle, f32(1.35 * jitter[3]))
    spatial("spatial.tied", v, s, PATCH, scale=f32(1.0))
    spatial("spatial.none", v, s, PATCH)
    spatial("inPlane.both", v, s, PATCH, [f32(2.5 * jitter[0])], f32(1.2 * jitter[4]), fold=True)
    spatial("inPlane.grown", v, s, PATCH, scale=f32(1.4), fold=True)
    spatial("slice.rotated", out["slice"], out["sliceLabels"], (1, 10, 12), [f32(-1.9 * jitter[5])], fold=True)

    def per_sample(function, image, *arguments, drawn, random=0.0, **options):
        with drawing(drawn, random):
            return function(image, *arguments, **options)

    for name, deviations in (("blur.both", [f32(.5), f32(.97 * jitter[0])]), ("blur.second", [0, f32(.66)])):
        image = v.copy()
        for channel, deviation in enumerate(deviations):
            if deviation:
                image[channel:channel + 1] = augment_gaussian_blur(image[channel:channel + 1], (deviation, deviation), True, 1)
        record(name, deviations, image)
    factors = [f32(.8 * jitter[1]), f32(1.2)]
    per_channel("brightness", lambda x: per_sample(augment_brightness_multiplicative, x, (.75, 1.25), drawn=[1] + factors), factors)
    for name, random in (("contrast.less", 0.0), ("contrast.more", .9)):
        factors = [f32(.76), f32(.93 * jitter[2])] if random == 0 else [f32(1.24), f32(1.1 * jitter[3])]
        per_channel(name, lambda x: per_sample(
            augment_contrast, x, drawn=[0, factors[0], 0, factors[1]], random=random), factors)
    for name, zooms, ignored in (("lowResolution.both", [f32(.5), f32(.8 * jitter[4])], None), ("lowResolution.first", [f32(.97), 0], None),
                                 ("lowResolution.inPlane", [f32(.6), f32(.7 * jitter[5])], (0,))):
        drawn = [number for zoom in zooms for number in ((0, zoom) if zoom else (1,))]
        # This file draws uniform numbers by a function of its own.
        with mock.patch("batchgenerators.augmentations.resample_augmentations.uniform", lambda a, b: next(zoom_numbers)):
            zoom_numbers = iter([z for z in zooms if z])
            with drawing([0 if zoom else 1 for zoom in zooms]):
                image = augment_linear_downsampling_scipy(
                    v.copy(), (.5, 1), True, .5, None, 0, 3, ignored)
        record(name, zooms, image)
    for name, inverted, random, powers in (("gamma.less", False, 0, [f32(.7), f32(.95 * jitter[6])]),
                                           ("gamma.more", False, .9, [f32(1.5), f32(1.2)]),
                                           ("gamma.inverted", True, .9, [f32(1.1), f32(1.5 * jitter[7])])):
        per_channel(name, lambda x: per_sample(
            augment_gamma, x, (.7, 1.5), inverted, 1e-7, True, True, drawn=powers, random=random), powers)
    for axes in range(8):
        chosen = [axes >> 2 & 1, axes >> 1 & 1, axes & 1]
        with drawing([0.0 if one else 1.0 for one in chosen]):
            image, segmentation = augment_mirroring(v.copy(), s.copy(), (0, 1, 2))
        record("mirroring.%d" % axes, chosen, image[:1, ::3] if axes else None, segmentation)
    masked = MaskTransform(OrderedDict([(0, True), (1, False)]), 0, 0)(data=v[None].copy(), seg=s[None].copy())
    record("mask", [1, 0], masked["data"][0])

    onehot = RemoveLabelTransform(-1, 0)(data=v[None].copy(), seg=s[None].copy())
    onehot = MoveSegAsOneHotToData(1, [1, 2, 3], "seg", "data")(**onehot)
    record("oneHot", [1, 2, 3], onehot["data"][0, 2:], onehot["seg"][0])
    for number in range(12):
        order = list(r.permutation(3))
        chosen = [number % 4, int(r.randint(4)), int(r.randint(4))]
        radii = [f32(x) for x in ([1.0, 1.3, 1.75][number % 3], r.uniform(1, 4), r.uniform(1, 8))]
        which = iter([OPERATIONS[c] for c in chosen])
        drawn = [0.0] + [x for radius in radii for x in (0.0, radius)]

        def shuffle(channels):
            channels[:] = [channels[o] for o in order]

        with drawing(drawn, shuffle=shuffle, choice=lambda _: next(which)):
            result = ApplyRandomBinaryOperatorTransform([-3, -2, -1], .4, strel_size=(1, 8))(data=onehot["data"].copy())
        record("operators.%d" % number, order + chosen + radii, result["data"][0, 2:])

    pyramid = r.randint(0, 4, (1, 1, 16, 24, 20)).astype(np.float32)
    out["pyramid"] = pyramid[0, 0]
    scales = [(1, 1, 1), (1, .5, .5), (.5, .25, .25), (1 / 3, .125, .1)]
    for number, level in enumerate(downsample_seg_for_ds_transform2(pyramid, scales, 0)):
        record("pyramid.%d" % number, level.shape[2:], None, level[0, 0])

    rows = []
    degrees = np.pi / 180
    for patch in [(128, 128, 128), (40, 56, 40), (80, 192, 160), (32, 32, 32), (64, 64, 64), (16, 40, 48), (40, 40, 32), (30, 31, 77)]:
        rows.append([0, *patch, *get_patch_size(patch, *[(-30 * degrees, 30 * degrees)] * 3, (.85, 1.25))])
    for patch in [(64, 192, 160), (28, 256, 256), (10, 256, 224)]:
        rows.append([1, *patch, patch[0], *get_patch_size(patch[1:], (-np.pi, np.pi), 0, 0, (.85, 1.25))])
    for patch in [(512, 512), (320, 256), (56, 40), (256, 128), (96, 80), (250, 100)]:
        limit = 15 * degrees if max(patch) / min(patch) > 1.5 else np.pi
        rows.append([2, 1, *patch, 1, *get_patch_size(patch, (-limit, limit), 0, 0, (.85, 1.25))])
    out["generatorPatches"] = np.array(rows, np.float32)
    sampler()
    np.savez_compressed(sys.argv[1], **out)


def sampler():
    """Bounds that nnU-Net draws a patch's start from, and patches that it cuts, for cases smaller and larger than what is cut."""
    with tempfile.TemporaryDirectory() as folder:
        for number, (size, generator, patch) in enumerate([
                ((9, 12, 10), (13, 12, 11), (8, 8, 8)), ((20, 5, 30), (13, 14, 15), (8, 9, 8)), ((8, 9, 31), (8, 17, 16), (8, 8, 16)),
                ((9, 12, 10), (8, 8, 8), (8, 8, 8))]):
            path = os.path.join(folder, "case.npy")
            array = np.concatenate((volume(1, *size), labels(*size)[None])).astype(np.float32)
            np.save(path, array)
            place = np.array([[int(r.randint(n)) for n in size]])
            case = {"case": {"data_file": path[:-4] + ".npz", "properties": {"class_locations": {2: place, 3: []}}}}
            drawn = []

            def randint(low, high):
                drawn.extend((low, high - 1))
                return int(r.choice([low, high - 1]))

            for forced in (0, 1):
                loader = DataLoader3D(case, generator, patch, 1, False, oversample_foreground_percent=float(forced), pad_mode="constant")
                with mock.patch("numpy.random.randint", randint), contextlib.redirect_stdout(io.StringIO()):
                    batch = loader.generate_train_batch()
                found = np.concatenate((batch["data"][0], batch["seg"][0]))
                # The start is where the volume lies in what was cut: every value of it is different.
                parameters = [*generator, *patch, forced, *place[0], *start(array, found)]
                record("cut.%d.%d" % (number, forced), parameters, found[:1], found[1:])
            out["cut.%d" % number] = array
            record("bounds.%d" % number, [*size, *generator, *patch, *drawn])
            slices = DataLoader2D(case, generator[1:], patch[1:], 1, oversample_foreground_percent=1.0, pad_mode="constant")
            batch = slices.generate_train_batch()
            found = np.concatenate((batch["data"][0], batch["seg"][0]))[:, None]
            record("slice.%d" % number, [*generator, *patch, 1, *place[0], *start(array, found)], found[:1], found[1:])


def start(array, found):
    z, y, x = np.argwhere(found[1] > -1)[0] if (found[1] > -1).any() else (0, 0, 0)
    where = np.argwhere(array[0] == found[0, z, y, x])[0]
    return [int(a - b) for a, b in zip(where, (z, y, x))]


main()
