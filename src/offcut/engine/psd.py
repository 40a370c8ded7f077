"""Photoshop files: the photo as a layer, the matte as that layer's mask, and what lies below.

Source: Adobe Photoshop File Formats Specification (2019), sections "Photoshop File Format" and "Layer and
Mask Information". Ours because the libraries that can write a mask hold several float copies of the photo: at
45 megapixels psd-tools 1.26 took 26 s and 5 GB (docs/decisions/image-libraries.md).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from offcut.engine.types import Alpha, Layer, Rgb
from offcut.errors import OutputTooLargeError

SIDE_PX_MAX: Final = 30_000

_RLE: Final = 1
_RESOLUTION: Final = 1005
_ICC_PROFILE: Final = 1039
_TRANSPARENCY: Final = -1
_MASK: Final = -2
_STRIP_OFFSETS: Final = 273
_STRIP_LENGTHS: Final = 279
_SHORT: Final = 3


def write_psd(
    file: BinaryIO,
    layers: Sequence[Layer],
    composite: Rgb,
    alpha: Alpha,
    *,
    dpi: tuple[float, float] | None = None,
    profile: bytes = b"",
) -> None:
    """Write an 8-bit RGB Photoshop file to a file that can seek.

    layers: bottom first, all of one size, names may be any text; composite: H×W×3, the colours that programs
    without layers show through `alpha` (H×W).
    Raises OutputTooLargeError above 30 000 pixels a side, the format's limit.
    """
    height, width = alpha.shape
    if max(height, width) > SIDE_PX_MAX:
        raise OutputTooLargeError(f"A Photoshop file holds at most {SIDE_PX_MAX} pixels a side.")
    file.write(struct.pack(">4sH6xHIIHH", b"8BPS", 1, 4, height, width, 8, 3))
    file.write(struct.pack(">I", 0))
    _write_block(file, lambda: file.write(_resources(dpi, profile)))
    _write_block(file, lambda: _write_layers(file, layers))
    planes = (_over_white(composite[:, :, i], alpha) for i in range(3))
    _write_planes(file, chain(planes, [alpha]), 4 * height)


def _over_white(plane: NDArray[np.uint8], alpha: Alpha) -> NDArray[np.uint8]:
    """A plane blended with white by alpha, which is how Photoshop keeps the colours of the merged picture."""
    out = np.empty_like(alpha)
    for start in range(0, len(alpha), 64):
        strip = slice(start, start + 64)
        weight = alpha[strip].astype(np.uint16)
        # At most 255 × 255 + 127, which 16 bits hold.
        out[strip] = (plane[strip] * weight + 255 * (255 - weight) + 127) // 255
    return out


def _write_block(file: BinaryIO, write: Callable[[], object], *, even: bool = False) -> None:
    """A block led by its length, which is filled in after the block is written."""
    start = file.tell()
    file.write(struct.pack(">I", 0))
    write()
    if even and (file.tell() - start) % 2:
        file.write(b"\0")
    end = file.tell()
    file.seek(start)
    file.write(struct.pack(">I", end - start - 4))
    file.seek(end)


def _resources(dpi: tuple[float, float] | None, profile: bytes) -> bytes:
    across, down = dpi or (72.0, 72.0)
    per_inch = struct.pack(">IHHIHH", round(across * 65536), 1, 1, round(down * 65536), 1, 1)
    return _resource(_RESOLUTION, per_inch) + (_resource(_ICC_PROFILE, profile) if profile else b"")


def _resource(number: int, body: bytes) -> bytes:
    return struct.pack(">4sH2xI", b"8BIM", number, len(body)) + body + b"\0" * (len(body) % 2)


def _write_layers(file: BinaryIO, layers: Sequence[Layer]) -> None:
    _write_block(file, lambda: _write_layer_info(file, layers), even=True)
    file.write(struct.pack(">I", 0))


def _write_layer_info(file: BinaryIO, layers: Sequence[Layer]) -> None:
    """The layers' records, then their channels. A count below zero says that the composite has alpha."""
    file.write(struct.pack(">h", -len(layers)))
    lengths_at = [_write_record(file, layer) for layer in layers]
    for layer, at in zip(layers, lengths_at, strict=True):
        _write_channels(file, layer, at)


def _channels(layer: Layer) -> dict[int, NDArray[np.uint8]]:
    """Planes by the format's channel numbers, in the order in which they are written."""
    red, green, blue = (layer.rgb[:, :, i] for i in range(3))
    own = np.full_like(red, 255) if layer.alpha is None else layer.alpha
    planes = {_TRANSPARENCY: own, 0: red, 1: green, 2: blue}
    return planes if layer.mask is None else {**planes, _MASK: layer.mask}


