"""Every kind of photo, every odd property, every bad input, each with the code it ends in."""

from __future__ import annotations

import io
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from tests.engine import photos

from offcut.engine.decode import Limits, decode, photo_from_array, photo_from_image, probe
from offcut.errors import OffcutError, PhotoError, UnsupportedPhotoError

FORMATS = ["jpeg", "png", "webp", "heic", "avif", "tiff", "bmp", "gif"]
# Mean difference allowed, in steps of 255: lossless formats none, the others what their coding costs.
TOLERANCE = {
    "png": 0.0,
    "tiff": 0.0,
    "bmp": 0.0,
    "webp": 0.0,
    "jpeg": 1.5,
    "heic": 3.0,
    "avif": 3.0,
    "gif": 6.0,
}


def difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    assert one.shape == other.shape
    return float(np.abs(one.astype(int) - other).mean())


def error_of(data: bytes, limits: Limits | None = None) -> PhotoError:
    with pytest.raises(PhotoError) as caught:
        decode(data, limits=limits or Limits())
    return caught.value


class TestFormats:
    @pytest.mark.parametrize("kind", FORMATS)
    def test_pixels_and_size(self, kind: str) -> None:
        photo = decode(photos.photo_file(kind))
        assert difference(photo.pixels, photos.picture()) <= TOLERANCE[kind]
        assert photo.pixels.dtype == np.uint8
        assert photo.pixels.flags.c_contiguous
        assert (photo.format, photo.alpha, photo.notes) == (kind, None, ())
        assert photo.source_size == (photos.WIDTH, photos.HEIGHT)

    @pytest.mark.parametrize("kind", FORMATS)
    def test_probe_agrees_with_decode(self, kind: str) -> None:
        header = probe(photos.photo_file(kind))
        assert (header.format, header.width, header.height) == (kind, photos.WIDTH, photos.HEIGHT)

    @pytest.mark.parametrize("kind", ["png", "webp", "avif", "tiff", "heic", "gif"])
    def test_own_alpha_is_kept(self, kind: str) -> None:
        rgba = np.dstack([photos.picture(), photos.matte()])
        if kind == "gif":
            rgba[:, :, 3] = np.where(rgba[:, :, 3] > 127, 255, 0)
        options = {"lossless": True, "exact": True} if kind == "webp" else {}
        options = {"subsampling": "4:4:4", "quality": 100} if kind == "avif" else options
        data = (
            photos.photo_file("heic", rgba)
            if kind == "heic"
            else photos.pillow_file(Image.fromarray(rgba), kind.upper(), **options)
        )
        photo = decode(data)
        assert photo.alpha is not None
        # HEIC's alpha is coded with losses like its colours.
        assert difference(photo.alpha, rgba[:, :, 3]) <= (2.0 if kind == "heic" else 0.0)
        inside = rgba[:, :, 3] == 255
        assert difference(photo.pixels[inside], rgba[inside, :3]) <= TOLERANCE[kind]

    @pytest.mark.parametrize("kind", ["png", "webp", "tiff"])
    def test_opaque_alpha_is_none(self, kind: str) -> None:
        rgba = np.dstack([photos.picture(), np.full_like(photos.matte(), 255)])
        assert decode(photos.pillow_file(Image.fromarray(rgba), kind.upper())).alpha is None

    def test_gif_gives_its_first_frame(self) -> None:
        first, second = (Image.fromarray(np.full((20, 30, 3), v, np.uint8)) for v in (200, 40))
        data = photos.pillow_file(first, "GIF", save_all=True, append_images=[second], duration=100)
        assert (decode(data).pixels == 200).all()

    def test_a_false_name_does_not_matter(self, tmp_path: Path) -> None:
        path = tmp_path / "photo.png"
        path.write_bytes(photos.photo_file("jpeg"))
        assert decode(path.read_bytes()).format == "jpeg"


