"""Odd and hostile photos, made in memory for the tests. Every function returns the bytes of a file.

The picture is scikit-image's astronaut (NASA, public domain), which ships in its wheel.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import pillow_heif
import pyvips
from numpy.typing import NDArray
from PIL import Image
from skimage import data

WIDTH, HEIGHT = 96, 64


@lru_cache
def picture(width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """H×W×3 uint8; no symmetry, so that every turn shows."""
    return cv2.resize(data.astronaut()[:340], (width, height), interpolation=cv2.INTER_AREA)


@lru_cache
def matte(width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """H×W uint8 with clear, solid and every partial value between."""
    return np.tile(np.linspace(-40, 295, width).clip(0, 255).astype(np.uint8), (height, 1))


def pillow_file(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def photo_file(kind: str, pixels: NDArray[np.uint8] | None = None, **options: Any) -> bytes:
    """The picture as a file of one of the eight formats, as nearly lossless as the format can."""
    pixels = picture() if pixels is None else pixels
    image = Image.fromarray(pixels)
    if kind == "heic":
        out = io.BytesIO()
        pillow_heif.from_pillow(image).save(out, quality=95, chroma=444, **options)
        return out.getvalue()
    best: dict[str, dict[str, Any]] = {
        "jpeg": {"quality": 98, "subsampling": 0},
        "webp": {"lossless": True},
        "avif": {"quality": 95, "subsampling": "4:4:4", "speed": 9},
    }
    if kind == "gif":
        image = image.convert("P", palette=Image.Palette.ADAPTIVE)
    return pillow_file(image, kind.upper(), **(best.get(kind, {}) | options))


def exif_block(orientation: int = 1, dpi: tuple[int, int] | None = None) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    if dpi:
        exif[0x011A], exif[0x011B], exif[0x0128] = float(dpi[0]), float(dpi[1]), 2
    return exif.tobytes()


def turned_away(orientation: int) -> NDArray[np.uint8]:
    """The picture as a camera held that way stores it: `orientation` brings it upright again."""
    upright = picture()
    undo = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }
    return np.ascontiguousarray(undo[orientation](upright))


def profile(name: str) -> bytes:
    """One of libvips' own colour profiles: "p3", "srgb" or "cmyk"."""
    return bytes(pyvips.Image.profile_load(name))


def in_profile(name: str) -> NDArray[np.uint8]:
    """The picture's numbers in another profile, made by libvips."""
    image = pyvips.Image.new_from_array(picture()).copy(interpretation="srgb")
    image = image.icc_transform(name, input_profile="srgb", intent="relative", black_point_compensation=True)
    return np.asarray(image.numpy())


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_with(chunks: bytes, width: int = 32, height: int = 32) -> bytes:
    """A black PNG with `chunks` before its pixels. Its pixels are those of 32×32, whatever it claims."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes((1 + 3 * 32) * 32))
    body = png_chunk(b"IHDR", header) + chunks + png_chunk(b"IDAT", pixels) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@lru_cache
def packed_zeros(megabytes: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(megabytes)) + packer.flush()


def twenty_gigapixel_png() -> bytes:
    """30 kB that claim 141 421 × 141 421 pixels, with pixel data that would go on unpacking."""
    header = struct.pack(">IIBBBBB", 141_421, 141_421, 8, 2, 0, 0, 0)
    body = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", packed_zeros(30)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def jpeg_claiming(width: int, height: int) -> bytes:
    """A small JPEG whose frame header claims another size."""
    file = bytearray(photo_file("jpeg"))
    at = file.index(b"\xff\xc0") + 5
    file[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(file)


def gif_claiming(width: int, height: int) -> bytes:
    """A small GIF whose canvas and frame claim another size."""
    file = bytearray(photo_file("gif"))
    file[6:10] = struct.pack("<HH", width, height)
    at = file.index(b",\0\0\0\0") + 5
    file[at : at + 4] = struct.pack("<HH", width, height)
    return bytes(file)


def webp_claiming(width: int, height: int) -> bytes:
    """A lossless WebP whose header (14 bits a side, each less one) claims another size."""
    file = bytearray(photo_file("webp"))
    at = file.index(b"VP8L") + 9
    (bits,) = struct.unpack_from("<I", file, at)
    bits = bits & ~0xFFFFFFF | (width - 1) | (height - 1) << 14
    struct.pack_into("<I", file, at, bits)
    return bytes(file)


def bmp_claiming(width: int, height: int) -> bytes:
    file = bytearray(photo_file("bmp"))
    file[18:26] = struct.pack("<ii", width, height)
    return bytes(file)


def heic_claiming(width: int, height: int, kind: str = "heic") -> bytes:
    """A HEIC or AVIF whose every `ispe` (image size) box claims another size."""
    file = bytearray(photo_file(kind))
    at = file.find(b"ispe")
    while at >= 0:
        file[at + 8 : at + 16] = struct.pack(">II", width, height)
        at = file.find(b"ispe", at + 4)
    return bytes(file)


def tiff_of(entries: list[tuple[int, int, int, int]], next_at: int = 0, extra: bytes = b"") -> bytes:
    """A little-endian TIFF with one directory of (tag, type, count, value), then `extra` bytes."""
    body = struct.pack("<H", len(entries))
    body += b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    return b"II*\0" + struct.pack("<I", 8) + body + struct.pack("<I", next_at) + extra


def tiff_claiming(width: int, height: int, **changes: int) -> bytes:
    """A gray TIFF of one strip that claims any size; `changes` such as t278=5 set single tags."""
    tags = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 300, 277: 1, 278: height, 279: 64}
    tags |= {int(name[1:]): value for name, value in changes.items()}
    return tiff_of([(tag, 4, 1, value) for tag, value in tags.items()], extra=bytes(4096))


def looping_tiff() -> bytes:
    """A TIFF whose directory names itself as the next one."""
    tags = {256: 32, 257: 32, 258: 8, 259: 1, 262: 1, 273: 300, 277: 1, 278: 32, 279: 1024}
    return tiff_of([(tag, 4, 1, value) for tag, value in tags.items()], next_at=8, extra=bytes(4096))


def zip_of(files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return out.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    return png_with(b"", width, height)


def png_profile(profile_bytes: bytes) -> bytes:
    return png_chunk(b"iCCP", b"profile\0\0" + zlib.compress(profile_bytes))
