"""What is written can be read back: by our own decoder, by Pillow, and for Photoshop files by psd-tools."""

from __future__ import annotations

import io
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import psd_tools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from tests.engine import photos

from offcut.engine.archive import zip_to_png
from offcut.engine.decode import Limits, decode
from offcut.engine.encode import OutputFormat, encode
from offcut.engine.files import write_file
from offcut.engine.psd import pack_rows
from offcut.engine.types import Layer
from offcut.errors import OffcutError, OptionError, OutputError

RGB, ALPHA = photos.picture(), photos.matte()
SHOWN = ALPHA > 0
COLOR_FILE, ALPHA_FILE = photos.photo_file("jpeg"), encode(ALPHA, None, "png")


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


class TestRasterFormats:
    @pytest.mark.parametrize("kind", ["png", "tiff"])
    def test_colour_and_alpha_come_back_exactly(self, kind: OutputFormat) -> None:
        pixels = np.asarray(opened(encode(RGB, ALPHA, kind)))
        np.testing.assert_array_equal(pixels[:, :, 3], ALPHA)
        np.testing.assert_array_equal(pixels[SHOWN, :3], RGB[SHOWN])

    @pytest.mark.parametrize("kind", ["png", "tiff"])
    def test_opaque_comes_back_exactly(self, kind: OutputFormat) -> None:
        image = opened(encode(RGB, None, kind))
        assert image.mode == "RGB"
        np.testing.assert_array_equal(np.asarray(image), RGB)

    @pytest.mark.parametrize("kind", ["png", "tiff"])
    def test_gray_stays_gray(self, kind: OutputFormat) -> None:
        image = opened(encode(ALPHA, None, kind))
        assert image.mode == "L"
        np.testing.assert_array_equal(np.asarray(image), ALPHA)

    def test_webp_keeps_alpha_exactly_and_colours_nearly(self) -> None:
        pixels = np.asarray(opened(encode(RGB, ALPHA, "webp", quality=100)))
        np.testing.assert_array_equal(pixels[:, :, 3], ALPHA)
        solid = ALPHA == 255
        assert np.abs(pixels[solid, :3].astype(int) - RGB[solid]).mean() < 8

    @pytest.mark.parametrize("kind", ["png", "tiff", "webp"])
    def test_hidden_colours_are_not_written(self, kind: OutputFormat) -> None:
        """The old background must not lie hidden in the file."""
        marked = np.where(SHOWN[:, :, None], np.uint8(100), np.uint8([250, 0, 0]))
        pixels = np.asarray(opened(encode(marked, ALPHA, kind))).astype(int)
        assert (pixels[~SHOWN, 0] - pixels[~SHOWN, 1]).max() < 10

    def test_jpg_shows_white_where_nothing_is(self) -> None:
        pixels = np.asarray(opened(encode(RGB, ALPHA, "jpg")))
        assert pixels[:, :8].min() > 245
        weight = ALPHA[:, :, None] / 255
        assert np.abs(pixels - (RGB * weight + 255 * (1 - weight))).mean() < 2

    def test_jpg_keeps_colour_at_full_resolution(self) -> None:
        sampling = opened(encode(RGB, None, "jpg")).layer  # type: ignore[attr-defined]
        assert {(across, down) for _, across, down, _ in sampling} == {(1, 1)}

    def test_quality_matters(self) -> None:
        for kind in ("jpg", "webp", "zip"):
            low, high = (len(encode(RGB, ALPHA, kind, quality=quality)) for quality in (20, 95))
            assert low < high

    @pytest.mark.parametrize("kind", ["png", "jpg", "webp", "tiff"])
    def test_resolution_is_kept(self, kind: OutputFormat) -> None:
        assert decode(encode(RGB, ALPHA, kind, dpi=(300, 150))).dpi == pytest.approx((300, 150), abs=0.02)

    @pytest.mark.parametrize("kind", ["png", "jpg", "webp", "tiff"])
    def test_tagged_as_srgb(self, kind: OutputFormat) -> None:
        data = encode(RGB, ALPHA, kind)
        assert opened(data).info["icc_profile"] == photos.profile("srgb")
        assert decode(data).notes == ()

    def test_png_at_any_size(self) -> None:
        assert opened(encode(np.zeros((5000, 5000, 3), np.uint8), None, "png")).size == (5000, 5000)

    def test_arrays_need_not_be_contiguous(self) -> None:
        pixels = np.asarray(opened(encode(RGB[::2, ::-1], ALPHA[::2, ::-1], "png")))
        np.testing.assert_array_equal(pixels[:, :, 3], ALPHA[::2, ::-1])

    @settings(max_examples=40, deadline=None)
    @given(st.data())
    def test_any_pixels_come_back(self, data: st.DataObject) -> None:
        height, width = data.draw(st.tuples(st.integers(8, 40), st.integers(8, 40)))
        rgb = data.draw(arrays(np.uint8, (height, width, 3)))
        alpha = data.draw(arrays(np.uint8, (height, width)))
        for kind in ("png", "tiff"):
            pixels = np.asarray(opened(encode(rgb, alpha, kind)))
            np.testing.assert_array_equal(pixels[:, :, 3], alpha)
            np.testing.assert_array_equal(pixels[:, :, :3], rgb * (alpha > 0)[:, :, None])


