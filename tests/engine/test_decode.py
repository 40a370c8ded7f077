"""Every kind of photo and every odd property: the pixels that come out are those that were meant."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.engine import photos

from offcut.engine.decode import decode, photo_from_array, photo_from_image, probe
from offcut.errors import PhotoError, UnsupportedPhotoError

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
        with pytest.raises(UnsupportedPhotoError, match="float"):
            decode(data)


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
