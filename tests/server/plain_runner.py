"""The real runner with a cut that needs no networks: what is red is the subject."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from offcut.engine.cutout import Cutout
from offcut.engine.opening import open_photo
from offcut.engine.options import output_size
from offcut.errors import NoForegroundError, OptionError, PhotoError
from offcut.server.runners.cutting import Finished, Tell, Work, finished
from offcut.server.runners.in_process import InProcessRunner

RED, GRAY, GREEN = (220, 30, 30), (120, 120, 120), (30, 160, 30)


def photo_bytes(width: int = 60, height: int = 40, kind: str = "JPEG", *, color: Any = RED) -> bytes:
    """A photo: gray, with a rectangle of `color` in its middle."""
    pixels = np.full((height, width, 3), GRAY, np.uint8)
    pixels[height // 4 : height * 3 // 4, width // 4 : width * 3 // 4] = color
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def plain_cut(work: Work, tell: Tell) -> Finished:
    """Decodes, resizes and encodes as the engine does, and calls red the subject."""
    for step in ("decode", "segment", "encode"):
        tell(step)
    photo = open_photo(work.photo, work.options, limits=work.limits)
    if work.options.bg_image is not None:
        _open_background(work.options.bg_image)
    size = output_size(*photo.source_size, work.options, png_pixels_max=work.png_pixels_max)
    rgb = np.asarray(Image.fromarray(photo.pixels).resize(size))
    red = (rgb[:, :, 0] > 150) & (rgb[:, :, 1] < 100)
    if not red.any():
        raise NoForegroundError("There is nothing red.")
    ys, xs = np.nonzero(red)
    box = (int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1)
    alpha = np.where(red, 255, 0).astype(np.uint8)
    if work.options.has_opaque_background:
        alpha[:] = 255
    kind: Any = "person" if work.options.type == "auto" else work.options.type
    cutout = Cutout(rgb, alpha, box, kind, 0.9, photo.source_size, work.options, photo.notes, photo.dpi)
    return finished(cutout, cutout.encode(), {"decode": 0.001, "segment": 0.002, "encode": 0.001})


def _open_background(image: Any) -> None:
    try:
        open_photo(image)
    except PhotoError as error:
        raise OptionError("bg_image", f"The background image cannot be used: {error}") from error


def plain_runner(**options: Any) -> InProcessRunner:
    """A runner with the plain cut."""
    return InProcessRunner(options.pop("cut", plain_cut), **{"jobs": 2, "places": 8, **options})
