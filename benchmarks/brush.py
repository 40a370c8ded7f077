"""The Magic Brush on photographs with strokes by other people: intersection over union before and after.

    python benchmarks/brush.py EVALUATION_FOLDER [--write]

EVALUATION_FOLDER has grabcut/ and grabcut_bsds/, each with image/, alpha/ and scribbles1|2/ (0 none, 128
background, 255 subject). The strokes start from the automatic cut-out: one after the other as the studio
paints them (`apply`), and all weighed together (`select`). Then, one stroke each: holes cut into true mattes,
blobs put onto them, at 1 and at 12 megapixels, with what is left of the damage, what changed far from it, and
the time.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from skimage.morphology import skeletonize

import offcut
import record
from offcut.engine import brush
from offcut.engine.brush import Stroke
from offcut.engine.types import Alpha, Rgb

FOLDERS = ("grabcut", "grabcut_bsds")
BACKGROUND, SUBJECT = 128, 255


def read(path: Path) -> Alpha:
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise SystemExit(f"{path} is not there")
    return np.asarray(image, dtype=np.uint8)


def photos(root: Path) -> Iterator[tuple[str, Path, Rgb, Alpha]]:
    for folder in FOLDERS:
        for path in sorted((root / folder / "image").iterdir()):
            rgb = np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])
            name = str(path.relative_to(root)).replace("/", "__")
            yield name, path, rgb, read(root / folder / "alpha" / f"{path.stem}.png")


def overlap(alpha: Alpha, true: Alpha) -> float:
    one, other = alpha > 127, true > 127
    return float((one & other).sum() / max(1, (one | other).sum()))


def strokes_of(marks: Alpha) -> list[Stroke]:
    """Marks as the strokes of a hand: each mark's middle line, what is to be kept first."""
    found = []
    for value, action in ((SUBJECT, "restore"), (BACKGROUND, "erase")):
        count, labels = cv2.connectedComponents((marks == value).astype(np.uint8), connectivity=8)
        for label in range(1, count):
            mark = labels == label
            radius = float(cv2.distanceTransform(mark.astype(np.uint8), cv2.DIST_L2, 5).max())
            line = np.argwhere(skeletonize(mark))[:, ::-1]
            found.append(Stroke(in_order(line)[:: max(1, round(radius))], max(radius, 1.0), action))
    return found


def in_order(pixels: Alpha) -> list[tuple[float, float]]:
    """The pixels of a thin line from one of its ends on, each followed by the nearest that is left."""
    left = pixels.astype(np.float64)
    middle = left.mean(axis=0)
    at = int(np.hypot(*(left - middle).T).argmax())
    line = []
    while len(left):
        point = left[at]
        line.append((float(point[0]), float(point[1])))
        left = np.delete(left, at, axis=0)
        if len(left):
            at = int(np.hypot(*(left - point).T).argmin())
    return line


def scribbles(root: Path) -> str:
    rows: list[list[float]] = []
    print(f"{'IoU':36s} before" + "".join(f" {name:>7s}" for name in ("set 1", "", "", "set 2")))
    print(f"{'':36s}       " + "  apply  select  marked" * 2)
    for name, path, rgb, true in photos(root):
        cutout = offcut.remove(rgb)
        alpha, belief = cutout.alpha, cv2.resize(cutout.belief, rgb.shape[1::-1])
        row = [overlap(alpha, true)]
        for number in (1, 2):
            marks = read(path.parent.parent / f"scribbles{number}" / f"{path.stem}.png")
            row.append(overlap(brush.apply(rgb, alpha, strokes_of(marks)).alpha, true))
            for only_marked in (False, True):
                marked = marks == SUBJECT, marks == BACKGROUND
                after = brush.select(rgb, alpha, *marked, only_marked=only_marked, belief=belief)
                row.append(overlap(after.alpha, true))
        rows.append(row)
        print(f"{name:36s}" + "".join(f"{value:7.3f} " for value in row), flush=True)
    before, *after = np.mean(rows, axis=0)
    print(f"{'mean':36s}" + "".join(f"{value:7.3f} " for value in (before, *after)))
    ways = (
        "strokes one after the other, as in the studio",
        "all weighed together",
        "the same, `only_marked`",
    )
    lines = [[way, f"{before:.3f}", f"{after[i]:.3f}", f"{after[i + 3]:.3f}"] for i, way in enumerate(ways)]
    return record.table([f"mean IoU, {len(rows)} photographs", "before", "strokes 1", "strokes 2"], lines)


