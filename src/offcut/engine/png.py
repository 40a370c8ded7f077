"""PNG files, written here because it is quick: libvips takes four times as long for files of the same size.

Strips of rows are packed side by side in a few threads by ISA-L, each into deflate blocks that end on a byte,
so that they make one stream when put in a row (as Mark Adler's pigz does it). Every row is written as its
difference from the row above ("up"); the other filters cost more than they save on photographs.
Format: W3C, "Portable Network Graphics (PNG) Specification", second edition.
"""

from __future__ import annotations

import struct
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Final

import cv2
import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from offcut.engine.types import Alpha, Rgb

LEVEL: Final = 2
"""Of ISA-L's 0-3: as small as zlib's 2 to 3. Level 3 takes half as long again and saves nothing."""
STRIP_BYTES: Final = 1 << 20
THREADS: Final = 4

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_GRAY, _RGB, _RGBA = 0, 2, 6
_UP: Final = 2
_ZLIB_HEADER: Final = b"\x78\x5e"
_ADLER_BASE: Final = 65_521
_RAW: Final = -15

_Packed = tuple[bytes, int, int]
"""Deflate blocks, the checksum (Adler-32) of what they hold, and its length in bytes."""


def png_bytes(
    picture: Rgb | Alpha,
    alpha: Alpha | None = None,
    *,
    dots_per_metre: tuple[int, int] = (2835, 2835),
    profile: bytes = b"",
) -> bytes:
    """A PNG file, 8 bits a channel.

    `picture`: H×W×3 uint8 sRGB, or H×W for gray; `alpha`: H×W uint8, or None when opaque. Colours where it
    is 0 are not written. `profile`: the ICC profile that goes into the file. Beside the file itself it takes
    about 10 MB, whatever the size.
    """
    height, width = picture.shape[:2]
    kind = _RGBA if alpha is not None else _RGB if picture.ndim == 3 else _GRAY
    parts = [_SIGNATURE, _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0))]
    if profile:
        parts.append(_chunk(b"iCCP", b"icc\0\0" + _packed_profile(profile)))
    parts.append(_chunk(b"pHYs", struct.pack(">IIB", *dots_per_metre, 1)))
    checksum = 1
    before = _ZLIB_HEADER
    for blocks, adler, length in _in_order(_strips(picture, alpha)):
        parts.append(_chunk(b"IDAT", before + blocks))
        checksum, before = _joined(checksum, adler, length), b""
    # An empty last block, then the checksum of all rows.
    parts.append(_chunk(b"IDAT", b"\x03\x00" + struct.pack(">I", checksum)))
    parts.append(_chunk(b"IEND", b""))
    return b"".join(parts)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(name)))


@cache
def _packed_profile(profile: bytes) -> bytes:
    return zlib.compress(profile, 9)


def _strips(picture: Rgb | Alpha, alpha: Alpha | None) -> Iterator[tuple[Rgb | Alpha, Alpha | None, bool]]:
    """Some rows each, led by the row above them if there is one (then True)."""
    height, width = picture.shape[:2]
    rows = max(1, STRIP_BYTES // (width * 4))
    for top in range(0, height, rows):
        part = slice(max(0, top - 1), top + rows)
        yield picture[part], None if alpha is None else alpha[part], top > 0


def _in_order(strips: Iterator[tuple[Rgb | Alpha, Alpha | None, bool]]) -> Iterator[_Packed]:
    """The strips packed in several threads; never more at once than threads."""
    with ThreadPoolExecutor(THREADS, thread_name_prefix="png") as threads:
        ahead: deque[Future[_Packed]] = deque()
        for strip in strips:
            ahead.append(threads.submit(_packed, *strip))
            if len(ahead) > THREADS:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def _packed(picture: Rgb | Alpha, alpha: Alpha | None, has_row_above: bool) -> _Packed:
    rows = _rows(picture, alpha)
    height, width = rows.shape
    first = 1 if has_row_above else 0
    filtered = np.empty((height - first, width + 1), np.uint8)
    filtered[:, 0] = _UP
    if not has_row_above:
        filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1 - first :, 1:])
    packer = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, _RAW)
    blocks = packer.compress(filtered) + packer.flush(isal_zlib.Z_FULL_FLUSH)
    return blocks, isal_zlib.adler32(filtered), filtered.size


def _rows(picture: Rgb | Alpha, alpha: Alpha | None) -> NDArray[np.uint8]:
    """The bytes of each row; colours under a zero alpha cleared."""
    height = picture.shape[0]
    if alpha is None:
        return np.ascontiguousarray(picture).reshape(height, -1)
    colours = picture if picture.ndim == 3 else cv2.merge([picture] * 3)
    joined = np.asarray(cv2.merge([np.ascontiguousarray(colours), np.ascontiguousarray(alpha)]), np.uint8)
    whole = joined.reshape(height, -1).view(np.uint32)
    whole *= alpha != 0
    return joined.reshape(height, -1)


def _joined(first: int, second: int, length: int) -> int:
    """The Adler-32 checksum of two pieces in a row, from that of each and the length of the second."""
    low = (first & 0xFFFF) + (second & 0xFFFF) - 1
    high = (first >> 16) + (second >> 16) + length * ((first & 0xFFFF) - 1)
    return (high % _ADLER_BASE) << 16 | low % _ADLER_BASE
