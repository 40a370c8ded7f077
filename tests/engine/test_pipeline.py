"""The steps of a removal together: first with networks that are made here, then with the real ones.

The made networks see what is red, wherever it lies, and note every call (tests/engine/made_networks.py).
"""

from __future__ import annotations

import contextlib
import gc
import io
import weakref
from collections.abc import Iterator
from functools import cache
from typing import Any

import cv2
import numpy as np
import psd_tools
import pytest
from PIL import Image
from skimage import data
from tests.engine import made_networks as made
from tests.engine import nothing
from tests.engine.made_networks import HEIGHT, WIDTH, MadeNetworks, letter, made_networks, shown

import offcut
from offcut.engine import pipeline, transparency
from offcut.engine.cutout import Cutout
from offcut.engine.models.networks import Networks
from offcut.engine.opening import open_photo
from offcut.engine.options import Options
from offcut.engine.types import Alpha, Mask, Matte, Rgb, Rgba
from offcut.errors import (
    BackgroundImageError,
    NoForegroundError,
    OffcutError,
    OptionError,
    WeightsMissingError,
)

STEPS = ["segment", "subject", "refine", "foreground", "compose"]


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> MadeNetworks:
    return made_networks(monkeypatch)


def large_jpeg() -> bytes:
    """3600×2400 pixels, the letter six times as large."""
    out = io.BytesIO()
    pixels = cv2.resize(shown(), None, fx=6, fy=6, interpolation=cv2.INTER_LINEAR)
    Image.fromarray(pixels).save(out, "JPEG", quality=92)
    return out.getvalue()


def cut(photo: object, networks: object, *, told: list[str] | None = None, **options: object) -> Cutout:
    asked = Options(**options)  # type: ignore[arg-type]
    on_step = None if told is None else told.append
    return pipeline.cut_out(open_photo(photo, asked), asked, networks, on_step=on_step)  # type: ignore[arg-type]


def overlap(alpha: Alpha, mask: Mask) -> float:
    """Intersection over union; the mask is brought to the alpha's size."""
    truth = cv2.resize(mask.astype(np.float32), alpha.shape[::-1], interpolation=cv2.INTER_AREA) > 0.5
    found = alpha > 127
    return np.count_nonzero(found & truth) / np.count_nonzero(found | truth)


class TestSteps:
    def test_a_photo_becomes_a_cutout_of_its_own_size(self, networks: MadeNetworks) -> None:
        cutout = cut(shown(), networks)
        assert cutout.alpha.shape == (HEIGHT, WIDTH)
        assert cutout.rgb.shape == (HEIGHT, WIDTH, 3)
        assert cutout.alpha.dtype == cutout.rgb.dtype == np.uint8
        assert overlap(cutout.alpha, letter()) > 0.97
        assert cutout.box == pytest.approx((60, 60, 420, 340), abs=4)
        assert (cutout.source_size, cutout.notes) == ((WIDTH, HEIGHT), ())
        assert [layer.name for layer in cutout.layers or ()] == ["Photo"]

    def test_are_told_as_they_begin(self, networks: MadeNetworks) -> None:
        told: list[str] = []
        cut(shown(), networks, told=told)
        assert told == STEPS

    def test_end_where_there_is_nothing(self, networks: MadeNetworks) -> None:
        told: list[str] = []
        with pytest.raises(NoForegroundError) as caught:
            cut(shown(np.zeros((HEIGHT, WIDTH), bool)), networks, told=told)
        assert told == STEPS[:3]
        assert caught.value.hint

    def test_let_go_of_a_photo_of_nothing_at_once(self, networks: MadeNetworks) -> None:
        photo = open_photo(shown(np.zeros((HEIGHT, WIDTH), bool)), Options())
        pixels = weakref.ref(photo.pixels)
        gc.disable()  # It would find the pixels in any circle, but only now and then.
        try:
            with contextlib.suppress(NoForegroundError):
                pipeline.cut_out(photo, Options(), networks)  # type: ignore[arg-type]
            del photo
            assert pixels() is None
        finally:
            gc.enable()

    def test_the_subjects_own_pixels_are_kept(self, networks: MadeNetworks) -> None:
        photo = shown()
        cutout = cut(photo, networks)
        solid = cutout.alpha == 255
        assert solid.mean() > 0.2
        assert np.array_equal(cutout.rgb[solid], photo[solid])

    def test_the_photo_is_left_as_it_is(self, networks: MadeNetworks) -> None:
        photo = shown()
        before = photo.copy()
        cut(photo, networks, bg_color="white", shadow_type="drop", crop=True)
        assert np.array_equal(photo, before)

    def test_a_network_of_one_size_looks_once_at_the_size_it_has(self, networks: MadeNetworks) -> None:
        networks.step = 0
        mask = np.zeros((HEIGHT, WIDTH), bool)
        mask[180:230, 280:330] = True  # small: others would look again
        cutout = cut(shown(mask), networks)
        assert networks.calls == [pipeline.FINE, pipeline.WHOLE, pipeline.DETECTOR]
        assert networks.sides[0] is None
        assert overlap(cutout.alpha, mask) > 0.9

    def test_other_weights_may_draw_the_detail(self, networks: MadeNetworks) -> None:
        pipeline.cut_out(open_photo(shown()), Options(), networks, model="birefnet")  # type: ignore[arg-type]
        assert networks.calls == ["birefnet", pipeline.WHOLE, pipeline.DETECTOR]


