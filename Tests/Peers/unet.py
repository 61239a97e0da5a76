"""nnU-Net v1's plain U-Net from its state dict, in a few lines of PyTorch: what make_model.py writes and forward.py times.

Two convolutions a level, instance normalisation and leaky ReLU after each, strided convolutions down and transposed ones up, as
nnUNetTrainerV2 has them (nnunet/network_architecture/generic_UNet.py with its parameters' names).
"""
from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional as F


def shapes(features, kernels, pools, channels, classes):
    """The parameters by nnU-Net's names, in order. `features` and `kernels` are those of each level, `pools` those between levels."""
    found = OrderedDict()

    def block(name, inputs, outputs, kernel):
        found[name + ".conv.weight"] = [outputs, inputs, *kernel]
        for vector in ("conv.bias", "instnorm.weight", "instnorm.bias"):
            found[f"{name}.{vector}"] = [outputs]

    bottom = len(pools)
    for level, kernel in enumerate(kernels):
        above = features[level - 1] if level else channels
        stem = f"conv_blocks_context.{level}."
        names = ("0.blocks.0", "1.blocks.0") if level == bottom else ("blocks.0", "blocks.1")
        block(stem + names[0], above, features[level], kernel)
        block(stem + names[1], features[level], features[level], kernel)
    for up in range(bottom):
        level = bottom - 1 - up
        # nnU-Net takes the kernel of the level below.
        for part, inputs in enumerate((2 * features[level], features[level])):
            block(f"conv_blocks_localization.{up}.{part}.blocks.0", inputs, features[level], kernels[level + 1])
    for up in range(bottom):
        found[f"tu.{up}.weight"] = [features[bottom - up], features[bottom - 1 - up], *pools[bottom - 1 - up]]
    for up in range(bottom):
        found[f"seg_outputs.{up}.weight"] = [classes, features[bottom - 1 - up]] + [1] * len(pools[0])
    return found


def convolve(x, weight, bias, stride):
    padding = [k // 2 for k in weight.shape[2:]]
    return (F.conv2d if weight.dim() == 4 else F.conv3d)(x, weight, bias, stride, padding)


def logits(weights, pools, x, convolve=convolve):
    """Logits `[1, class, z, y, x]` of a patch `[1, channel, z, y, x]`; a 2D network has no z. `weights` by nnU-Net's names."""
    def block(name, x, stride=1):
        x = convolve(x, weights[name + ".conv.weight"], weights[name + ".conv.bias"], stride)
        x = F.instance_norm(x, weight=weights[name + ".instnorm.weight"], bias=weights[name + ".instnorm.bias"], eps=1e-5)
        return F.leaky_relu(x, 0.01, inplace=True)

    up_convolve = F.conv_transpose2d if x.dim() == 4 else F.conv_transpose3d
    bottom = len(pools)
    skips = []
    for level in range(bottom + 1):
        stem = f"conv_blocks_context.{level}."
        names = ("0.blocks.0", "1.blocks.0") if level == bottom else ("blocks.0", "blocks.1")
        x = block(stem + names[1], block(stem + names[0], x, pools[level - 1] if level else 1))
        skips.append(x)
    for up in range(bottom):
        pool = pools[bottom - 1 - up]
        x = torch.cat((up_convolve(x, weights[f"tu.{up}.weight"], None, pool), skips[bottom - 1 - up]), 1)
        for part in range(2):
            x = block(f"conv_blocks_localization.{up}.{part}.blocks.0", x)
    return convolve(x, weights[f"seg_outputs.{bottom - 1}.weight"], None, 1)


class UNet(nn.Module):
    """The same as a module."""

    def __init__(self, weights, pools):
        super().__init__()
        self.pools = pools
        for name, value in weights.items():
            self.register_parameter(name.replace(".", "/"), nn.Parameter(value, requires_grad=False))

    def forward(self, x):
        return logits({name.replace("/", "."): value for name, value in self.named_parameters()}, self.pools, x)