class TestOddPixels:
    @pytest.mark.parametrize("kind", ["jpeg", "png", "tiff", "bmp"])
    def test_gray(self, kind: str) -> None:
        gray = cv2.cvtColor(photos.picture(), cv2.COLOR_RGB2GRAY)
        photo = decode(photos.pillow_file(Image.fromarray(gray), kind.upper(), quality=98))
        assert difference(photo.pixels, np.dstack([gray] * 3)) <= TOLERANCE[kind]

    @pytest.mark.parametrize("kind", ["png", "tiff"])
    def test_gray_with_alpha(self, kind: str) -> None:
        gray = np.ascontiguousarray(photos.picture()[:, :, 1])
        image = Image.merge("LA", (Image.fromarray(gray), Image.fromarray(photos.matte())))
        photo = decode(photos.pillow_file(image, kind.upper()))
        assert photo.alpha is not None
        np.testing.assert_array_equal(photo.alpha, photos.matte())
        np.testing.assert_array_equal(photo.pixels, np.dstack([gray] * 3))

    @pytest.mark.parametrize("kind", ["png", "tiff"])
    @pytest.mark.parametrize("bands", [1, 3, 4])
    def test_sixteen_bits(self, kind: str, bands: int) -> None:
        deep = np.dstack([photos.picture(), photos.matte()]).astype(np.uint16) * 257
        shown = {1: deep[:, :, 0], 3: deep[:, :, 2::-1], 4: deep[:, :, [2, 1, 0, 3]]}[bands]
        data = cv2.imencode(f".{kind}", np.ascontiguousarray(shown))[1].tobytes()
        photo = decode(data)
        expected = np.dstack([photos.picture()[:, :, 0]] * 3) if bands == 1 else photos.picture()
        np.testing.assert_array_equal(photo.pixels, expected)
        if bands == 4:
            assert photo.alpha is not None
            np.testing.assert_array_equal(photo.alpha, photos.matte())

    @pytest.mark.parametrize("kind", ["png", "tiff", "bmp"])
    def test_one_bit(self, kind: str) -> None:
        bits = Image.fromarray(photos.picture()).convert("1")
        photo = decode(photos.pillow_file(bits, kind.upper()))
        np.testing.assert_array_equal(photo.pixels, np.dstack([np.asarray(bits).astype(np.uint8) * 255] * 3))

    def test_white_is_zero_tiff(self) -> None:
        data = photos.tiff_of(
            [(256, 4, 1, 8), (257, 4, 1, 8), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 0),
             (273, 4, 1, 122), (277, 3, 1, 1), (278, 4, 1, 8), (279, 4, 1, 64)], extra=bytes([250]) * 64,
        )  # fmt: skip
        assert (decode(data).pixels == 5).all()

    def test_palette_with_transparency(self) -> None:
        image = Image.fromarray(photos.picture()).quantize(64)
        data = photos.pillow_file(image, "PNG", transparency=3)
        photo = decode(data)
        assert photo.alpha is not None
        np.testing.assert_array_equal(photo.alpha == 0, np.asarray(image) == 3)
        shown = np.asarray(image.convert("RGB"))
        np.testing.assert_array_equal(photo.pixels[photo.alpha > 0], shown[photo.alpha > 0])

    @pytest.mark.parametrize("kind", ["jpeg", "tiff"])
    @pytest.mark.parametrize("with_profile", [True, False])
    def test_cmyk(self, kind: str, with_profile: bool) -> None:
        """Pillow writes Adobe's inverted CMYK in JPEG and plain CMYK in TIFF."""
        inks = Image.frombytes("CMYK", (photos.WIDTH, photos.HEIGHT), photos.in_profile("cmyk").tobytes())
        options = {"icc_profile": photos.profile("cmyk")} if with_profile else {}
        photo = decode(photos.pillow_file(inks, kind.upper(), quality=98, **options))
        # Print inks cannot show every colour, so near is what can be asked.
        assert difference(photo.pixels, photos.picture()) < 12
        assert photo.notes == ()

    def test_float_tiff_is_refused(self) -> None:
        data = photos.pillow_file(Image.fromarray(photos.matte().astype(np.float32)), "TIFF")
        error = error_of(data)
        assert (error.code, "float" in str(error)) == ("unsupported_photo", True)


class TestExif:
    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff"])
    def test_turned_upright(self, kind: str, orientation: int) -> None:
        stored = photos.turned_away(orientation)
        if kind == "tiff":
            data = photos.pillow_file(Image.fromarray(stored), "TIFF", tiffinfo={0x0112: orientation})
        else:
            data = photos.photo_file(kind, stored, exif=photos.exif_block(orientation))
        photo = decode(data)
        assert difference(photo.pixels, photos.picture()) <= TOLERANCE[kind]
        assert photo.source_size == (photos.WIDTH, photos.HEIGHT)
        assert photo.pixels.flags.c_contiguous

    @pytest.mark.parametrize("orientation", [1, 3, 6, 8])
    @pytest.mark.parametrize("kind", ["heic", "avif"])
    def test_turned_once_where_the_container_turns_too(self, kind: str, orientation: int) -> None:
        data = photos.photo_file(kind, photos.turned_away(orientation), exif=photos.exif_block(orientation))
        assert difference(decode(data).pixels, photos.picture()) <= TOLERANCE[kind]

    def test_alpha_turns_with_the_photo(self) -> None:
        rgba = np.dstack([photos.turned_away(6), np.rot90(photos.matte(), 1)])
        photo = decode(photos.pillow_file(Image.fromarray(rgba), "PNG", exif=photos.exif_block(6)))
        assert photo.alpha is not None
        np.testing.assert_array_equal(photo.alpha, photos.matte())

    @pytest.mark.parametrize(
        "block",
        [
            b"Exif\0\0not a TIFF header at all",
            b"Exif\0\0II*\0\xff\xff\xff\x7f\0\0",
            b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\0\0",
            photos.exif_block(9),
            photos.exif_block(6)[:20],
        ],
        ids=["no header", "directory beyond the end", "too many entries", "orientation 9", "cut off"],
    )
    @pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
    def test_broken_exif_is_ignored_and_said(self, kind: str, block: bytes) -> None:
        photo = decode(photos.photo_file(kind, exif=block))
        assert [note.code for note in photo.notes] == ["broken_exif"]
        assert difference(photo.pixels, photos.picture()) <= TOLERANCE[kind]


