"""Quality of the mattes on a folder of photographs with true mattes.

usage: python benchmarks/quality.py EVAL [--out DIR] [--baseline] [--only SOURCE] [--write]

EVAL holds manifest.csv (columns image, alpha, tier, alpha_kind, auto_ok) and the files it names. Only rows
with auto_ok=yes are scored; tier P (made by another model, not truth) is reported apart, never in the total.
--out keeps the predicted mattes as 8-bit PNG files named <image path with / as __>.png. --baseline adds
the plain use of the same weights: one look at 1024 pixels, stretched to its own extremes, enlarged.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import measures
import offcut
import record

Predict = Callable[[Path], Any]
COLUMNS = ["group", "n", "MAE", "MSE", "Grad", "IoU", "BF3"]


def main() -> None:
    """Scores the photographs and prints one row a group."""
    parser = argparse.ArgumentParser(description="Quality of the mattes against true ones.")
    parser.add_argument("folder", type=Path, metavar="EVAL")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--baseline", action="store_true")
    parser.add_argument("--only", help="one source folder of the manifest")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    rows = rows_of(asked.folder, asked.only)
    ways: dict[str, Predict] = {"Offcut, default settings": ours}
    if asked.baseline:
        ways["One look at 1024 pixels, same weights"] = plain_way()
    tables = []
    for name, predict in ways.items():
        out = asked.out if predict is ours else None
        groups, refused, seconds = run(rows, asked.folder, predict, out)
        lines = table_rows(groups)
        tables += [f"### {name}", "", record.table(COLUMNS, lines), ""]
        tables += [f"{len(rows)} photographs, {refused} refused, {seconds:.0f} s for all.", ""]
        print(f"{name}\n{plain_table(lines)}\n{refused} refused, {seconds:.0f} s\n")
    if asked.write:
        record.write("quality", "Quality", "\n".join(tables))


def rows_of(folder: Path, only: str | None) -> list[dict[str, str]]:
    """The rows of the manifest that are scored."""
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as opened:
        rows = [row for row in csv.DictReader(opened) if row["auto_ok"] == "yes"]
    return [row for row in rows if only is None or row["image"].split("/")[0] == only]


def run(
    rows: list[dict[str, str]], folder: Path, predict: Predict, out: Path | None
) -> tuple[dict[str, list[measures.Score]], int, float]:
    """Scores by group, how many photographs were refused, and the seconds that predicting took."""
    groups: dict[str, list[measures.Score]] = {}
    refused, seconds = 0, 0.0
    for number, row in enumerate(rows, 1):
        true = cv2.imread(str(folder / row["alpha"]), cv2.IMREAD_GRAYSCALE)
        started = time.perf_counter()
        try:
            alpha = predict(folder / row["image"])
        except offcut.NoForegroundError:
            alpha, refused = np.zeros_like(true), refused + 1
        seconds += time.perf_counter() - started
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(out / f"{row['image'].replace('/', '__')}.png"), alpha)
        if alpha.shape != true.shape:
            alpha = cv2.resize(alpha, true.shape[::-1])
        scored = measures.score(alpha.astype(np.float32) / 255, true.astype(np.float32) / 255)
        for group in groups_of(row):
            groups.setdefault(group, []).append(scored)
        if sys.stderr.isatty():
            print(f"\r{number}/{len(rows)}", end="", file=sys.stderr)
    return groups, refused, seconds


def groups_of(row: dict[str, str]) -> list[str]:
    """The groups that a photograph counts in."""
    source = row["image"].split("/")[0]
    if row["tier"] == "P":
        return [source, "TOTAL-pseudo"]
    soft = row["tier"] == "A" and row["alpha_kind"] == "soft"
    return [source, "TOTAL-soft" if soft else "TOTAL-binary", "TOTAL"]


def table_rows(groups: dict[str, list[measures.Score]]) -> list[list[str]]:
    """One row a group, totals last."""
    rows = []
    for group in sorted(groups, key=lambda name: (name.startswith("TOTAL"), name)):
        mean = measures.Score(*np.mean(groups[group], axis=0))
        numbers = [
            f"{mean.mae:.2f}",
            f"{mean.mse:.2f}",
            f"{mean.grad:.2f}",
            f"{mean.iou:.3f}",
            f"{mean.bf3:.3f}",
        ]
        rows.append([group, str(len(groups[group])), *numbers])
    return rows


def plain_table(rows: list[list[str]]) -> str:
    """The rows for a terminal."""
    return "\n".join(f"{row[0]:18s}" + "".join(f"{cell:>9s}" for cell in row[1:]) for row in [COLUMNS, *rows])


def ours(path: Path) -> Any:
    """The matte of the whole product, at the photograph's size."""
    return offcut.remove(path).alpha


def plain_way() -> Predict:
    """The same weights as they are plainly used: full precision, one look, stretched, enlarged."""
    from offcut.engine.opening import open_photo

    segmenter = offcut.Networks(precision="fp32").segmenter("isnet")

    def predict(path: Path) -> Any:
        pixels = open_photo(path).pixels
        matte = segmenter.matte(pixels, 1024)
        matte = (matte - matte.min()) / max(1e-9, float(matte.max() - matte.min()))
        size = (pixels.shape[1], pixels.shape[0])
        return cv2.resize((matte * 255).astype(np.uint8), size, interpolation=cv2.INTER_LANCZOS4)

    return predict


if __name__ == "__main__":
    main()