class TestRefused:
    @pytest.mark.parametrize("quality", [0, 101, -1])
    def test_quality(self, quality: int) -> None:
        with pytest.raises(OptionError) as caught:
            encode(RGB, None, "jpg", quality=quality)
        assert caught.value.parameter == "quality"

    def test_format(self) -> None:
        with pytest.raises(OptionError) as caught:
            encode(RGB, None, "bmp")
        assert caught.value.parameter == "format"

    @pytest.mark.parametrize(
        ("kind", "side"), [("webp", 16_384), ("jpg", 65_501), ("zip", 65_501), ("psd", 30_001)]
    )
    def test_more_pixels_than_the_format_holds(self, kind: OutputFormat, side: int) -> None:
        with pytest.raises(OutputError) as caught:
            encode(np.zeros((8, side, 3), np.uint8), np.zeros((8, side), np.uint8), kind)
        assert caught.value.code == "output_too_large"


class TestZip:
    def test_holds_exactly_colour_and_gray_alpha(self) -> None:
        with zipfile.ZipFile(io.BytesIO(encode(RGB, ALPHA, "zip"))) as archive:
            assert archive.namelist() == ["color.jpg", "alpha.png"]
            color, alpha = (opened(archive.read(name)) for name in archive.namelist())
        assert (color.format, color.mode, alpha.format, alpha.mode) == ("JPEG", "RGB", "PNG", "L")
        np.testing.assert_array_equal(np.asarray(alpha), ALPHA)
        # Colours reach under the clear part, so that any other matte can be used with them.
        assert np.abs(np.asarray(color).astype(int) - RGB).mean() < 3

    def test_without_alpha_all_is_solid(self) -> None:
        with zipfile.ZipFile(io.BytesIO(encode(RGB, None, "zip"))) as archive:
            assert (np.asarray(opened(archive.read("alpha.png"))) == 255).all()

    def test_same_cutout_same_bytes(self) -> None:
        assert encode(RGB, ALPHA, "zip") == encode(RGB, ALPHA, "zip")


class TestZipToPng:
    def test_joins(self) -> None:
        photo = decode(zip_to_png(encode(RGB, ALPHA, "zip", quality=100, dpi=(300, 150))))
        assert photo.format == "png"
        assert photo.alpha is not None
        np.testing.assert_array_equal(photo.alpha, ALPHA)
        assert np.abs(photo.pixels[SHOWN].astype(int) - RGB[SHOWN]).mean() < 2
        assert photo.dpi == pytest.approx((300, 150), abs=0.02)

    def test_other_files_beside_the_two_do_not_matter(self) -> None:
        files = {
            "readme.txt": b"hello",
            "color.jpg": COLOR_FILE,
            "alpha.png": ALPHA_FILE,
        }
        assert opened(zip_to_png(photos.zip_of(files, zipfile.ZIP_DEFLATED))).mode == "RGBA"

    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (b"", "broken_archive"),
            (b"not a zip", "broken_archive"),
            (encode(RGB, ALPHA, "zip")[:-40], "broken_archive"),
            (photos.zip_of({}), "broken_archive"),
            (photos.zip_of({"color.jpg": COLOR_FILE}), "broken_archive"),
            (photos.zip_of({"color.jpg": b"", "alpha.png": b""}), "broken_archive"),
            (
                photos.zip_of({"color.jpg": b"no photo", "alpha.png": ALPHA_FILE}),
                "broken_archive",
            ),
            (
                photos.zip_of({"color.jpg": COLOR_FILE, "alpha.png": encode(ALPHA[:40], None, "png")}),
                "broken_archive",
            ),
            (
                photos.zip_of({"color.jpg": photos.jpeg_claiming(9000, 9000), "alpha.png": ALPHA_FILE}),
                "too_many_pixels",
            ),
        ],
        ids=[
            "empty",
            "no zip",
            "cut off",
            "nothing in it",
            "no alpha",
            "empty files",
            "no photo",
            "sizes",
            "huge",
        ],
    )
    def test_bad_archives(self, data: bytes, code: str) -> None:
        with pytest.raises(OffcutError) as caught:
            zip_to_png(data)
        assert caught.value.code == code

    def test_locked_archive(self) -> None:
        data = bytearray(photos.zip_of({"color.jpg": COLOR_FILE, "alpha.png": b"x"}))
        data[6] |= 1
        at = data.index(b"PK\1\2")
        data[at + 8] |= 1
        with pytest.raises(OffcutError) as caught:
            zip_to_png(bytes(data))
        assert caught.value.code == "broken_archive"

    def test_bomb(self) -> None:
        data = photos.zip_of({"color.jpg": bytes(30_000_000), "alpha.png": b""}, zipfile.ZIP_DEFLATED)
        with pytest.raises(OffcutError) as caught:
            zip_to_png(data, limits=Limits(bytes_max=1_000_000))
        assert (len(data) < 100_000, caught.value.code) == (True, "decompression_bomb")

    @settings(max_examples=150, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=8))
    def test_damage_is_always_named(self, changes: list[tuple[int, int]]) -> None:
        data = bytearray(encode(RGB, ALPHA, "zip"))
        for at, value in changes:
            data[at % len(data)] = value
        try:
            joined = zip_to_png(bytes(data))
        except OffcutError as error:
            known = error.code in ("broken_archive", "too_many_pixels", "decompression_bomb")
        else:
            known = opened(joined).mode in ("RGBA", "RGB")
        assert known


