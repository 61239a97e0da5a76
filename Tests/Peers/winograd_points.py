"""What the points of Winograd's method do to the error, in float32 with numpy alone: the table of the documentation's page Engine.

    python Tests/Peers/winograd_points.py [--channels 32] [--tiles 300]

For tiles of random inputs and weights on one, two and three axes, prints the products for each output and the root mean square of the
error, relative to that of the outputs, as float64 has them. Weights are transformed in float64, all else is float32.
"""
import argparse
import itertools

import numpy as np

R, S = 0.5 ** 0.5, 2 ** 0.5
CHOICES = {
    "direct": None,
    "F(2,3): 0, 1, -1": (0, 1, -1),
    "F(4,3): 0, 1, -1, 2, -2": (0, 1, -1, 2, -2),
    "F(4,3): 0, ±√½, ±√2": (0, R, -R, S, -S),
    "F(6,3): 0, ±1, ±2, ±½": (0, 1, -1, 2, -2, 0.5, -0.5),
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


def along_axes(matrix, x, axes):
    """The matrix applied along the last `axes` axes."""
    for axis in range(x.ndim - axes, x.ndim):
        x = np.moveaxis(np.tensordot(x, matrix.astype(x.dtype), (axis, 1)), -1, axis)
    return x


def direct(d, g, axes, outputs):
    """`[tile, out, …]` from inputs `[tile, in, …]` and kernels `[out, in, …]`."""
    total = 0
    for tap in itertools.product(range(3), repeat=axes):
        window = d[(slice(None), slice(None)) + tuple(slice(t, t + outputs) for t in tap)]
        total = total + np.einsum("ti...,oi->to...", window, g[(slice(None), slice(None)) + tap], optimize=True)
    return total


def error(points, axes, channels, tiles):
    random = np.random.RandomState(axes)
    outputs = 2 if points is None else len(points) - 1
    d = random.standard_normal([tiles, channels] + [outputs + 2] * axes).astype(np.float32)
    g = (random.standard_normal([8, channels] + [3] * axes) / np.sqrt(channels * 3 ** axes)).astype(np.float32)
    exact = direct(d.astype(float), g.astype(float), axes, outputs)
    if points is None:
        found, products = direct(d, g, axes, outputs), 3 ** axes
    else:
        back, kernel, forth = matrices(points)
        values = along_axes(kernel, g.astype(float), axes).astype(np.float32)
        sums = np.einsum("ti...,oi...->to...", along_axes(forth, d, axes), values)
        found, products = along_axes(back, sums, axes), ((outputs + 2) / outputs) ** axes
    return products, np.sqrt(np.mean((found - exact) ** 2) / np.mean(exact ** 2))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--channels", type=int, default=32)
    parser.add_argument("--tiles", type=int, default=300)
    a = parser.parse_args()
    print("| method | " + " | ".join(f"{axes}D products | {axes}D error" for axes in (1, 2, 3)) + " |")
    print("|---" * 7 + "|")
    for name, points in CHOICES.items():
        cells = (error(points, axes, a.channels, a.tiles) for axes in (1, 2, 3))
        print(f"| {name} | " + " | ".join(f"{products:.3g} | {found:.1e}" for products, found in cells) + " |")


if __name__ == "__main__":
    main()
