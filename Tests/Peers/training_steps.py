"""nnU-Net v1's own network, loss and optimiser on given weights and batches, step by step.

    training_steps.py steps CONFIG.json FOLDER     writes gradients.f32 (of the first step), after.f32, momentum.f32, losses.json
    training_steps.py speed CONFIG.json            prints seconds of an iteration and peak memory
    training_steps.py replay FOLDER [STEPS]        trains on a record of `tessera train --record`; prints each epoch's loss

Parameters lie in the state dict's order, float32. Weights and batches come from a hash of their number, so that a test can make the same ones:
see `numbers`. CONFIG has patch, channels, classes, base_features, pools, kernels, batch, batch_dice, steps, learning_rate, threads.

With CONFIG's `checkpoint`, a file of nnU-Net's, and `task`, a raw task's folder, weights and momentum are the checkpoint's and batches are
boxes cut from the task's images; start.f32, start_momentum.f32, images.f32 and targets.u8 are written too.
"""
import json
import resource
import sys
import time

import numpy as np
import torch
from torch import nn


def numbers(count, seed):
    """`count` numbers from -0.5 to 0.5."""
    x = (np.arange(count, dtype=np.uint64) * np.uint64(2654435761) + np.uint64(seed * 97531 + 12345)) & np.uint64(0xFFFFFFFF)
    for shift, factor in ((15, 2246822519), (13, 3266489917)):
        x ^= x >> np.uint64(shift)
        x = (x * np.uint64(factor)) & np.uint64(0xFFFFFFFF)
    x ^= x >> np.uint64(16)
    return (x.astype(np.float64) / 2**32 - 0.5).astype(np.float32)


def network(config):
    """As nnUNetTrainerV2.initialize_network builds it."""
    from nnunet.network_architecture.generic_UNet import Generic_UNet
    from nnunet.network_architecture.initialization import InitWeights_He

    flat = len(config["patch"]) == 2
    return Generic_UNet(
        config["channels"], config["base_features"], config["classes"], len(config["pools"]), 2, 2,
        nn.Conv2d if flat else nn.Conv3d, nn.InstanceNorm2d if flat else nn.InstanceNorm3d,
        {"eps": 1e-5, "affine": True}, nn.Dropout2d if flat else nn.Dropout3d, {"p": 0, "inplace": True}, nn.LeakyReLU,
        {"negative_slope": 1e-2, "inplace": True}, True, False, lambda x: x, InitWeights_He(1e-2), config["pools"],
        config["kernels"], False, True, True)


def loss(config):
    """As nnUNetTrainerV2.initialize weighs the scales."""
    from nnunet.training.loss_functions.deep_supervision import MultipleOutputLoss2
    from nnunet.training.loss_functions.dice_loss import DC_and_CE_loss

    count = len(config["pools"])
    weights = np.array([1 / 2**i for i in range(count)])
    weights[~np.array([i < count - 1 or i == 0 for i in range(count)])] = 0
    return MultipleOutputLoss2(
        DC_and_CE_loss({"batch_dice": config["batch_dice"], "smooth": 1e-5, "do_bg": False}, {}), weights / weights.sum())


def fill(model):
    """Weights near He's; biases that aren't 0."""
    with torch.no_grad():
        for number, (name, value) in enumerate(model.state_dict().items()):
            found = numbers(value.numel(), number + 1).reshape(tuple(value.shape))
            if value.dim() > 1:
                found = found * np.float32(np.sqrt(24 / (value[0].numel())))
            elif name.endswith("instnorm.weight"):
                found = 1 + np.float32(0.4) * found
            else:
                found = np.float32(0.4) * found
            value.copy_(torch.from_numpy(np.ascontiguousarray(found)))


