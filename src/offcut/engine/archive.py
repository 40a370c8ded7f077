"""A ZIP of colour and alpha, joined into one PNG: what `offcut zip2png` does.

Not a step of the pipeline but a small one of its own, and so, like it, it may call decode and encode.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Final

import numpy as np

from offcut.engine.decode import DEFAULT_LIMITS, Limits, Photo, decode
from offcut.engine.encode import ALPHA_NAME, COLOR_NAME, encode
from offcut.errors import (
    BrokenArchiveError,
    DecompressionBombError,
    FileTooLargeError,
    PhotoError,
    TooManyPixelsError,
)

_UNREADABLE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
    OSError,
)


def zip_to_png(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Join a ZIP's `color.jpg` and `alpha.png` into the bytes of one PNG with alpha.

    Raises BrokenArchiveError when the ZIP is damaged, locked, lacks one of the two, or holds two of different
    sizes; FileTooLargeError, TooManyPixelsError or DecompressionBombError when it is larger than the limits.
    """
    if len(data) > limits.bytes_max:
        raise FileTooLargeError(f"The ZIP has {len(data) / 1e6:.1f} MB, more than is allowed.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            color_bytes = _read(archive, COLOR_NAME, limits)
            alpha_bytes = _read(archive, ALPHA_NAME, limits)
    except _UNREADABLE as error:
        raise BrokenArchiveError("The ZIP is damaged and cannot be read.") from error
    color, matte = _decode(COLOR_NAME, color_bytes, limits), _decode(ALPHA_NAME, alpha_bytes, limits)
    if color.pixels.shape != matte.pixels.shape:
        raise BrokenArchiveError(f"{COLOR_NAME} and {ALPHA_NAME} in the ZIP differ in size.")
    return encode(color.pixels, np.ascontiguousarray(matte.pixels[:, :, 0]), "png", dpi=color.dpi)


def _read(archive: zipfile.ZipFile, name: str, limits: Limits) -> bytes:
    """One file's bytes; what its entry claims is not trusted, so reading stops one byte above the limit."""
    if name not in archive.namelist():
        raise BrokenArchiveError(f"The ZIP holds no {name}.")
    with archive.open(name) as file:
        unpacked = file.read(limits.bytes_max + 1)
    if len(unpacked) > limits.bytes_max:
        raise DecompressionBombError(f"{name} in the ZIP unpacks to more than is allowed.")
    return unpacked


def _decode(name: str, data: bytes, limits: Limits) -> Photo:
    try:
        return decode(data, limits=limits)
    except (TooManyPixelsError, DecompressionBombError):
        raise
    except PhotoError as error:
        raise BrokenArchiveError(f"{name} in the ZIP cannot be read: {error}") from error