class TestColor:
    @pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff", "heic", "avif"])
    def test_profile_becomes_srgb(self, kind: str) -> None:
        stored = photos.in_profile("p3")
        assert difference(stored, photos.picture()) > 1.5  # The profile must matter.
        photo = decode(photos.photo_file(kind, stored, icc_profile=photos.profile("p3")))
        assert difference(photo.pixels, photos.picture()) <= max(TOLERANCE[kind], 0.6)

    def test_profile_of_a_sixteen_bit_photo(self) -> None:
        deep = photos.in_profile("p3")[:, :, ::-1].astype(np.uint16) * 257
        data = cv2.imencode(".png", deep)[1].tobytes()
        data = data[:33] + photos.png_profile(photos.profile("p3")) + data[33:]
        assert difference(decode(data).pixels, photos.picture()) <= 0.6

    def test_srgb_profile_changes_nothing(self) -> None:
        photo = decode(photos.photo_file("png", icc_profile=photos.profile("srgb")))
        np.testing.assert_array_equal(photo.pixels, photos.picture())

    @pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff", "heic", "avif"])
    @pytest.mark.parametrize(
        "profile",
        [b"no profile at all " * 20, photos.profile("p3")[:200], photos.profile("cmyk")],
        ids=["garbage", "cut off", "of another colour space"],
    )
    def test_broken_profile_is_ignored_and_said(self, kind: str, profile: bytes) -> None:
        photo = decode(photos.photo_file(kind, icc_profile=profile))
        assert [note.code for note in photo.notes] == ["broken_color_profile"]
        assert difference(photo.pixels, photos.picture()) <= TOLERANCE[kind]


class TestResolution:
    @pytest.mark.parametrize("kind", ["jpeg", "png", "tiff"])
    def test_kept(self, kind: str) -> None:
        photo = decode(photos.photo_file(kind, dpi=(300, 150)))
        assert photo.dpi == pytest.approx((300, 150), abs=0.02)

    @pytest.mark.parametrize("kind", ["jpeg", "webp", "heic", "avif"])
    def test_kept_in_exif(self, kind: str) -> None:
        photo = decode(photos.photo_file(kind, exif=photos.exif_block(1, (300, 150))))
        assert photo.dpi == pytest.approx((300, 150), abs=0.02)

    @pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind != "bmp"])
    def test_none_where_the_file_says_none(self, kind: str) -> None:
        assert decode(photos.photo_file(kind)).dpi is None

    def test_turns_with_the_photo(self) -> None:
        data = photos.photo_file("jpeg", photos.turned_away(6), dpi=(300, 150), exif=photos.exif_block(6))
        assert decode(data).dpi == pytest.approx((150, 300), abs=0.02)


