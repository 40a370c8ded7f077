"""Opening whatever a caller calls a photo: a path, bytes, a file, a Pillow image, an array."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from offcut.engine.decode import DEFAULT_LIMITS, Limits, Photo, decode, photo_from_array, photo_from_image
from offcut.engine.options import PIXELS_MAX, Options
from offcut.engine.photo_files import read_bounded, read_file
from offcut.errors import PhotoTypeError

NETWORK_PX = 1024 * 1024
"""What the networks look at; a photo is never decoded to fewer pixels than this."""


def open_photo(source: Any, options: Options | None = None, *, limits: Limits = DEFAULT_LIMITS) -> Photo:
    """Decodes a path, bytes, an open binary file, a Pillow image, or an array (gray, RGB or RGBA).

    When `options` ask for a small result, a JPEG may be decoded smaller, which is faster. Raises
    `PhotoError`: the file is missing, cannot be read, is too large, or holds no photo.
    """
    if isinstance(source, Photo):
        return source
    if isinstance(source, np.ndarray):
        return photo_from_array(source, limits=limits)
    if hasattr(source, "getbands"):
        return photo_from_image(source, limits=limits)
    return decode(_file_bytes(source, limits.bytes_max), limits=limits, shrink_to_px=_pixels_needed(options))


def _file_bytes(source: Any, bytes_max: int) -> bytes:
    if isinstance(source, str | os.PathLike):
        return read_file(Path(source), bytes_max)
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    if hasattr(source, "read"):
        return read_bounded(source, str(getattr(source, "name", "The file")), bytes_max)
    raise PhotoTypeError(f"A {type(source).__name__} is no photo.")


def _pixels_needed(options: Options | None) -> int | None:
    """How many pixels suffice for the size that is asked for. A crop or a region may come from a small part
    of the photo and then needs every pixel."""
    if options is None or options.crop or options.roi is not None or options.scale is not None:
        return None
    return max(PIXELS_MAX[options.size], NETWORK_PX)