def batch(config, step):
    shape = [config["batch"], config["channels"], *config["patch"]]
    image = 4 * numbers(int(np.prod(shape)), 1000 + step).reshape(shape)
    extent = np.array(config["patch"])
    targets = []
    for scale, pool in enumerate(config["pools"]):
        count = config["batch"] * int(np.prod(extent))
        classes = np.floor((numbers(count, 2000 + 10 * step + scale).astype(np.float64) + 0.5) * config["classes"])
        targets.append(torch.from_numpy(classes.astype(np.float32).reshape([config["batch"], 1, *extent])))
        extent = extent // np.array(pool)
    return torch.from_numpy(image), targets


def boxes(config, step):
    """A batch of boxes around places of the foreground, images as the network is used to them."""
    import glob
    import nibabel

    random = np.random.RandomState(1000 + step)
    labels = sorted(glob.glob(config["task"] + "/labelsTr/*.nii.gz"))
    patch = config["patch"]
    images, full = [], []
    for _ in range(config["batch"]):
        label = random.choice(labels)
        image = label.replace("labelsTr", "imagesTr").replace(".nii.gz", "_0000.nii.gz")
        image = nibabel.load(image).get_fdata(dtype=np.float32).transpose(2, 1, 0)
        image = (image - image.mean()) / image.std()
        label = np.asarray(nibabel.load(label).dataobj).transpose(2, 1, 0)
        wide = [max(0, p - n) for p, n in zip(patch, label.shape)]
        wide = [(w // 2, w - w // 2) for w in wide]
        image, label = np.pad(image, wide), np.pad(label, wide)
        place = random.randint(len(np.argwhere(label > 0)))
        middle = np.argwhere(label > 0)[place]
        first = [min(max(0, m - p // 2), n - p) for m, p, n in zip(middle, patch, label.shape)]
        cut = tuple(slice(f, f + p) for f, p in zip(first, patch))
        images.append(image[cut])
        full.append(label[cut])
    target, targets = np.stack(full)[:, None].astype(np.float32), []
    for pool in config["pools"]:
        targets.append(torch.from_numpy(np.ascontiguousarray(target)))
        target = target[(slice(None), slice(None), *(slice(p // 2, None, p) for p in pool))]
    return torch.from_numpy(np.stack(images)[:, None].astype(np.float32)), targets


def sgd(model, config):
    """As nnUNetTrainerV2.initialize_optimizer_and_scheduler makes it."""
    return torch.optim.SGD(
        model.parameters(), config["learning_rate"], weight_decay=3e-5, momentum=0.99, nesterov=True)


def differentiate(model, criterion, optimizer, image, targets):
    """Computes gradients and clips them; returns the loss and the norm before."""
    optimizer.zero_grad()
    # A record has no targets of the coarsest scale.
    value = criterion(model(image)[: len(targets)], targets)
    value.backward()
    return value, float(torch.nn.utils.clip_grad_norm_(model.parameters(), 12))


def recorded(config, folder):
    """The batches of a record, one after the other."""
    images = np.memmap(folder + "/images.f32", dtype=np.float32, mode="r").reshape(
        -1, config["batch"], config["channels"], *config["patch"])
    extents, extent = [], np.array(config["patch"])
    # The coarsest of several scales isn't trained.
    for pool in config["pools"][: max(1, len(config["pools"]) - 1)]:
        extents.append(tuple(extent))
        extent = extent // np.array(pool)
    sizes = [config["batch"] * int(np.prod(e)) for e in extents]
    targets = np.memmap(folder + "/targets.u8", dtype=np.uint8, mode="r").reshape(-1, sum(sizes))
    for image, labels in zip(images, targets):
        parts = np.split(np.array(labels), np.cumsum(sizes)[:-1])
        yield torch.from_numpy(np.array(image)), [
            torch.from_numpy(part.astype(np.float32).reshape(config["batch"], 1, *e)) for part, e in zip(parts, extents)]


def replay(config, folder, limit):
    model, criterion = network(config), loss(config)
    model.train()
    start, first = np.fromfile(folder + "/start.f32", dtype=np.float32), 0
    with torch.no_grad():
        for value in model.state_dict().values():
            value.copy_(torch.from_numpy(start[first : first + value.numel()].reshape(tuple(value.shape))))
            first += value.numel()
    assert first == len(start), "the record is of another network"
    optimizer = sgd(model, config)
    losses = []
    for step, (image, targets) in enumerate(recorded(config, folder)):
        if step == limit:
            break
        epoch = step // config["iterations"]
        # poly_lr
        optimizer.param_groups[0]["lr"] = config["learning_rate"] * (1 - epoch / config["epochs"]) ** 0.9
        value, _ = differentiate(model, criterion, optimizer, image, targets)
        optimizer.step()
        losses.append(float(value.detach()))
        if len(losses) == config["iterations"] or step + 1 == limit:
            print(f"epoch {epoch + 1}: {np.mean(losses):.4f}", flush=True)
            losses = []


def flat(values):
    return np.concatenate([np.asarray(v, dtype=np.float32).reshape(-1) for v in values])


def main():
    mode = sys.argv[1]
    if mode == "replay":
        limit = int(sys.argv[3]) if len(sys.argv) > 3 else None
        return replay(json.load(open(sys.argv[2] + "/config.json")), sys.argv[2], limit)
    config = json.load(open(sys.argv[2]))
    torch.set_num_threads(config.get("threads", 1))
    model, criterion = network(config), loss(config)
    model.train()
    optimizer = sgd(model, config)
    make = boxes if "task" in config else batch
    if "checkpoint" in config:
        checkpoint = torch.load(config["checkpoint"], map_location="cpu", weights_only=False)
        model.load_state_dict(checkpoint["state_dict"])
        optimizer.load_state_dict(checkpoint["optimizer_state_dict"])
        optimizer.param_groups[0]["lr"] = config["learning_rate"]
    elif mode == "steps":
        fill(model)

    def momentum():
        return flat([
            np.zeros(tuple(p.shape)) if p not in optimizer.state else optimizer.state[p]["momentum_buffer"].numpy()
            for p in model.parameters()])

    if mode == "speed":
        image, targets = make(config, 0)
        times = []
        for _ in range(config["steps"] + 1):
            begin = time.perf_counter()
            differentiate(model, criterion, optimizer, image, targets)
            optimizer.step()
            times.append(time.perf_counter() - begin)
        print(json.dumps({
            "seconds": float(np.median(times[1:])), "peakMemoryBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "version": f"nnunet's Generic_UNet, torch {torch.__version__}"}))
        return

    folder, losses = sys.argv[3], []
    if "checkpoint" in config:
        flat([v.numpy() for v in model.state_dict().values()]).tofile(folder + "/start.f32")
        momentum().tofile(folder + "/start_momentum.f32")
    for step in range(config["steps"]):
        image, targets = make(config, step)
        if "task" in config:
            with open(folder + "/images.f32", "ab") as file:
                image.numpy().astype(np.float32).tofile(file)
            with open(folder + "/targets.u8", "ab") as file:
                # The coarsest of several scales isn't trained.
                for target in targets[: max(1, len(targets) - 1)]:
                    target.numpy().astype(np.uint8).tofile(file)
        value, norm = differentiate(model, criterion, optimizer, image, targets)
        losses.append(float(value.detach()))
        if step == 0:
            # As they were before clipping.
            scale = 1 if norm < 12 else (norm + 1e-6) / 12
            flat([
                np.zeros(tuple(p.shape)) if p.grad is None else p.grad.numpy() * scale for p in model.parameters()
            ]).tofile(folder + "/gradients.f32")
        optimizer.step()
    flat([v.numpy() for v in model.state_dict().values()]).tofile(folder + "/after.f32")
    momentum().tofile(folder + "/momentum.f32")
    json.dump(losses, open(folder + "/losses.json", "w"))


main()