class TestShrink:
    @pytest.mark.parametrize("wanted", [1, 10_000, 40_000, 153_000, 160_000, 10**9])
    @pytest.mark.parametrize("orientation", [1, 6])
    def test_never_fewer_pixels_than_asked(self, wanted: int, orientation: int) -> None:
        data = photos.photo_file("jpeg", photos.picture(640, 480), exif=photos.exif_block(orientation))
        photo = decode(data, shrink_to_px=wanted)
        height, width = photo.pixels.shape[:2]
        assert width * height >= min(wanted, 640 * 480)
        assert photo.source_size == ((640, 480) if orientation == 1 else (480, 640))

    def test_shrinks_by_eight_when_little_is_needed(self) -> None:
        photo = decode(photos.photo_file("jpeg", photos.picture(640, 480)), shrink_to_px=4000)
        assert photo.pixels.shape == (60, 80, 3)
        assert difference(photo.pixels, photos.picture(80, 60)) < 4


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
        assert difference(photo.pixels, photos.picture()) <= TOLERANCE["jpeg"]

    @pytest.mark.parametrize("size", [(1, 1), (1, 20_000), (20_000, 1), (7, 7), (10, 600)])
    def test_dimensions(self, size: tuple[int, int]) -> None:
        data = photos.pillow_file(Image.new("L", size), "PNG")
        assert error_of(data).code == "invalid_dimensions"

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
    def test_too_many_pixels(self, claiming, size: tuple[int, int]) -> None:
        data = claiming(*size)
        assert error_of(data).code == "too_many_pixels"
        with pytest.raises(PhotoError, match="megapixels"):
            probe(data)

    def test_thirty_kilobytes_that_claim_twenty_gigapixels(self) -> None:
        data = photos.twenty_gigapixel_png()
        assert len(data) < 31_000
        assert error_of(data).code == "too_many_pixels"

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


class TestArrays:
    @pytest.mark.parametrize(
        ("array", "alpha"),
        [
            (photos.picture(), False),
            (photos.picture().astype(np.uint16) * 257, False),
            (photos.picture().astype(np.float32) / 255, False),
            (photos.picture().astype(np.float64) / 255, False),
            (np.dstack([photos.picture(), photos.matte()]), True),
            (np.dstack([photos.picture(), photos.matte()]).astype(np.uint16) * 257, True),
        ],
        ids=["uint8", "uint16", "float32", "float64", "rgba", "rgba16"],
    )
    def test_allowed_types(self, array: NDArray, alpha: bool) -> None:
        photo = photo_from_array(array)
        np.testing.assert_array_equal(photo.pixels, photos.picture())
        assert (photo.alpha is not None) == alpha
        if photo.alpha is not None:
            np.testing.assert_array_equal(photo.alpha, photos.matte())

    def test_gray(self) -> None:
        np.testing.assert_array_equal(
            photo_from_array(photos.matte()).pixels, np.dstack([photos.matte()] * 3)
        )

    @pytest.mark.parametrize(
        "array",
        [
            np.zeros((20, 20, 2), np.uint8),
            np.zeros((20, 20, 3, 1), np.uint8),
            np.zeros((20, 20, 3), np.int32),
            np.full((20, 20, 3), 2.0),
            np.full((20, 20, 3), -0.1),
            np.full((20, 20, 3), np.nan),
            np.zeros((20, 20), bool),
        ],
        ids=["2 bands", "4 dimensions", "int32", "above 1", "below 0", "nan", "bool"],
    )
    def test_others_are_refused(self, array: NDArray) -> None:
        with pytest.raises(PhotoError) as caught:
            photo_from_array(array)
        assert caught.value.code == "invalid_pixels"

    def test_limits_hold(self) -> None:
        with pytest.raises(PhotoError) as caught:
            photo_from_array(np.broadcast_to(np.uint8(0), (6_000, 10_000, 3)))
        assert caught.value.code == "too_many_pixels"

    @pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "YCbCr", "I;16"])
    def test_pillow_modes(self, mode: str) -> None:
        image = Image.fromarray(photos.picture())
        if mode == "I;16":
            image = Image.fromarray(photos.picture()[:, :, 1].astype(np.uint16) * 257)
            expected = np.dstack([photos.picture()[:, :, 1]] * 3)
        else:
            image = image.convert(mode)
            expected = np.asarray(image.convert("RGB"))
        # CMYK goes through print inks here and through a plain formula in Pillow.
        assert difference(photo_from_image(image).pixels, expected) <= (40 if mode == "CMYK" else 0)

    def test_pillow_turn_profile_and_resolution(self) -> None:
        data = photos.photo_file(
            "png", np.ascontiguousarray(np.rot90(photos.in_profile("p3"), 1)),
            exif=photos.exif_block(6), icc_profile=photos.profile("p3"), dpi=(300, 150),
        )  # fmt: skip
        photo = photo_from_image(Image.open(io.BytesIO(data)))
        assert difference(photo.pixels, photos.picture()) <= 0.6
        assert photo.dpi == pytest.approx((150, 300), abs=0.02)
        assert photo.source_size == (photos.WIDTH, photos.HEIGHT)

    def test_pillow_truncated(self) -> None:
        data = photos.photo_file("jpeg", photos.picture(640, 480))
        with pytest.raises(PhotoError) as caught:
            photo_from_image(Image.open(io.BytesIO(data[: len(data) // 2])))
        assert caught.value.code == "truncated_image"
