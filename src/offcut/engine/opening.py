"""Opening whatever a caller calls a photo: a path, bytes, a file, a Pillow image, an array."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np

from offcut.engine.decode import Limits, Photo, decode
from offcut.engine.files import FILE_SIZE_MAX, read_bounded, read_file
from offcut.errors import PhotoTypeError


def open_photo(source: Any, *, limits: Limits | None = None, shrink_to_px: int | None = None) -> Photo:
    """Decodes a path, bytes, an open binary file, a Pillow image or a uint8 array (gray, RGB or RGBA).

    `shrink_to_px` lets the decoder give a smaller photo when its longer side is larger than that. Raises
    `PhotoError`: the file is missing, cannot be read, is too large, or holds no photo.
    """
    if isinstance(source, Photo):
        return source
    return decode(_file_bytes(source), limits or Limits(), shrink_to_px)


def _file_bytes(source: Any) -> bytes:
    if isinstance(source, str | os.PathLike):
        return read_file(Path(source))
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    if isinstance(source, np.ndarray):
        return _lossless(_from_array(source))
    if hasattr(source, "getbands"):
        return _lossless(source)
    if hasattr(source, "read"):
        return read_bounded(source, str(getattr(source, "name", "The file")), FILE_SIZE_MAX)
    raise PhotoTypeError(f"A {type(source).__name__} is no photo.")


def _from_array(pixels: np.ndarray[Any, Any]) -> Any:
    from PIL import Image

    shape_fits = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))
    if pixels.dtype != np.uint8 or not shape_fits or pixels.size == 0:
        raise PhotoTypeError(f"An array of {pixels.dtype} with shape {pixels.shape} is no photo.")
    return Image.fromarray(np.ascontiguousarray(pixels))


def _lossless(image: Any) -> bytes:
    """The image as an uncompressed file, profile, EXIF and transparency included: a photo in memory then
    follows the same rules as one on disk, and they live in one place."""
    if image.has_transparency_data and image.mode != "RGBA":
        image = image.convert("RGBA")
    elif image.mode in ("HSV", "RGBX", "RGBa", "La", "F", "I"):
        image = image.convert("RGB")
    written = io.BytesIO()
    image.save(written, format="TIFF", icc_profile=image.info.get("icc_profile"), exif=image.getexif())
    return written.getvalue()
