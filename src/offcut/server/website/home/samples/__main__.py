"""Draws the sample photos, their cut-outs and the icons into `static/home`: minutes of work, once.

The cut-outs are made by the engine with its default weights, as everybody's are.
"""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import offcut
from offcut.server.website.home.samples import dandelion, icons, scenes, tracing

FOLDER = Path(__file__).parents[1] / "static" / "home"
PHOTO = (1200, 900)
DEMO = (720, 540)
THUMBNAIL = (176, 132)
SCENES = {"mug": scenes.mug, "plant": scenes.plant, "car": scenes.car}
NAMES = ("mug", "dandelion", "plant", "car")
SIZE_MAX = 100_000
"""Bytes that one file of these may have."""


def draw(name: str, width: int, height: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A sample photo, height×width×3 uint8 RGB, and the true alpha of its subject, height×width uint8."""
    if name == "dandelion":
        return dandelion.photograph(width, height)
    return tracing.photograph(SCENES[name](), width, height)


def main(names: list[str]) -> None:
    """Draws the samples of these names (all, when there are none), then icons and the card for links."""
    folder = FOLDER / "samples"
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or NAMES:
        begun = time.monotonic()
        pixels, _truth = draw(name, *PHOTO)
        photo = Image.fromarray(pixels)
        _keep(photo, folder / f"{name}.jpg", "JPEG", quality=84)
        _keep(
            photo.resize(DEMO, Image.Resampling.LANCZOS), folder / f"{name}-before.webp", "WEBP", quality=72
        )
        _keep(
            photo.resize(THUMBNAIL, Image.Resampling.LANCZOS),
            folder / f"{name}-small.webp",
            "WEBP",
            quality=70,
        )
        cutout = Image.fromarray(offcut.remove(photo).rgba)
        _keep(
            cutout.resize(DEMO, Image.Resampling.LANCZOS), folder / f"{name}-after.webp", "WEBP", quality=78
        )
        print(f"{name}: {time.monotonic() - begun:.0f} s")
    for size in (192, 512):
        _keep(Image.fromarray(icons.icon(size, maskable=False)), FOLDER / f"icon-{size}.png", "PNG")
    _keep(Image.fromarray(icons.icon(512, maskable=True)), FOLDER / "icon-maskable-512.png", "PNG")
    _keep(Image.fromarray(icons.icon(180, maskable=True)), FOLDER / "icon-touch-180.png", "PNG")
    card = icons.card(Image.open(folder / "mug-before.webp"), Image.open(folder / "mug-after.webp"))
    _keep(card, FOLDER / "card.jpg", "JPEG", quality=84)


def _keep(image: Image.Image, path: Path, kind: str, quality: int = 80) -> None:
    """Writes the file, less fine if need be, so that it has at most `SIZE_MAX` bytes."""
    while True:
        file = io.BytesIO()
        image.save(file, kind, quality=quality, optimize=True, method=6)
        if file.tell() <= SIZE_MAX or kind == "PNG":
            break
        quality -= 4
    path.write_bytes(file.getvalue())
    print(f"{path.name}: {file.tell()} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
