"""A contact sheet: cut-outs on white, black and green at 100 %, where their edges are most difficult.

usage: python benchmarks/contact_sheet.py PHOTO... [--out build/contact-sheet.png] [--crops 2] [--side 320]

Numbers can be met by an ugly matte: look at this before believing them. Each row is one crop of a photo: the
photo, the cut-out on the three colours, and the matte.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import offcut
import programs
from offcut.engine.opening import open_photo

BACKGROUNDS = {"white": (255, 255, 255), "black": (0, 0, 0), "green": (0, 177, 64)}
GAP_PX = 6
LABEL_PX = 22


def main() -> None:
    """Makes the sheet."""
    parser = argparse.ArgumentParser(description="Cut-outs on three colours at 100 %.")
    parser.add_argument("photos", type=Path, nargs="+", metavar="PHOTO")
    parser.add_argument("--out", type=Path, default=programs.BUILD / "contact-sheet.png")
    parser.add_argument("--crops", type=int, default=2)
    parser.add_argument("--side", type=int, default=320)
    asked = parser.parse_args()
    rows = [row for photo in asked.photos for row in rows_of(photo, asked.crops, asked.side)]
    if not rows:
        raise SystemExit("No photo could be cut out.")
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(asked.out), np.vstack(rows)[:, :, ::-1])
    print(asked.out)


def rows_of(path: Path, crops: int, side: int) -> list[Any]:
    """The rows of one photo; a photo that is refused is named and left out."""
    photo = open_photo(path)
    try:
        cutout = offcut.remove(photo)
    except offcut.OffcutError as error:
        print(f"{path}: {error} ({error.code})")
        return []
    rows = []
    for left, top in difficult_places(cutout.alpha, crops, side):
        view = slice(top, top + side), slice(left, left + side)
        tiles = [photo.pixels[view], *over_backgrounds(cutout.rgb[view], cutout.alpha[view])]
        tiles.append(np.dstack([cutout.alpha[view]] * 3))
        rows.append(labelled([fitted(tile, side) for tile in tiles], f"{path.name}  x {left}  y {top}"))
    return rows


def difficult_places(alpha: Any, count: int, side: int) -> list[tuple[int, int]]:
    """Left and top of the squares that hold the most partly covered pixels, none over another."""
    height, width = alpha.shape
    partial = ((alpha > 8) & (alpha < 247)).astype(np.float32)
    amount = cv2.boxFilter(partial, -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT)
    places = []
    for _ in range(count):
        _, most, _, (x, y) = cv2.minMaxLoc(amount)
        if most <= 0:
            break
        left, top = (
            int(np.clip(at - side // 2, 0, max(0, end - side))) for at, end in ((x, width), (y, height))
        )
        places.append((left, top))
        amount[
            max(0, top - side // 2) : top + side * 3 // 2, max(0, left - side // 2) : left + side * 3 // 2
        ] = 0
    return places or [(0, 0)]


def over_backgrounds(rgb: Any, alpha: Any) -> list[Any]:
    """The cut-out over each colour."""
    cover = alpha[:, :, None].astype(np.float32) / 255
    return [
        np.rint(rgb * cover + np.array(colour, np.float32) * (1 - cover)).astype(np.uint8)
        for colour in BACKGROUNDS.values()
    ]


def fitted(tile: Any, side: int) -> Any:
    """The tile on a gray square, for photos smaller than a tile."""
    square = np.full((side, side, 3), 128, np.uint8)
    square[: tile.shape[0], : tile.shape[1]] = tile
    return square


def labelled(tiles: list[Any], text: str) -> Any:
    """The tiles of a row side by side, below their label."""
    gap = np.full((tiles[0].shape[0], GAP_PX, 3), 128, np.uint8)
    row = np.hstack([part for tile in tiles for part in (tile, gap)])
    label = np.full((LABEL_PX, row.shape[1], 3), 128, np.uint8)
    cv2.putText(
        label, text, (4, LABEL_PX - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA
    )
    return np.vstack((label, row))


if __name__ == "__main__":
    main()
