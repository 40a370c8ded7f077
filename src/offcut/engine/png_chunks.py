"""PNG texts and profiles are packed, and libpng unpacks all of them while it reads the header."""

from __future__ import annotations

import zlib
from typing import Final

from offcut.errors import DecompressionBombError

_TEXT_CHUNKS: Final = (b"zTXt", b"iTXt", b"iCCP")
_UNPACKED_BYTES_MAX: Final = 16_000_000
_CHUNKS_MAX: Final = 100_000


def check_png_chunks(data: bytes) -> dict[bytes, bytes]:
    """The names of a PNG's chunks, each with its body where that is EXIF and with nothing otherwise.

    EXIF is taken here because it may follow the pixels, where a reader of headers does not come.

    Raises DecompressionBombError when its texts or profile unpack to more than any photo has.
    """
    at, budget = 8, _UNPACKED_BYTES_MAX
    found: dict[bytes, bytes] = {}
    for _ in range(_CHUNKS_MAX):
        if at + 8 > len(data):
            return found
        length, name = int.from_bytes(data[at : at + 4], "big"), bytes(data[at + 4 : at + 8])
        found.setdefault(name, bytes(data[at + 8 : at + 8 + length]) if name == b"eXIf" else b"")
        if name in _TEXT_CHUNKS:
            budget -= _unpacked_bytes(name, bytes(data[at + 8 : at + 8 + length]), budget)
            if budget <= 0:
                raise DecompressionBombError("The photo's texts unpack to far more than a photo holds.")
        at += 12 + length
    raise DecompressionBombError("The photo is in far more pieces than a photo has.")


def _unpacked_bytes(name: bytes, body: bytes, budget: int) -> int:
    """How many bytes a chunk unpacks to, counted up to `budget` and never kept."""
    start = body.find(b"\0") + 2
    if name == b"iTXt":
        if body[start - 1 : start] != b"\1":
            return len(body)
        start = body.find(b"\0", body.find(b"\0", start + 1) + 1) + 1
    unpacker, packed, total = zlib.decompressobj(), body[start:], 0
    try:
        while packed and total < budget:
            total += len(unpacker.decompress(packed, 65_536))
            packed = unpacker.unconsumed_tail
    except zlib.error:
        pass  # Broken texts are not read by anyone.
    return total
