"""The two things that a photo's EXIF block says about its pixels: which way is up, and how many to an inch.

Read here, in a few lines that cannot loop or allocate, because EXIF is the part of a photo that is most
often broken, and a broken one must not cost the photo.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

_ORIENTATION: Final = 0x0112
_X_RESOLUTION: Final = 0x011A
_Y_RESOLUTION: Final = 0x011B
_RESOLUTION_UNIT: Final = 0x0128
_SHORT: Final = 3
_RATIONAL: Final = 5
_CENTIMETRES: Final = 3


class BrokenExifError(ValueError):
    """The block is damaged. Stays inside the engine: the photo is read without it."""


@dataclass(frozen=True, slots=True)
class Exif:
    """`orientation` is 1-8 as the EXIF standard numbers them; `dpi` is (across, down) as stored, or None."""

    orientation: int = 1
    dpi: tuple[float, float] | None = None


def read_exif(block: bytes) -> Exif:
    """Read orientation and resolution from an EXIF block, with or without its "Exif\\0\\0" mark.

    Source: the TIFF 6.0 structure that EXIF 2.32 uses: a header, then a directory of 12-byte entries.
    Raises BrokenExifError when the header or the first directory is damaged.
    """
    block = block.removeprefix(b"Exif\0\0")
    try:
        entries = _directory(block)
        orientation = _short(entries, _ORIENTATION, 1) or 1
        unit = _short(entries, _RESOLUTION_UNIT, 2)
        across = _rational(block, entries, _X_RESOLUTION)
        down = _rational(block, entries, _Y_RESOLUTION)
    except struct.error as error:
        raise BrokenExifError("the block ends too early") from error
    if orientation > 8:
        raise BrokenExifError(f"there is no orientation {orientation}")
    return Exif(orientation, sane_dpi(across, down, 2.54 if unit == _CENTIMETRES else 1.0))


def sane_dpi(across: float, down: float, factor: float = 1.0) -> tuple[float, float] | None:
    """(across, down) times `factor`, or None when that is no resolution that a photo can have."""
    across, down = round(across * factor, 2), round(down * factor, 2)
    return (across, down) if 1 <= across <= 100_000 and 1 <= down <= 100_000 else None


class _Entries(dict[int, tuple[int, bytes]]):
    """Tag → (type, the four bytes of its value), with the byte order they are in."""

    order: str = "<"


def _directory(block: bytes) -> _Entries:
    entries = _Entries()
    marks = {b"II*\0": "<", b"MM\0*": ">"}
    if block[:4] not in marks:
        raise BrokenExifError("the block has no TIFF header")
    entries.order = marks[block[:4]]
    (start,) = struct.unpack_from(entries.order + "I", block, 4)
    if start < 8:
        raise BrokenExifError("the directory lies inside the header")
    (count,) = struct.unpack_from(entries.order + "H", block, start)
    for i in range(count):
        tag, kind, _ = struct.unpack_from(entries.order + "HHI", block, start + 2 + 12 * i)
        entries.setdefault(tag, (kind, block[start + 10 + 12 * i : start + 14 + 12 * i]))
    return entries


def _short(entries: _Entries, tag: int, default: int) -> int:
    kind, value = entries.get(tag, (0, b""))
    return int(struct.unpack_from(entries.order + "H", value)[0]) if kind == _SHORT else default


def _rational(block: bytes, entries: _Entries, tag: int) -> float:
    kind, value = entries.get(tag, (0, b""))
    if kind != _RATIONAL:
        return 0.0
    (at,) = struct.unpack_from(entries.order + "I", value)
    top, bottom = struct.unpack_from(entries.order + "II", block, at)
    return top / bottom if bottom else 0.0
