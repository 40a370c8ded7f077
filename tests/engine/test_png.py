"""PNG files of our own, read back by Pillow and libvips, which check every sum in them."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from tests.engine import photos

from offcut.engine import png
from offcut.engine.png import png_bytes
from offcut.engine.types import Alpha

CHANCE = np.random.default_rng(0)


def noise(*shape: int) -> NDArray[np.uint8]:
    return CHANCE.integers(0, 256, shape, dtype=np.uint8)


def soft(height: int, width: int) -> Alpha:
    """A third clear, a third soft, a third solid."""
    return np.clip(noise(height, width).astype(np.int16) * 3 - 255, 0, 255).astype(np.uint8)


def read(content: bytes) -> NDArray[np.uint8]:
    """The pixels as both readers see them."""
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        pixels = np.asarray(image)
    again = pyvips.Image.new_from_buffer(content, "", fail_on="warning").numpy()
    assert np.array_equal(pixels, again.reshape(pixels.shape))
    return pixels


def chunks(content: bytes) -> dict[bytes, bytes]:
    """Names and bodies (of several with one name, all in a row); every sum is checked."""
    at, found = 8, {}
    while at < len(content):
        length, name = struct.unpack(">I4s", content[at : at + 8])
        body = content[at + 8 : at + 8 + length]
        assert zlib.crc32(name + body) == struct.unpack(">I", content[at + 8 + length : at + 12 + length])[0]
        found[name] = found.get(name, b"") + body
        at += 12 + length
    return found


# One strip, several whole ones, several and a rest, and rows longer than a strip.
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (700, 900), (2048, 512), (40, 300_000)])
def test_every_pixel_comes_back(size: tuple[int, int]) -> None:
    rgb, alpha = noise(*size, 3), soft(*size)
    assert np.array_equal(read(png_bytes(rgb)), rgb)
    assert np.array_equal(read(png_bytes(alpha)), alpha)
    pixels = read(png_bytes(rgb, alpha))
    assert np.array_equal(pixels[:, :, 3], alpha)
    assert np.array_equal(pixels[:, :, :3], rgb * (alpha > 0)[:, :, None])


def test_gray_with_alpha_is_written_as_colours() -> None:
    gray, alpha = noise(9, 7), soft(9, 7)
    pixels = read(png_bytes(gray, alpha))
    assert np.array_equal(pixels[:, :, 1], gray * (alpha > 0))
    assert np.array_equal(pixels[:, :, 3], alpha)


def test_arrays_that_are_no_block_of_memory_are_written_too() -> None:
    rgb, alpha = noise(60, 80, 3)[::2, ::-1], soft(60, 80)[::2, ::-1]
    assert np.array_equal(read(png_bytes(rgb, alpha))[:, :, 3], alpha)
    assert np.array_equal(read(png_bytes(rgb)), rgb)


def test_the_arrays_are_left_as_they_are() -> None:
    rgb, alpha = noise(50, 40, 3), soft(50, 40)
    before = rgb.copy(), alpha.copy()
    png_bytes(rgb, alpha)
    assert np.array_equal(rgb, before[0])
    assert np.array_equal(alpha, before[1])


def test_the_same_picture_is_the_same_file_however_the_threads_run() -> None:
    rgb, alpha = noise(1500, 1200, 3), soft(1500, 1200)
    assert len({png_bytes(rgb, alpha) for _ in range(4)}) == 1


def test_resolution_and_profile_are_said() -> None:
    profile = photos.profile("srgb")
    content = png_bytes(noise(8, 8, 3), dots_per_metre=(11811, 5906), profile=profile)
    assert chunks(content)[b"pHYs"] == struct.pack(">IIB", 11811, 5906, 1)
    with Image.open(io.BytesIO(content)) as image:
        assert image.info["icc_profile"] == profile
    assert b"iCCP" not in chunks(png_bytes(noise(8, 8)))


def test_the_packed_rows_are_one_whole_stream() -> None:
    rgb = noise(900, 700, 3)
    unpacker = zlib.decompressobj()
    rows = unpacker.decompress(chunks(png_bytes(rgb))[b"IDAT"])
    assert (unpacker.eof, unpacker.unused_data, len(rows)) == (True, b"", 900 * (700 * 3 + 1))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.binary(max_size=300))
def test_the_sum_of_two_pieces_is_that_of_both_in_a_row(first: bytes, second: bytes) -> None:
    joined = png._joined(zlib.adler32(first), zlib.adler32(second), len(second))
    assert joined == zlib.adler32(first + second)
