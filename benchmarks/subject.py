"""How often subjects are named rightly, and how far photos of something lie from photos of nothing.

    python benchmarks/subject.py FOLDER [--seeds 5]

FOLDER holds photographs and a `manifest.csv` with the columns `image` and `category`. Photos of nothing are
made by tests/engine/nothing.py, 22 a seed.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from offcut.engine.models.families import nanodet
from offcut.engine.models.networks import Networks
from offcut.engine.segment import GRID, WHOLE
from offcut.engine.subject import Finding, classify, find_foreground
from offcut.engine.types import Detection, Matte, Rgb

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.engine import nothing

# A toy or a plant may be called goods or nothing in particular; neither is wrong.
ALLOWED: dict[str, set[str]] = {
    "person": {"person"},
    "animal": {"animal"},
    "car": {"car"},
    "product": {"product"},
    "glass": {"product"},
    "vehicle": {"transportation"},
    "person+vehicle": {"person", "transportation"},
}
GOODS_OR_OTHER = {"product", "other"}
MEASURES = ("sure_share", "clarity", "evenness", "lasting_edges", "matte_evenness")


class Eyes:
    """The networks that the engine looks with, each on the photo and on its mirror image."""

    def __init__(self, networks: Networks) -> None:
        self._segmenters = (networks.segmenter("isnet"), networks.segmenter("u2netp"))
        self._detector = nanodet.Detector(networks.network("nanodet", nanodet.convert))

    def look(self, rgb: Rgb) -> tuple[Matte, Matte, list[Detection]]:
        views = [rgb, np.ascontiguousarray(rgb[:, ::-1])]
        mattes = [s.matte_many(views, side) for s, side in zip(self._segmenters, (GRID, WHOLE), strict=True)]
        fine, whole = ((seen + mirrored[:, ::-1]) / 2 for seen, mirrored in mattes)
        return fine, whole, self._detector.detect(rgb)


def small(rgb: Rgb) -> Rgb:
    scale = min(1.0, 512 / max(rgb.shape[:2]))
    size = round(rgb.shape[1] * scale), round(rgb.shape[0] * scale)
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))


def photographs(folder: Path) -> Iterator[tuple[str, str, Rgb]]:
    with (folder / "manifest.csv").open(encoding="utf-8") as manifest:
        for row in csv.DictReader(manifest):
            pixels = cv2.imread(str(folder / row["image"]), cv2.IMREAD_COLOR)
            yield row["image"], row["category"], small(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))


def name_all(eyes: Eyes, folder: Path) -> dict[str, Finding]:
    """Prints the table of names; returns what was measured of each photograph."""
    answers: dict[str, Counter[str]] = defaultdict(Counter)
    findings = {}
    for image, category, rgb in photographs(folder):
        fine, whole, detections = eyes.look(rgb)
        decision = (2 * cv2.resize(fine, (256, 256)) + cv2.resize(whole, (256, 256))) / np.float32(3)
        findings[image] = find_foreground(fine, whole, rgb, detections)
        answer = classify(rgb, decision, detections)
        answers[category][answer.subject] += 1
        if answer.subject not in ALLOWED.get(category, GOODS_OR_OTHER):
            print(f"  {image}: {category} called {answer.subject} ({answer.confidence:.2f})")
    right = {
        category: sum(n for name, n in names.items() if name in ALLOWED.get(category, GOODS_OR_OTHER))
        for category, names in answers.items()
    }
    for category, names in sorted(answers.items()):
        print(f"{category:15} {right[category]:3} of {names.total():3}  {dict(names)}")
    print(f"{'all':15} {sum(right.values()):3} of {sum(n.total() for n in answers.values()):3}")
    return findings


def judge(eyes: Eyes, rgb: Rgb) -> Finding:
    fine, whole, detections = eyes.look(rgb)
    return find_foreground(fine, whole, rgb, detections)


def report(title: str, findings: dict[str, Finding]) -> None:
    reasons = Counter(finding.reason for finding in findings.values())
    print(f"{title}: {len(findings)} photos, {dict(reasons)}")
    for measure in MEASURES:
        values = np.array([getattr(finding, measure) for finding in findings.values()])
        spread = "  ".join(f"{np.percentile(values, part):.4f}" for part in (0, 5, 25, 50, 75, 95, 100))
        print(f"  {measure:15} {spread}")


def time_detector(networks: Networks, rgb: Rgb, runs: int = 50) -> None:
    detector = nanodet.Detector(networks.network("nanodet", nanodet.convert))
    taken_s = []
    for _ in range(runs):
        start_s = time.perf_counter()
        detector.detect(rgb)
        taken_s.append(time.perf_counter() - start_s)
    print(f"detect: median {np.median(taken_s) * 1e3:.1f} ms, least {min(taken_s) * 1e3:.1f} ms")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--seeds", type=int, default=5)
    given = arguments.parse_args()
    with Networks() as networks:
        print(networks.plan)
        eyes = Eyes(networks)
        something = name_all(eyes, given.folder)
        nothings = {
            f"{name} {seed}": judge(eyes, rgb)
            for seed in range(given.seeds)
            for name, rgb in nothing.photos(seed).items()
        }
        print("(least, 5 %, 25 %, median, 75 %, 95 %, most)")
        report("something", something)
        report("nothing", nothings)
        report("nothing, but seen", {n: f for n, f in nothings.items() if f.sure_share > 0})
        time_detector(networks, next(photographs(given.folder))[2])


if __name__ == "__main__":
    main()