class TestPhotoshop:
    @pytest.fixture
    def psd(self) -> psd_tools.PSDImage:
        layers = [Layer("Photo", 255 - RGB, mask=ALPHA)]
        return psd_tools.PSDImage.open(io.BytesIO(encode(RGB, ALPHA, "psd", dpi=(300, 150), layers=layers)))

    def test_one_layer_with_a_mask(self, psd: psd_tools.PSDImage) -> None:
        assert [(layer.name, layer.kind, layer.bbox) for layer in psd] == [
            ("Photo", "pixel", (0, 0, photos.WIDTH, photos.HEIGHT))
        ]
        assert psd[0].has_mask()
        assert not psd[0].mask.disabled
        assert psd[0].is_visible()
        assert psd[0].opacity == 255

    def test_layer_is_the_whole_photo(self, psd: psd_tools.PSDImage) -> None:
        layer = psd[0].topil()
        assert layer is not None
        np.testing.assert_array_equal(np.asarray(layer.convert("RGB")), 255 - RGB)
        assert layer.getextrema()[3] == (255, 255)

    def test_mask_is_the_matte(self, psd: psd_tools.PSDImage) -> None:
        np.testing.assert_array_equal(np.asarray(psd[0].mask.topil()), ALPHA)
        assert psd[0].mask.background_color == 0

    def test_composite_is_the_cutout(self, psd: psd_tools.PSDImage) -> None:
        composite = np.asarray(psd.topil())
        np.testing.assert_array_equal(composite[:, :, 3], ALPHA)
        solid = ALPHA == 255
        np.testing.assert_array_equal(composite[solid, :3], RGB[solid])

    def test_pillow_reads_it_too(self) -> None:
        image = opened(encode(RGB, ALPHA, "psd"))
        weight = ALPHA[:, :, None] / 255
        over_white = RGB * weight + 255 * (1 - weight)
        assert image.size == (photos.WIDTH, photos.HEIGHT)
        assert np.abs(np.asarray(image.convert("RGB")) - over_white).max() <= 1

    def test_resolution_and_profile(self, psd: psd_tools.PSDImage) -> None:
        resources = {int(key): value.data for key, value in psd.image_resources.items()}
        across, down = resources[1005].horizontal, resources[1005].vertical
        assert (across / 65536, down / 65536) == (300, 150)
        assert resources[1039] == photos.profile("srgb")

    def test_layer_name_may_be_any_text(self) -> None:
        from offcut.engine.psd import write_psd

        out = io.BytesIO()
        write_psd(out, [Layer("Фото 写真 🦊", RGB, mask=ALPHA)], RGB, ALPHA)
        assert psd_tools.PSDImage.open(io.BytesIO(out.getvalue()))[0].name == "Фото 写真 🦊"

    def test_layers_lie_in_their_order_each_with_its_own(self) -> None:
        black = np.zeros_like(RGB)
        layers = [
            Layer("Background", RGB),
            Layer("Shadow", black, 255 - ALPHA),
            Layer("Photo", RGB, mask=ALPHA),
        ]
        file = psd_tools.PSDImage.open(io.BytesIO(encode(RGB, None, "psd", layers=layers)))
        assert [(layer.name, layer.has_mask()) for layer in file] == [
            ("Background", False), ("Shadow", False), ("Photo", True)
        ]  # fmt: skip
        below, shadow, photo = (np.asarray(layer.topil()) for layer in file)
        np.testing.assert_array_equal(below[..., :3], RGB)
        np.testing.assert_array_equal(shadow[..., 3], 255 - ALPHA)
        np.testing.assert_array_equal(photo[..., :3], RGB)
        np.testing.assert_array_equal(np.asarray(file[2].mask.topil()), ALPHA)

    @pytest.mark.skipif(shutil.which("identify") is None, reason="ImageMagick is not installed")
    def test_imagemagick_reads_it_too(self, tmp_path: Path) -> None:
        path = tmp_path / "cutout.psd"
        path.write_bytes(encode(RGB, ALPHA, "psd", dpi=(300, 150)))
        done = subprocess.run(["identify", str(path)], capture_output=True, text=True, check=True)
        assert done.stdout.count(f"{photos.WIDTH}x{photos.HEIGHT}") >= 2
        assert done.stderr == ""

    @settings(max_examples=60, deadline=None)
    @given(
        arrays(
            np.uint8,
            st.tuples(st.integers(1, 12), st.integers(1, 300)),
            elements=st.sampled_from([0, 7, 255]),
        )
    )
    def test_packed_rows_unpack(self, plane: np.ndarray) -> None:
        packed, lengths = pack_rows(plane)
        ends = np.cumsum(lengths)
        rows = [packed[end - length : end] for end, length in zip(ends, lengths, strict=True)]
        assert [unpack_bits(row) for row in rows] == [row.tobytes() for row in plane]
        assert ends[-1] == len(packed)