class TestPrompts:
    """The letter, and a square to the right of it."""

    def mask(self) -> Mask:
        return letter() | self.square()

    def square(self) -> Mask:
        mask = np.zeros((HEIGHT, WIDTH), bool)
        mask[80:180, 460:560] = True
        return mask

    @pytest.mark.parametrize("option", ["box", "roi"])
    @pytest.mark.parametrize("value", ["440px 60px 580px 200px", "73.34% 15% 96.66% 50%"])
    def test_a_region_leaves_all_else_out(self, networks: MadeNetworks, option: str, value: str) -> None:
        alpha = cut(shown(self.mask()), networks, **{option: value}).alpha
        assert overlap(alpha, self.square()) > 0.95
        alpha[60:200, 440:580] = 0
        assert not alpha.any()

    def test_points_choose_and_drop(self, networks: MadeNetworks) -> None:
        photo = shown(self.mask())
        assert overlap(cut(photo, networks, points="510px 130px").alpha, self.square()) > 0.95
        assert overlap(cut(photo, networks, points="510px 130px background").alpha, letter()) > 0.95

    @pytest.mark.parametrize(
        "prompt",
        [
            {"box": "360px 360px 2520px 2040px"},
            {"roi": "360px 360px 2520px 2040px"},
            {"points": "720px 720px"},
            {"points": "2400px 1800px, 3500px 100px background"},
        ],
    )
    def test_their_pixels_are_the_files_even_if_it_is_decoded_smaller(
        self, networks: MadeNetworks, prompt: dict[str, str]
    ) -> None:
        cutout = cut(large_jpeg(), networks, size="preview", **prompt)
        assert cutout.source_size == (3600, 2400)
        assert overlap(cutout.alpha, letter()) > 0.96

    @pytest.mark.parametrize(
        ("option", "value", "code"),
        [
            ("roi", "0px 0px 601px 400px", "roi_exceeds_bounds"),
            ("box", "0px 0px 600px 401px", "box_exceeds_bounds"),
            ("roi", "50px 50px 50px 90px", "roi_region_empty"),
            ("box", "9px 9px 5px 5px", "box_region_empty"),
            ("points", "601px 10px", "points_exceed_bounds"),
        ],
    )
    def test_that_do_not_fit_are_refused_before_any_network_runs(
        self, networks: MadeNetworks, option: str, value: str, code: str
    ) -> None:
        with pytest.raises(OptionError) as caught:
            cut(shown(), networks, **{option: value})
        assert caught.value.code == code
        assert networks.calls == []

    @pytest.mark.parametrize(
        "prompt",
        [
            {"box": "450px 20px 590px 200px"},
            {"points": "500px 100px"},
        ],
    )
    def test_on_nothing_find_nothing(self, networks: MadeNetworks, prompt: dict[str, str]) -> None:
        with pytest.raises(NoForegroundError):
            cut(shown(), networks, **prompt)


