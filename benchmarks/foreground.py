"""How true the colours of soft edges are: plain cut-out, Offcut, and two peers, on mattes with known truth.

    python benchmarks/foreground.py EVALUATION_FOLDER

Every photo's opaque part is continued under its soft edge (two ways: by the nearest opaque pixel, and by
pymatting's closed-form solution), composited with its true matte over two other photos and a plain green,
and each method has to find the colours back. Error = mean over partial pixels of α·|found − true|, which is
what is seen on any new background. Also run with a blurred, too large matte, as a network would give.
Needs pymatting (only for this comparison).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pymatting
from numpy.typing import NDArray

import record
from offcut.engine import foreground
from offcut.engine.types import Alpha, Rgb

FOLDERS = {"alphamatting": 12, "pymatting": 1, "am2k_demo": 3, "p3m_demo": 3}
GREEN = (20, 200, 60)
Method = Callable[[Rgb, Alpha], Rgb]


def photos(root: Path) -> list[tuple[str, Rgb, Alpha]]:
    found = []
    for folder, limit in FOLDERS.items():
        for path in sorted((root / folder / "image").iterdir())[:limit]:
            alpha = cv2.imread(str(root / folder / "alpha" / f"{path.stem}.png"), cv2.IMREAD_GRAYSCALE)
            rgb = np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])
            found.append((f"{folder}/{path.stem}", rgb, alpha))
    return found


def extended(rgb: Rgb, alpha: Alpha) -> Rgb:
    """The opaque part, continued outwards by each pixel's nearest opaque neighbour."""
    sure = cv2.erode((alpha >= 252).astype(np.uint8), np.ones((3, 3), np.uint8))
    _, label = cv2.distanceTransformWithLabels(1 - sure, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    palette = np.zeros((label.max() + 1, 3), np.uint8)
    palette[label[sure > 0]] = rgb[sure > 0]
    return np.where((alpha >= 252)[..., None], rgb, palette[label])


def closed_form(rgb: Rgb, alpha: Alpha) -> Rgb:
    return to_bytes(pymatting.estimate_foreground_cf(rgb / 255.0, alpha / 255.0))


def multi_level(rgb: Rgb, alpha: Alpha) -> Rgb:
    return to_bytes(pymatting.estimate_foreground_ml(rgb / 255.0, alpha / 255.0))


def blur_fusion(rgb: Rgb, alpha: Alpha) -> Rgb:
    """Forte, "Approximate Fast Foreground Colour Estimation", 2021, two rounds of 90 and 6 pixels."""
    photo, opacity = rgb.astype(np.float32) / 255, alpha.astype(np.float32)[..., None] / 255
    front = back = photo
    for radius in (90, 6):
        weight = cv2.blur(opacity, (radius, radius))[..., None]
        front = cv2.blur(front * opacity, (radius, radius)) / (weight + 1e-5)
        back = cv2.blur(back * (1 - opacity), (radius, radius)) / (1 - weight + 1e-5)
        front = np.clip(front + opacity * (photo - opacity * front - (1 - opacity) * back), 0, 1)
    return to_bytes(front)


def to_bytes(colours: NDArray[np.floating]) -> Rgb:
    return np.clip(colours * 255 + 0.5, 0, 255).astype(np.uint8)


METHODS: dict[str, Method] = {
    "plain cut-out": lambda rgb, _alpha: rgb,
    "offcut": foreground.estimate,
    "pymatting multi-level": multi_level,
    "blur fusion x2": blur_fusion,
}


def composite(front: Rgb, back: Rgb, alpha: Alpha) -> Rgb:
    opacity = alpha[..., None].astype(np.float32) / 255
    return np.clip(front * opacity + back * (1 - opacity) + 0.5, 0, 255).astype(np.uint8)


def network_like(alpha: Alpha) -> Alpha:
    """The true matte blurred, steepened again and grown a little."""
    soft = cv2.GaussianBlur(alpha.astype(np.float32), (0, 0), 1.5)
    wrong = np.clip((soft - 127.5) * 1.15 + 133.5, 0, 255)
    return np.where((alpha == 0) & (soft < 3), 0, np.where(soft > 252, 255, wrong)).astype(np.uint8)


def colour_error(found: Rgb, true: Rgb, alpha: Alpha) -> float:
    partial = (alpha > 0) & (alpha < 255)
    difference = np.abs(found[partial].astype(np.float32) - true[partial]).mean(axis=1)
    return float((difference * alpha[partial] / 255).mean())


def trials(root: Path) -> Iterator[tuple[str, Rgb, Alpha, Rgb]]:
    """Truth's name, photo, true matte, true colours."""
    items = photos(root)
    for index, (name, rgb, alpha) in enumerate(items):
        truths = {"nearest": extended(rgb, alpha)}
        if alpha.size < 1_000_000:  # the closed form takes minutes beyond
            truths["closed form"] = closed_form(rgb, alpha)
        backs = [cv2.resize(items[(index + step) % len(items)][1], alpha.shape[::-1]) for step in (1, 5)]
        backs.append(np.full_like(rgb, GREEN))
        for kind, front in truths.items():
            for back in backs:
                yield kind, composite(front, back, alpha), alpha, front
        print(f"  {name}", flush=True)


def measure(root: Path) -> str:
    errors: dict[tuple[str, str], list[float]] = {}
    for kind, photo, alpha, true in trials(root):
        wrong = network_like(alpha)
        for name, method in METHODS.items():
            errors.setdefault((name, kind), []).append(colour_error(method(photo, alpha), true, alpha))
            errors.setdefault((name, "wrong matte"), []).append(
                colour_error(method(photo, wrong), true, wrong)
            )
    kinds = ("nearest", "closed form", "wrong matte")
    lines = []
    for name in METHODS:
        sums = [(np.mean(errors[name, kind]), np.mean(errors["plain cut-out", kind])) for kind in kinds]
        lines.append([name, *(f"{mean:.2f} ({mean / plain:.1%})" for mean, plain in sums)])
    return record.table(["colour error, 0-255 (of the plain cut-out's)", *kinds], lines)


def time_methods(root: Path, rounds: int) -> None:
    """Fastest of some rounds; the machine may be busy with something else."""
    _, rgb, alpha = next(item for item in photos(root) if item[0].startswith("p3m_demo"))
    for megapixels in (1, 12, 45):
        scale = (megapixels * 1e6 / alpha.size) ** 0.5
        size = (round(alpha.shape[1] * scale), round(alpha.shape[0] * scale))
        photo, matte = cv2.resize(rgb, size), cv2.resize(alpha, size)
        band = ((matte > 0) & (matte < 255)).mean()
        print(f"\n{megapixels} MP, {band:.1%} partial")
        for name, method in list(METHODS.items())[1:]:
            if megapixels > 12 and name != "offcut":
                continue
            seconds = []
            for _ in range(rounds):
                start = time.perf_counter()
                method(photo, matte)
                seconds.append(time.perf_counter() - start)
            print(f"  {name:24s} {min(seconds) * 1000:8.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path, help="evaluation folder with alphamatting/, pymatting/, ...")
    parser.add_argument("--rounds", type=int, default=7, help="how often each timing is repeated")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    time_methods(arguments.folder, arguments.rounds)
    errors = measure(arguments.folder)
    print(f"\n{errors}")
    if arguments.write:
        record.write("foreground", "Colours under soft edges", errors)


if __name__ == "__main__":
    main()