def damage(true: Alpha, kind: str, random: np.random.Generator) -> tuple[Alpha, Alpha, Stroke]:
    """A matte with a hole in it or a blob on it, where that is, and a short stroke across its middle."""
    long_side = max(true.shape)
    radius = int(long_side * 0.06)
    side = (true > 250) if kind == "hole" else (true < 5)
    depth = cv2.distanceTransform(side.astype(np.uint8), cv2.DIST_L2, 5)
    fits = depth > radius * 0.3 if kind == "hole" else (depth > radius * 0.8) & (depth < radius * 1.3)
    rows, columns = np.nonzero(fits)
    chosen = random.integers(len(rows))
    x, y = int(columns[chosen]), int(rows[chosen])
    place = np.zeros_like(true)
    turn = int(random.integers(180))
    cv2.ellipse(place, (x, y), (radius, int(radius * 0.7)), turn, 0, 360, 255, -1, cv2.LINE_AA)
    place = np.asarray(cv2.GaussianBlur(place, (0, 0), long_side / 600), dtype=np.uint8)
    points = [(x - radius * 0.4, y - radius * 0.1), (x + radius * 0.4, y + radius * 0.1)]
    if kind == "hole":
        return np.minimum(true, 255 - place), place, Stroke(points, long_side * 0.012, "restore")
    return np.maximum(true, place), place, Stroke(points, long_side * 0.012, "erase")


def single_strokes(root: Path, megapixels: int, rounds: int) -> list[list[str]]:
    random = np.random.default_rng(1)
    lines = []
    for kind in ("hole", "blob"):
        found = []
        for _, _, rgb, alpha in photos(root):
            scale = (megapixels * 1e6 / alpha.size) ** 0.5
            size = (round(alpha.shape[1] * scale), round(alpha.shape[0] * scale))
            photo = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
            true = np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
            found.append(one_stroke(photo, true, kind, random, rounds))
        left, far, seconds = (np.array(column) for column in zip(*found, strict=True))
        lines.append(
            [
                f"{megapixels} MP, a {kind}",
                f"{left.mean():.0%} / {np.median(left):.0%}",
                f"{(far > 0).sum()} of {far.size}",
                f"{np.median(seconds) * 1000:.0f} / {seconds.max() * 1000:.0f}",
            ]
        )
        print("  ".join(lines[-1]), flush=True)
    return lines


def one_stroke(
    photo: Rgb, true: Alpha, kind: str, random: np.random.Generator, rounds: int
) -> tuple[float, int, float]:
    """Share of the damage that is left, pixels changed far away, fastest time of some rounds."""
    damaged, place, stroke = damage(true, kind, random)
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        after = brush.apply(photo, damaged, [stroke]).alpha
        seconds.append(time.perf_counter() - start)
    side = 2 * int(max(true.shape) * 0.03) + 1
    far = cv2.dilate(place, np.ones((side, side), np.uint8)) == 0
    left = cv2.norm(after, true, cv2.NORM_L1) / cv2.norm(damaged, true, cv2.NORM_L1)
    return left, int((after != damaged)[far].sum()), min(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path, help="evaluation folder with grabcut/ and grabcut_bsds/")
    parser.add_argument("--rounds", type=int, default=3, help="how often each timing is repeated")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    overlaps = scribbles(arguments.folder)
    lines = [line for mp in (1, 12) for line in single_strokes(arguments.folder, mp, arguments.rounds)]
    head = ["one stroke", "damage left, mean / median", "changed far away", "ms, median / slowest"]
    if arguments.write:
        record.write("brush", "Magic Brush", f"{overlaps}\n\n{record.table(head, lines)}")


if __name__ == "__main__":
    main()
