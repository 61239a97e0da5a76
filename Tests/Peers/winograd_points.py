"""What the points of Winograd's method do to the error, in float32 with numpy alone: the table of the documentation's page Engine.

    python Tests/Peers/winograd_points.py [--channels 32] [--tiles 300]

For tiles of random inputs and weights on one, two and three axes, prints the products for each output and the root mean square of the
error, relative to that of the outputs, as float64 has them. Weights are transformed in float64, all else is float32.
"""
import argparse
import itertools

import numpy as np

R, S = 0.5 ** 0.5, 2 ** 0.5
FOUR, SIX = (0, R, -R, S, -S), (0, 1, -1, 2, -2, 0.5, -0.5)
# Of the first axis and of the others; None for no transform.
CHOICES = {
    "direct": None,
    "F(2,3): 0, 1, -1": ((0, 1, -1),) * 2,
    "F(4,3): 0, 1, -1, 2, -2": ((0, 1, -1, 2, -2),) * 2,
    "F(4,3): 0, ±√½, ±√2": (FOUR, FOUR),
    "F(6,3): 0, ±1, ±2, ±½, on one axis, F(4,3) on the others": (SIX, FOUR),
    "F(6,3) on all axes": (SIX, SIX),
}


def matrices(points):
    """A^T, G and B^T of Toom's and Cook's method on the points and infinity, for a kernel of 3."""
    n = len(points) + 1
    outputs = n - 2
    forth, kernel, back = np.zeros((n, n)), np.zeros((n, 3)), np.zeros((outputs, n))
    for i, p in enumerate(points):
        others = [q for q in points if q != p]
        forth[i, :n - 1] = np.poly(others)[::-1]
        kernel[i] = np.array([1, p, p * p]) / np.prod([p - q for q in others])
        back[:, i] = [p ** k for k in range(outputs)]
    forth[n - 1] = np.poly(points)[::-1]
    kernel[n - 1, 2] = back[outputs - 1, n - 1] = 1
    return back, kernel, forth


def along_axes(matrices, x):
    """A matrix applied along each of the last axes."""
    for axis, matrix in enumerate(matrices, x.ndim - len(matrices)):
        x = np.moveaxis(np.tensordot(x, matrix.astype(x.dtype), (axis, 1)), -1, axis)
    return x


def direct(d, g, outputs):
    """`[tile, out, …]` from inputs `[tile, in, …]` and kernels `[out, in, …]`; `outputs` of each axis."""
    total = 0
    for tap in itertools.product(range(3), repeat=len(outputs)):
        window = d[(slice(None), slice(None)) + tuple(slice(t, t + count) for t, count in zip(tap, outputs))]
        total = total + np.einsum("ti...,oi->to...", window, g[(slice(None), slice(None)) + tap], optimize=True)
    return total


def error(choice, axes, channels, tiles):
    random = np.random.RandomState(axes)
    points = choice and (choice[:1] + choice[1:] * 2)[:axes]
    outputs = [len(each) - 1 for each in points] if points else [2] * axes
    d = random.standard_normal([tiles, channels] + [count + 2 for count in outputs]).astype(np.float32)
    g = (random.standard_normal([8, channels] + [3] * axes) / np.sqrt(channels * 3 ** axes)).astype(np.float32)
    exact = direct(d.astype(float), g.astype(float), outputs)
    if points is None:
        found, products = direct(d, g, outputs), 3 ** axes
    else:
        back, kernel, forth = zip(*map(matrices, points))
        values = along_axes(kernel, g.astype(float)).astype(np.float32)
        sums = np.einsum("ti...,oi...->to...", along_axes(forth, d), values)
        found, products = along_axes(back, sums), np.prod([(count + 2) / count for count in outputs])
    return products, np.sqrt(np.mean((found - exact) ** 2) / np.mean(exact ** 2))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--channels", type=int, default=32)
    parser.add_argument("--tiles", type=int, default=300)
    a = parser.parse_args()
    print("| method | " + " | ".join(f"{axes}D products | {axes}D error" for axes in (1, 2, 3)) + " |")
    print("|---" * 7 + "|")
    for name, choice in CHOICES.items():
        cells = (error(choice, axes, a.channels, a.tiles) for axes in (1, 2, 3))
        print(f"| {name} | " + " | ".join(f"{products:.3g} | {found:.1e}" for products, found in cells) + " |")


if __name__ == "__main__":
    main()
