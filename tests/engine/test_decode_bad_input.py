"""Bad and hostile input: each ends in its own code, quickly, and never in anything but an error of ours."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.engine import photos

from offcut.engine.decode import Limits, decode, probe
from offcut.errors import (
    InvalidDimensionsError,
    OffcutError,
    PhotoError,
    TooManyPixelsError,
    UnsupportedPhotoError,
)

FORMATS = ["jpeg", "png", "webp", "heic", "avif", "tiff", "bmp", "gif"]


def error_of(data: bytes, limits: Limits | None = None) -> PhotoError:
    with pytest.raises(PhotoError) as caught:
        decode(data, limits=limits or Limits())
    return caught.value


class TestBadInput:
    def test_empty(self) -> None:
        assert error_of(b"").code == "empty_photo"

    @pytest.mark.parametrize("data", [b"hello, I am a text", b"\0" * 500, b"BM", b"RIFF", b"<"])
    def test_not_an_image(self, data: bytes) -> None:
        assert error_of(data).code == "not_an_image"

    @pytest.mark.parametrize(
        ("data", "kind"),
        [
            (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "mp4"),
            (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "mov"),
            (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "raw"),
            (b"\x1aE\xdf\xa3 webm", "webm"),
            (b"RIFF\0\0\0\0AVI LIST", "avi"),
            (b"%PDF-1.7\n", "pdf"),
            (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "svg"),
            (b"<!DOCTYPE html><html>", "html"),
            (b"8BPS\0\1", "psd"),
            (b"PK\3\4", "zip"),
            (b"\xff\x0a\xfa", "jxl"),
            (b"II*\0\x10\0\0\0CR\2\0", "raw"),
        ],
    )
    def test_other_kinds_are_named(self, data: bytes, kind: str) -> None:
        error = error_of(data + bytes(100))
        assert isinstance(error, UnsupportedPhotoError)
        assert (error.code, error.kind) == ("unsupported_photo", kind)

    @pytest.mark.parametrize("kind", FORMATS)
    @pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
    def test_truncated(self, kind: str, part: float) -> None:
        data = photos.photo_file(kind)
        assert error_of(data[: int(len(data) * part)]).code == "truncated_image"

    def test_truncated_jpeg_with_a_false_end(self) -> None:
        data = photos.photo_file("jpeg")
        assert error_of(data[: len(data) // 2] + b"\xff\xd9").code == "truncated_image"

    def test_stray_bytes_in_a_jpeg_are_said(self) -> None:
        data = photos.photo_file("jpeg")
        at = data.index(b"\xff\xda")
        photo = decode(data[:at] + b"\0\0\0" + data[at:])
        assert [note.code for note in photo.notes] == ["damaged_photo"]
        assert np.abs(photo.pixels.astype(int) - photos.picture()).mean() < 1.5

    @pytest.mark.parametrize(
        ("size", "code"),
        [
            ((1, 1), "photo_too_small"),
            ((7, 7), "photo_too_small"),
            ((7, 350), "photo_too_small"),
            ((1, 20_000), "photo_too_narrow"),
            ((20_000, 1), "photo_too_narrow"),
            ((10, 600), "photo_too_narrow"),
            ((30_001, 1000), "photo_too_long"),
        ],
    )
    def test_dimensions(self, size: tuple[int, int], code: str) -> None:
        error = error_of(photos.pillow_file(Image.new("L", size), "PNG"))
        assert (error.code, isinstance(error, InvalidDimensionsError)) == (code, True)
        assert error.hint

    @pytest.mark.parametrize(
        "claiming",
        [
            photos.jpeg_claiming, photos.gif_claiming, photos.webp_claiming, photos.bmp_claiming,
            photos.tiff_claiming, photos.heic_claiming, photos.png_claiming,
            lambda w, h: photos.heic_claiming(w, h, "avif"),
        ],
        ids=["jpeg", "gif", "webp", "bmp", "tiff", "heic", "png", "avif"],
    )  # fmt: skip
    @pytest.mark.parametrize("size", [(10_000, 6_000), (16_383, 16_383)])
    def test_too_many_pixels(self, claiming: Callable[[int, int], bytes], size: tuple[int, int]) -> None:
        data = claiming(*size)
        assert error_of(data).code == "too_many_pixels"
        with pytest.raises(PhotoError, match="megapixels"):
            probe(data)

    def test_thirty_kilobytes_that_claim_twenty_gigapixels(self) -> None:
        data = photos.twenty_gigapixel_png()
        assert len(data) < 31_000
        error = error_of(data)
        assert (error.code, isinstance(error, TooManyPixelsError)) == ("gigapixel_photo", True)

    def test_fifty_megapixels_are_allowed(self) -> None:
        header = probe(photos.png_claiming(10_000, 5_000))
        assert (header.width, header.height) == (10_000, 5_000)

    def test_file_too_large(self) -> None:
        assert error_of(photos.photo_file("png"), Limits(bytes_max=1000)).code == "file_too_large"

    @pytest.mark.parametrize(
        "chunks",
        [
            photos.png_chunk(b"iCCP", b"x\0\0" + photos.packed_zeros(100)),
            photos.png_chunk(b"zTXt", b"x\0\0" + photos.packed_zeros(100)),
            photos.png_chunk(b"iTXt", b"x\0\1\0\0\0" + photos.packed_zeros(100)),
            photos.png_chunk(b"zTXt", b"x\0\0" + photos.packed_zeros(1)) * 20,
        ],
        ids=["iCCP", "zTXt", "iTXt", "many zTXt"],
    )
    def test_png_text_bombs(self, chunks: bytes) -> None:
        assert error_of(photos.png_with(chunks)).code == "decompression_bomb"

    def test_a_usual_text_is_no_bomb(self) -> None:
        text = photos.png_chunk(b"zTXt", b"x\0\0" + photos.packed_zeros(1))
        assert decode(photos.png_with(text)).pixels.shape == (32, 32, 3)

    @pytest.mark.parametrize(
        "data",
        [
            photos.tiff_claiming(4_000_000_000, 4_000_000_000),
            photos.tiff_claiming(64, 64, t277=65_535),
            photos.tiff_claiming(64, 64, t258=64),
            photos.tiff_claiming(64, 64, t278=1),
            photos.tiff_of([(n, 4, 0xFFFFFFFF, 300) for n in range(1000, 60_000)], extra=bytes(100)),
            photos.tiff_claiming(7_000, 7_000),
        ],
        ids=["4 gigapixels a side", "65535 bands", "64 bits", "missing strips", "absurd tags", "short strip"],
    )
    def test_hostile_tiffs(self, data: bytes) -> None:
        assert error_of(data).code in {"broken_image", "truncated_image", "too_many_pixels"}

    def test_tiff_that_goes_in_circles(self) -> None:
        assert decode(photos.looping_tiff()).pixels.shape == (32, 32, 3)

    @pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peaks are read from Linux's /proc")
    def test_memory_stays_flat(self, tmp_path: Path) -> None:
        """All of the hostile files at once, in a process of its own, whose peak is then read."""
        hostile = {
            "20gp": photos.twenty_gigapixel_png(),
            "iccp": photos.png_with(photos.png_chunk(b"iCCP", b"x\0\0" + photos.packed_zeros(400))),
            "ztxt": photos.png_with(photos.png_chunk(b"zTXt", b"x\0\0" + photos.packed_zeros(400))),
            "gif": photos.gif_claiming(65_535, 65_535),
            "webp": photos.webp_claiming(16_383, 16_383),
            "tiff": photos.tiff_claiming(100_000, 100_000),
            "jpeg": photos.jpeg_claiming(65_500, 65_500),
            "heic": photos.heic_claiming(60_000, 60_000),
            "avif": photos.heic_claiming(60_000, 60_000, "avif"),
        }
        for name, data in hostile.items():
            (tmp_path / name).write_bytes(data)
        script = (
            "import sys, pathlib\n"
            "from offcut.engine.decode import decode\n"
            "from offcut.errors import PhotoError\n"
            "def peak_kb():\n"
            "    return int(pathlib.Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])\n"
            "decode(pathlib.Path(sys.argv[2]).read_bytes())\n"
            "before = peak_kb()\n"
            "for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):\n"
            "    try: decode(path.read_bytes())\n"
            "    except PhotoError as error: print(path.name, error.code)\n"
            "print(peak_kb() - before)\n"
        )
        good = tmp_path.with_name("good.png")
        good.write_bytes(photos.photo_file("png"))
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path), str(good)],
            capture_output=True,
            text=True,
            check=True,
        )
        *refused, grown_kb = done.stdout.split("\n")[:-1]
        assert len(refused) == len(hostile)
        assert int(grown_kb) < 16_000


def quietly(data: bytes) -> None:
    """Decode, allowing our own errors only."""
    try:
        photo = decode(data, limits=Limits(pixels_max=2_000_000))
    except OffcutError as error:
        known = error.code not in ("error", "photo_error")
    else:
        known = photo.pixels.shape[2] == 3
    assert known


class TestAnyBytes:
    """Nothing but an error of ours ever comes out, whatever goes in."""

    @settings(max_examples=150, deadline=None)
    @given(st.binary(max_size=300))
    def test_arbitrary(self, data: bytes) -> None:
        quietly(data)

    @pytest.mark.parametrize("kind", FORMATS)
    @settings(max_examples=120, deadline=None)
    @given(data=st.data())
    def test_mutated(self, kind: str, data: st.DataObject) -> None:
        file = bytearray(whole_file(kind))
        places = st.integers(0, min(len(file), 700) - 1)
        for at, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=12)):
            file[at] = value
        end = data.draw(st.sampled_from([len(file), len(file) // 2, 200]))
        quietly(bytes(file[:end]))


@lru_cache
def whole_file(kind: str) -> bytes:
    """A file with all that a photo can carry."""
    if kind in ("bmp", "gif"):
        return photos.photo_file(kind)
    return photos.photo_file(kind, exif=photos.exif_block(6), icc_profile=photos.profile("p3"))