class TestSizes:
    def test_a_preview_is_the_full_result_made_smaller(self, networks: MadeNetworks) -> None:
        file = large_jpeg()
        full, preview = cut(file, networks), cut(file, networks, size="preview")
        assert full.alpha.shape == (2400, 3600)
        assert preview.alpha.size <= 250_000
        smaller = cv2.resize(full.alpha, preview.alpha.shape[::-1], interpolation=cv2.INTER_AREA)
        assert np.abs(smaller.astype(int) - preview.alpha).mean() < 1.0
        assert preview.source_size == full.source_size == (3600, 2400)

    def test_one_subject_found_small_or_large(self, networks: MadeNetworks) -> None:
        assert overlap(cut(large_jpeg(), networks).alpha, letter()) > 0.98


class TestTransparency:
    def test_what_was_transparent_stays_so(self, networks: MadeNetworks) -> None:
        given = np.full((HEIGHT, WIDTH), 255, np.uint8)
        given[60:200] = 0
        given[200:260] = 100
        alpha = cut(np.dstack((shown(), given)), networks).alpha
        assert not alpha[60:200].any()
        assert alpha[200:260].max() == 100
        assert (alpha[270:330, 70:410] == 255).all()

    def test_it_is_brought_to_the_results_size(self, networks: MadeNetworks) -> None:
        given = np.full((HEIGHT * 2, WIDTH * 2), 255, np.uint8)
        given[: HEIGHT * 3 // 4] = 0
        large = cv2.resize(shown(), (WIDTH * 2, HEIGHT * 2))
        alpha = cut(np.dstack((large, given)), networks, size="preview").alpha
        edge = round(alpha.shape[0] * 3 / 8)
        assert not alpha[: edge - 1].any()
        assert alpha[edge + 5 :].any()

    def test_a_photo_that_is_all_transparent_has_no_subject(self, networks: MadeNetworks) -> None:
        with pytest.raises(NoForegroundError):
            cut(np.dstack((shown(), np.zeros((HEIGHT, WIDTH), np.uint8))), networks)


class TestResults:
    def test_the_matte_alone_costs_no_colours(
        self, networks: MadeNetworks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = cut(shown(), networks)
        monkeypatch.setattr(pipeline.foreground, "estimate", None)
        cutout = cut(shown(), networks, channels="alpha")
        assert np.array_equal(cutout.alpha, whole.alpha)
        with Image.open(io.BytesIO(cutout.encode())) as image:
            assert (image.format, image.mode) == ("PNG", "L")
            assert np.array_equal(np.asarray(image), whole.alpha)

    @pytest.mark.parametrize("crop", [False, True])
    def test_a_psd_keeps_the_photo_as_its_layer(self, networks: MadeNetworks, crop: bool) -> None:
        photo = shown()
        cutout = cut(photo, networks, format="psd", crop=crop)
        assert cutout.layers is not None
        (layer,) = cutout.layers
        assert layer.rgb.shape == cutout.rgb.shape
        assert np.array_equal(layer.mask, cutout.alpha)
        left, top = 0, 0
        if crop:
            uncropped = cut(photo, networks)
            assert uncropped.box is not None
            left, top = uncropped.box[:2]
        height, width = cutout.alpha.shape
        assert np.array_equal(layer.rgb, photo[top : top + height, left : left + width])
        assert cutout.encode().startswith(b"8BPS")

    @pytest.mark.parametrize(
        ("asked", "names"),
        [
            ({"bg_color": "#123456"}, ["Background", "Photo"]),
            ({"shadow_type": "drop"}, ["Shadow", "Photo"]),
            ({"bg_color": "#12345680", "shadow_type": "drop"}, ["Background", "Shadow", "Photo"]),
            ({"bg_color": "white", "crop": True, "crop_margin": "40px"}, ["Background", "Photo"]),
        ],
    )
    def test_a_psd_shows_by_its_layers_what_the_picture_shows(
        self, networks: MadeNetworks, asked: dict[str, Any], names: list[str]
    ) -> None:
        cutout = cut(shown(), networks, format="psd", **asked)
        file = psd_tools.PSDImage.open(io.BytesIO(cutout.encode()))
        assert [layer.name for layer in file] == names
        alone = cut(shown(), networks, **{k: v for k, v in asked.items() if k.startswith("crop")})
        assert np.array_equal(np.asarray(file[-1].mask.topil()), alone.alpha), "the subject's own matte"
        shown_by_layers = np.asarray(file.composite(force=True).convert("RGBA")).astype(int)
        wanted = cutout.rgba.astype(int)
        # Soft edges are left out: there the layer has the photo's own colours.
        clear = (alone.alpha == 0) | (alone.alpha == 255)
        assert np.abs(shown_by_layers[..., 3] - wanted[..., 3])[clear].max() <= 2
        seen = clear & (wanted[..., 3] > 0)
        assert np.abs(shown_by_layers - wanted)[..., :3][seen].max() <= 4

    def test_a_psd_of_a_cutout_that_kept_no_layers_is_refused(self, networks: MadeNetworks) -> None:
        assert cut(shown(), networks).encode("psd").startswith(b"8BPS")
        with pytest.raises(OptionError, match="layers"):
            cut(shown(), networks, bg_color="white").encode("psd")

    def test_crop_leaves_the_subject_alone(self, networks: MadeNetworks) -> None:
        whole, cropped = cut(shown(), networks), cut(shown(), networks, crop=True)
        assert whole.box is not None
        left, top, right, bottom = whole.box
        assert np.array_equal(cropped.alpha, whole.alpha[top:bottom, left:right])
        assert cropped.box == (0, 0, right - left, bottom - top)
        roomy = cut(shown(), networks, crop=True, crop_margin="10px 20px")
        assert roomy.box == (20, 10, 20 + right - left, 10 + bottom - top)

    def test_a_background_colour_makes_it_opaque(self, networks: MadeNetworks) -> None:
        cutout = cut(shown(), networks, bg_color="#123456")
        assert (cutout.alpha == 255).all()
        assert tuple(cutout.rgb[10, 590]) == (0x12, 0x34, 0x56)
        assert np.array_equal(cutout.rgb[300, 100], shown()[300, 100])
        assert cutout.box == pytest.approx((60, 60, 420, 340), abs=4)

    def test_a_background_colour_may_be_half_transparent(self, networks: MadeNetworks) -> None:
        cutout = cut(shown(), networks, bg_color="ff000080")
        assert cutout.alpha[10, 590] == 0x80
        assert cutout.alpha[300, 100] == 255

    def test_a_background_image_covers_the_canvas_and_is_white_where_transparent(
        self, networks: MadeNetworks
    ) -> None:
        picture = np.zeros((50, 75, 4), np.uint8)
        picture[:, 40:] = (0, 0, 250, 255)
        out = io.BytesIO()
        Image.fromarray(picture).save(out, "PNG")
        cutout = cut(shown(), networks, bg_image=out.getvalue())
        assert (cutout.alpha == 255).all()
        assert tuple(cutout.rgb[10, 10]) == (255, 255, 255)
        assert tuple(cutout.rgb[10, 590]) == (0, 0, 250)
        assert np.array_equal(cutout.rgb[300, 100], shown()[300, 100])

    @pytest.mark.parametrize(("file", "cause"), [(b"", "empty_photo"), (b"no photo", "not_an_image")])
    def test_a_background_that_is_no_photo_is_refused_before_any_network_runs(
        self, networks: MadeNetworks, file: bytes, cause: str
    ) -> None:
        with pytest.raises(BackgroundImageError) as caught:
            cut(shown(), networks, bg_image=file)
        assert (caught.value.code, caught.value.parameter) == ("invalid_bg_image", "bg_image")
        assert isinstance(caught.value.__cause__, OffcutError)
        assert caught.value.__cause__.code == cause
        assert networks.calls == []

    def test_a_hint_is_believed(self, networks: MadeNetworks) -> None:
        cutout = cut(shown(), networks, type="car")
        assert (cutout.subject, cutout.confidence) == ("car", 1.0)

    def test_notes_of_the_photo_are_handed_on(self, networks: MadeNetworks) -> None:
        out = io.BytesIO()
        Image.fromarray(shown()).save(out, "PNG", icc_profile=b"no profile at all")
        assert [note.code for note in cut(out.getvalue(), networks).notes] == ["broken_color_profile"]

    def test_a_shadow_falls_and_its_replacement_is_said(self, networks: MadeNetworks) -> None:
        plain, shaded = cut(shown(), networks), cut(shown(), networks, shadow_type="drop")
        assert shaded.alpha.sum(dtype=int) > plain.alpha.sum(dtype=int)
        assert shaded.box == plain.box
        assert shaded.notes == ()
        standing = np.zeros((HEIGHT, WIDTH), bool)
        standing[100:, 200:400] = True
        cut_off = cut(shown(standing), networks, shadow_type="3D")
        assert [note.code for note in cut_off.notes] == ["shadow_replaced"]

    def test_the_matte_alone_has_no_shadow(self, networks: MadeNetworks) -> None:
        plain = cut(shown(), networks)
        assert np.array_equal(cut(shown(), networks, channels="alpha", shadow_type="drop").alpha, plain.alpha)


class TestWindows:
    """A car's windows: 60 % clear wherever they are let through."""

    @pytest.mark.parametrize(
        ("options", "clear"),
        [
            ({"type": "car"}, False),
            ({"type": "car", "bg_color": "0000ff"}, True),
            ({"type": "car", "bg_image": np.full((40, 60, 3), (0, 0, 255), np.uint8)}, True),
            ({"type": "car", "semitransparency": True}, True),
            ({"type": "car", "semitransparency": False}, False),
            ({"type": "car", "bg_color": "0000ff", "semitransparency": False}, False),
            ({"type": "product", "bg_color": "0000ff", "semitransparency": True}, False),
            ({"type": "car_interior", "semitransparency": True}, False),
        ],
    )
    def test_let_the_background_through(
        self,
        networks: MadeNetworks,
        monkeypatch: pytest.MonkeyPatch,
        options: dict[str, Any],
        clear: bool,
    ) -> None:
        def glass(_rgb: Rgb, alpha: Alpha, _box: object) -> Alpha:
            found = np.zeros_like(alpha)
            found[280:300, 100:200] = 153
            return found

        monkeypatch.setattr(pipeline.glass, "find_glass", glass)
        cutout = cut(shown(), networks, **options)
        door, window = np.s_[320, 150], np.s_[290, 150]
        assert cutout.alpha[door] == 255
        if cutout.options.has_opaque_background:
            # Red is left at two fifths, and blue comes through.
            assert (int(cutout.rgb[window][2]) > 130) == clear
            assert int(cutout.rgb[door][2]) < 80
        else:
            assert cutout.alpha[window] == (102 if clear else 255)

    def test_that_are_not_found_change_nothing(
        self, networks: MadeNetworks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pipeline.glass, "find_glass", lambda *_: None)
        plain = cut(shown(), networks, type="car")
        asked = cut(shown(), networks, type="car", semitransparency=True)
        assert np.array_equal(plain.alpha, asked.alpha)


def standing_out(picture: Rgb, side: int) -> Matte:
    """What differs from the photo's corner."""
    difference = np.abs(picture.astype(np.int16) - picture[0, 0]).max(axis=2)
    return cv2.resize((difference > 60).astype(np.float32), (side, side), interpolation=cv2.INTER_AREA)


def artwork(colour: tuple[int, int, int], under: tuple[int, int, int]) -> Rgba:
    """The letter in one colour, on transparent pixels of another."""
    mask = letter()[..., None]
    return np.dstack((np.where(mask, colour, under), np.where(mask, 255, 0))).astype(np.uint8)


class TestTransparentPhotos:
    """The made networks see what differs from the photo's corner."""

    @pytest.fixture(autouse=True)
    def _seen(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(made, "red", standing_out)

    @pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (128, 128, 128)])
    def test_show_what_has_the_colour_of_the_pixels_that_they_hide(
        self, networks: MadeNetworks, colour: tuple[int, int, int]
    ) -> None:
        told: list[str] = []
        photo = artwork(colour, colour)
        cutout = cut(photo, networks, told=told)
        assert overlap(cutout.alpha, letter()) > 0.97
        assert told == STEPS
        assert np.array_equal(cutout.rgb[cutout.alpha == 255], photo[..., :3][cutout.alpha == 255])

    def test_show_dark_artwork_whole_and_not_its_bright_detail_alone(self, networks: MadeNetworks) -> None:
        photo = artwork((0, 0, 0), (0, 0, 0))
        photo[100:140, 100:140, 0] = 220
        assert overlap(cut(photo, networks).alpha, letter()) > 0.97

    @pytest.mark.parametrize("under", [None, (0, 0, 0)])
    def test_are_looked_at_as_they_are_where_that_shows_the_subject(
        self, networks: MadeNetworks, monkeypatch: pytest.MonkeyPatch, under: tuple[int, int, int] | None
    ) -> None:
        """On another ground a photo in a round frame would be one round thing."""
        monkeypatch.setattr(transparency, "laid_out", lambda *_: pytest.fail("it was laid out"))
        frame = cv2.ellipse(np.zeros((HEIGHT, WIDTH), np.uint8), (300, 200), (290, 190), 0, 0, 360, 255, -1)
        pixels = shown()
        if under is not None:
            pixels[frame == 0] = under
        cutout = cut(np.dstack((pixels, frame)), networks)
        assert cutout.alpha[200, 120] == 255
        assert not cutout.alpha[frame == 0].any()

    def test_with_nothing_to_see_are_refused(self, networks: MadeNetworks) -> None:
        photo = artwork((0, 0, 0), (0, 0, 0))
        photo[..., 3] = 0
        with pytest.raises(NoForegroundError):
            cut(photo, networks)

    def test_cost_opaque_ones_nothing(self, networks: MadeNetworks, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("hides", "laid_out"):
            monkeypatch.setattr(transparency, name, lambda *_: pytest.fail("it is opaque"))
        cut(shown(), networks)
        before = list(networks.calls)
        with pytest.raises(NoForegroundError):
            cut(np.full((HEIGHT, WIDTH, 3), 90, np.uint8), networks)
        assert networks.calls.count(pipeline.WHOLE) == before.count(pipeline.WHOLE) + 1


@pytest.fixture(scope="module")
def real() -> Iterator[Networks]:
    with Networks() as networks:
        for name in networks.weights.catalog.default:
            networks.weights.pull(name)
        yield networks


@pytest.fixture(scope="module")
def photographs() -> dict[str, Rgb]:
    return {name: np.asarray(getattr(data, name)()) for name in ("astronaut", "chelsea", "coffee")}


NOTHING = tuple(nothing.photos(0, (160, 480)))


@cache
def empty_photos() -> dict[str, Rgb]:
    return nothing.photos(0)


@pytest.fixture(scope="module")
def removed(real: Networks, photographs: dict[str, Rgb]) -> dict[str, Cutout]:
    return {name: offcut.remove(photo, networks=real) for name, photo in photographs.items()}


@pytest.mark.network
class TestRealNetworks:
    @pytest.mark.parametrize(
        ("name", "subject", "inside", "outside"),
        [
            # Her face and suit; the flag and the corner of the screen.
            (
                "astronaut",
                "person",
                [np.s_[60:160, 190:260], np.s_[350:500, 150:300]],
                [np.s_[20:300, 10:50]],
            ),
            # The cat's face; the wall at its right.
            ("chelsea", "animal", [np.s_[60:200, 140:280]], [np.s_[10:80, 430:450]]),
            # The cup; the table's corners.
            ("coffee", "product", [np.s_[100:250, 200:380]], [np.s_[0:40, 0:60], np.s_[360:400, 540:600]]),
        ],
    )
    def test_find_and_name_the_subject(
        self,
        removed: dict[str, Cutout],
        photographs: dict[str, Rgb],
        name: str,
        subject: str,
        inside: list[Any],
        outside: list[Any],
    ) -> None:
        cutout = removed[name]
        assert cutout.subject == subject
        assert 0.2 < cutout.confidence <= 1
        assert cutout.alpha.shape == photographs[name].shape[:2]
        assert cutout.notes == ()
        assert all(cutout.alpha[part].mean() > 250 for part in inside)
        assert all(cutout.alpha[part].mean() < 5 for part in outside)

    @pytest.mark.parametrize(("colour", "under"), [(0, 0), (255, 255), (128, 128), (0, 255), (255, 0)])
    def test_find_artwork_on_transparent_pixels_of_any_colour(
        self, real: Networks, colour: int, under: int
    ) -> None:
        cutout = offcut.remove(artwork((colour,) * 3, (under,) * 3), networks=real)
        assert overlap(cutout.alpha, letter()) > 0.97

    def test_a_preview_is_the_full_result_made_smaller(
        self, real: Networks, removed: dict[str, Cutout], photographs: dict[str, Rgb]
    ) -> None:
        preview = offcut.remove(photographs["astronaut"], networks=real, size="preview")
        full = removed["astronaut"].alpha
        smaller = cv2.resize(full, preview.alpha.shape[::-1], interpolation=cv2.INTER_AREA)
        assert np.abs(smaller.astype(int) - preview.alpha).mean() < 1.5

    def test_a_region_limits_the_search(self, real: Networks, photographs: dict[str, Rgb]) -> None:
        cutout = offcut.remove(photographs["astronaut"], networks=real, roi="150px 20px 300px 260px")
        outside = cutout.alpha.copy()
        outside[20:260, 150:300] = 0
        assert not outside.any()
        assert cutout.alpha[60:160, 190:260].mean() > 240

    def test_a_point_takes_what_it_lies_on(
        self, real: Networks, photographs: dict[str, Rgb], removed: dict[str, Cutout]
    ) -> None:
        cutout = offcut.remove(photographs["coffee"], networks=real, points="280px 180px")
        found, plain = cutout.alpha > 127, removed["coffee"].alpha > 127
        assert np.count_nonzero(found & plain) > 0.9 * np.count_nonzero(found)
        assert found[180, 280]

    def test_results_are_the_same_however_many_threads_work(
        self, real: Networks, photographs: dict[str, Rgb], removed: dict[str, Cutout]
    ) -> None:
        four = [outcome.cutout for outcome in offcut.remove_many(photographs.values(), jobs=4, networks=real)]
        for cutout, alone in zip(four, removed.values(), strict=True):
            assert cutout is not None
            assert np.array_equal(cutout.alpha, alone.alpha)
            assert np.array_equal(cutout.rgb, alone.rgb)
            assert (cutout.subject, cutout.confidence, cutout.box) == (
                alone.subject,
                alone.confidence,
                alone.box,
            )

    @pytest.mark.parametrize("name", NOTHING)
    def test_refuse_photos_with_nothing_in_them(self, real: Networks, name: str) -> None:
        with pytest.raises(NoForegroundError) as caught:
            offcut.remove(empty_photos()[name], networks=real)
        assert caught.value.code == "no_foreground"

    def test_weights_that_were_never_fetched_are_an_error(self, tmp_path: Any) -> None:
        with Networks(tmp_path) as empty, pytest.raises(WeightsMissingError):
            offcut.remove(shown(), networks=empty)