def _write_record(file: BinaryIO, layer: Layer) -> int:
    """One layer's record; the place of its channels' lengths, which are filled in later."""
    height, width = layer.rgb.shape[:2]
    numbers = list(_channels(layer))
    file.write(struct.pack(">4iH", 0, 0, height, width, len(numbers)))
    lengths_at = file.tell()
    file.write(b"".join(struct.pack(">hI", number, 0) for number in numbers))
    file.write(struct.pack(">4s4sBBBx", b"8BIM", b"norm", 255, 0, 8))
    _write_block(file, lambda: file.write(_layer_extra(layer)))
    return lengths_at


def _write_channels(file: BinaryIO, layer: Layer, lengths_at: int) -> None:
    lengths = []
    for number, plane in _channels(layer).items():
        start = file.tell()
        _write_planes(file, [plane], len(plane))
        lengths.append(struct.pack(">hI", number, file.tell() - start))
    end = file.tell()
    file.seek(lengths_at)
    file.write(b"".join(lengths))
    file.seek(end)


def _layer_extra(layer: Layer) -> bytes:
    """Mask rectangle (outside it is hidden), no blending ranges, and the name twice: short, and in full."""
    mask = struct.pack(">I", 0)
    if layer.mask is not None:
        height, width = layer.mask.shape
        mask = struct.pack(">I4iBBxx", 20, 0, 0, height, width, 0, 0)
    short = layer.name.encode("ascii", "replace")[:255]
    pascal = bytes([len(short)]) + short
    pascal += b"\0" * (-len(pascal) % 4)
    text = layer.name.encode("utf-16-be")
    full = struct.pack(">I", len(text) // 2) + text
    full += b"\0" * (-len(full) % 4)
    return mask + struct.pack(">I", 0) + pascal + struct.pack(">4s4sI", b"8BIM", b"luni", len(full)) + full


def _write_planes(file: BinaryIO, planes: Iterable[NDArray[np.uint8]], rows_count: int) -> None:
    """Compression, then the packed length of every row of every plane, then the packed rows."""
    file.write(struct.pack(">H", _RLE))
    lengths_at = file.tell()
    file.write(bytes(2 * rows_count))
    lengths = []
    for plane in planes:
        packed, rows = pack_rows(plane)
        file.write(packed)
        lengths.append(rows)
    end = file.tell()
    file.seek(lengths_at)
    file.write(np.concatenate(lengths).astype(">u2").tobytes())
    file.seek(end)


def pack_rows(plane: NDArray[np.uint8]) -> tuple[bytes, NDArray[np.int64]]:
    """PackBits of each row of an H×W plane, and each row's packed length in bytes.

    OpenCV's TIFF writer packs the same way in C; asked for one row a strip, its strips are our rows.
    """
    import cv2

    flags = [cv2.IMWRITE_TIFF_COMPRESSION, 32773, cv2.IMWRITE_TIFF_ROWSPERSTRIP, 1]
    _, tiff = cv2.imencode(".tif", np.ascontiguousarray(plane), flags)
    data: NDArray[np.uint8] = np.asarray(tiff, np.uint8).reshape(-1)
    offsets, lengths = _strips(data)
    if np.array_equal(offsets[1:], offsets[:-1] + lengths[:-1]):
        return data[offsets[0] : offsets[-1] + lengths[-1]].tobytes(), lengths
    pairs = zip(offsets, lengths, strict=True)
    return b"".join(data[start : start + length].tobytes() for start, length in pairs), lengths


def _strips(tiff: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the strips of a little-endian TIFF of our own making start, and how long they are."""
    view = tiff.data
    (directory,) = struct.unpack_from("<I", view, 4)
    (count,) = struct.unpack_from("<H", view, directory)
    found = {}
    for i in range(count):
        at = directory + 2 + 12 * i
        tag, kind, values = struct.unpack_from("<HHI", view, at)
        if tag in (_STRIP_OFFSETS, _STRIP_LENGTHS):
            number = np.dtype("<u2" if kind == _SHORT else "<u4")
            inline = values * number.itemsize <= 4
            start = at + 8 if inline else struct.unpack_from("<I", view, at + 8)[0]
            found[tag] = np.frombuffer(tiff, number, values, start).astype(np.int64)
    return found[_STRIP_OFFSETS], found[_STRIP_LENGTHS]
