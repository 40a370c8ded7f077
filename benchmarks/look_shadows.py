"""A sheet of cut-outs with their shadows, to look at: `python benchmarks/look_shadows.py FOLDER OUT.png`.

FOLDER holds `image/` and `alpha/` with pairs of the same stem (any evaluation set with true mattes). Each row
is one photo; the columns are every style of shadow on white, then what was asked with --style on gray, on a
colour and on black. Numbers cannot tell whether a shadow looks right.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from offcut.engine.compose import compose, place
from offcut.engine.options import Options, Shadow
from offcut.engine.shadow import cast

_CELL_PX = 420
_GROUNDS = ("white", "dddddd", "5b8db8", "e8c39e")
_STYLES = ("car", "3D", "drop")


def cell(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8], style: str, ground: str) -> NDArray[np.uint8]:
    """One cut-out with its shadow on a ground, in a square cell."""
    options = Options(bg_color=ground, shadow_type=style, scale=70)  # type: ignore[arg-type]
    placed = place(rgb, alpha, options)
    shadow = options.shadow("other")
    assert shadow is not None
    assert placed.box is not None
    layer = cast(placed.alpha, placed.box, Shadow(shadow.style, shadow.opacity), has_ground=placed.has_ground)
    return compose(placed, options, shadow=layer).pixels()


def square(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The middle of a square canvas of the cell's size, so that every style has room."""
    ratio = _CELL_PX / max(alpha.shape)
    size = max(1, round(alpha.shape[1] * ratio)), max(1, round(alpha.shape[0] * ratio))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    matte = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
    above = _CELL_PX - size[1]
    sides = _CELL_PX - size[0]
    edges = (above, 0, sides // 2, sides - sides // 2)
    return (
        cv2.copyMakeBorder(small, *edges, cv2.BORDER_CONSTANT).astype(np.uint8, copy=False),
        cv2.copyMakeBorder(matte, *edges, cv2.BORDER_CONSTANT, value=0).astype(np.uint8, copy=False),
    )


def row(photo: Path, matte: Path, style: str) -> NDArray[np.uint8]:
    """Every style on white, then one style on every ground."""
    rgb = cv2.cvtColor(cv2.imread(str(photo)), cv2.COLOR_BGR2RGB)
    alpha = cv2.imread(str(matte), cv2.IMREAD_GRAYSCALE)
    alpha = cv2.resize(alpha, (rgb.shape[1], rgb.shape[0]))
    rgb, alpha = square(rgb, alpha)
    cells = [cell(rgb, alpha, each, "white") for each in _STYLES]
    return np.hstack(cells + [cell(rgb, alpha, style, ground) for ground in _GROUNDS[1:]])


def main() -> None:
    """Write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--style", choices=_STYLES, default="3D")
    parser.add_argument("--only", default="", help="photos whose name contains this")
    parser.add_argument("--most", type=int, default=5)
    given = parser.parse_args()
    mattes = {path.stem: path for path in (given.folder / "alpha").iterdir()}
    photos = sorted(path for path in (given.folder / "image").iterdir() if given.only in path.name)
    rows = [row(path, mattes[path.stem], given.style) for path in photos[: given.most] if path.stem in mattes]
    cv2.imwrite(str(given.out), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    main()