def unpack_bits(row: bytes) -> bytes:
    """PackBits as Apple's technical note 1023 says it, written here so that the test leans on nobody."""
    out, at = bytearray(), 0
    while at < len(row):
        lead = row[at]
        if lead < 128:
            out += row[at + 1 : at + 2 + lead]
            at += 2 + lead
        else:
            out += row[at + 1 : at + 2] * (257 - lead) if lead > 128 else b""
            at += 2 if lead > 128 else 1
    return bytes(out)


class TestWriteFile:
    def test_writes_and_replaces(self, tmp_path: Path) -> None:
        path = tmp_path / "cutout.png"
        write_file(path, b"one")
        write_file(path, b"two")
        assert path.read_bytes() == b"two"
        assert [p.name for p in tmp_path.iterdir()] == ["cutout.png"]

    def test_permissions_are_those_of_any_new_file(self, tmp_path: Path) -> None:
        (tmp_path / "plain").write_bytes(b"")
        write_file(tmp_path / "ours", b"x")
        assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == stat.S_IMODE(
            (tmp_path / "plain").stat().st_mode
        )

    def test_a_link_stays_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(tmp_path / "target")
        (tmp_path / "target").write_bytes(b"old")
        write_file(tmp_path / "link", b"new")
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "target").read_bytes() == b"new"

    @pytest.mark.parametrize("where", ["missing/cutout.png", "folder", "file/cutout.png"])
    def test_unwritable(self, tmp_path: Path, where: str) -> None:
        (tmp_path / "folder").mkdir()
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(OutputError) as caught:
            write_file(tmp_path / where, b"x")
        assert caught.value.code == "unwritable_output"
        assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has /dev/full")
    def test_full_device(self) -> None:
        with pytest.raises(OutputError) as caught:
            write_file("/dev/full", b"x" * 10_000)
        assert caught.value.code == "disk_full"

    def test_no_room(self, tmp_path: Path) -> None:
        """A limit on file sizes stops the write half way, as a full disk does; the old file must survive."""
        resource = pytest.importorskip("resource")
        (tmp_path / "cutout.png").write_bytes(b"old")
        script = (
            "import resource, signal, sys\n"
            "from offcut.engine.files import write_file\n"
            "from offcut.errors import DiskFullError\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
            "try: write_file(sys.argv[1], bytes(100_000))\n"
            "except DiskFullError as error: print(error.code)\n"
        )
        assert resource.RLIMIT_FSIZE is not None
        done = subprocess.run(
            [sys.executable, "-B", "-c", script, str(tmp_path / "cutout.png")],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout == "disk_full\n"
        assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"cutout.png": b"old"}

    def test_interrupted_before_the_rename(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupt(_: int) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write_file(tmp_path / "cutout.png", b"x")
        assert list(tmp_path.iterdir()) == []
