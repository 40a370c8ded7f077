"""The result from a kept matte, without networks, and with what only the studio asks for."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import psd_tools
import pytest
from tests.engine.made_networks import HEIGHT, WIDTH, MadeNetworks, letter, made_networks, shown

from offcut.engine import pipeline
from offcut.engine.opening import open_photo
from offcut.engine.options import Color, Options
from offcut.engine.styling import Blur, Border, Canvas, Gradient, Scene, Styling
from offcut.errors import OptionError


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> MadeNetworks:
    return made_networks(monkeypatch)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"size": "preview"},
        {"bg_color": "white", "format": "jpg"},
        {"crop": True, "crop_margin": "10%"},
        {"scale": 60, "shadow_type": "drop"},
        {"type": "car", "bg_color": "red", "shadow_type": "car"},
        {"format": "psd"},
        {"channels": "alpha"},
    ],
)
def test_it_is_the_result_of_the_whole_removal(networks: MadeNetworks, asked: dict[str, Any]) -> None:
    photo, options = open_photo(shown()), Options(**asked)
    whole = pipeline.cut_out(photo, options, networks)  # type: ignore[arg-type]
    found = pipeline.find_subject(photo, networks, options)  # type: ignore[arg-type]
    networks.calls.clear()
    again = pipeline.recompose(photo, found.alpha, options, subject=found.subject)
    assert networks.calls == []
    assert again.encode() == whole.encode()
    assert (again.box, again.subject, again.notes) == (whole.box, whole.subject, whole.notes)


def test_a_matte_of_another_size_is_fitted() -> None:
    photo = open_photo(shown())
    alpha = np.where(letter(), 255, 0).astype(np.uint8)
    small = pipeline.recompose(photo, alpha, Options(size="preview"), subject="other")
    assert small.alpha.size <= 250_000
    large = pipeline.recompose(photo, alpha[::2, ::2].copy(), Options(), subject="other")
    wrong = (large.alpha > 127) != letter()
    assert np.count_nonzero(wrong) < 0.03 * np.count_nonzero(letter())


@pytest.mark.parametrize("pixels_max", [None, 40_000])
def test_a_psd_has_its_outline_as_a_layer_under_the_photo(pixels_max: int | None) -> None:
    photo = open_photo(shown())
    alpha = np.where(letter(), 255, 0).astype(np.uint8)
    styling = Styling(border=Border(0.02, Color(0, 0, 255, 255)))
    cutout = pipeline.recompose(
        photo,
        alpha,
        Options(format="psd", crop=True),
        subject="other",
        styling=styling,
        pixels_max=pixels_max,
    )
    file = psd_tools.PSDImage.open(io.BytesIO(cutout.encode()))
    assert [layer.name for layer in file] == ["Outline", "Photo"]
    mask = np.asarray(file[1].mask.topil())
    assert np.count_nonzero(mask > 127) < 0.97 * np.count_nonzero(cutout.alpha > 127), "without the outline"
    seen = np.asarray(file.composite(force=True).convert("RGBA")).astype(int)
    solid = (cutout.alpha == 255) & ((mask == 0) | (mask == 255))
    assert np.abs(seen - cutout.rgba)[solid].max() <= (4 if pixels_max is None else 40)


@pytest.mark.parametrize("edge", [0, 40])
@pytest.mark.parametrize("size", ["50MP", "preview"])
@pytest.mark.parametrize("width", [0.0, 0.02])
@pytest.mark.parametrize(
    ("asked", "canvas"),
    [
        ({}, None),
        ({"scale": 50}, None),
        ({"crop": True}, None),
        ({"crop": True, "crop_margin": "7% 30px"}, None),
        ({"crop": True, "scale": 30, "position": "center"}, None),
        ({}, Canvas(1, 1, 0.08)),
        ({"scale": 70, "position": "0% 100%"}, Canvas(16, 9)),
        ({}, Canvas(35, 45, 0.08, is_portrait=True)),
    ],
)
def test_the_size_is_known_before_the_result(
    asked: dict[str, Any], canvas: Canvas | None, width: float, size: Any, edge: int
) -> None:
    """Whether the photo cuts the subject off below (`edge`) or not."""
    photo, alpha = open_photo(shown()), np.where(letter(), 255, 0).astype(np.uint8)
    alpha[HEIGHT - edge :, WIDTH // 4 : WIDTH // 2] = 255
    options = Options(size=size, **asked)
    styling = Styling(border=Border(width, Color(0, 0, 255, 255)) if width else None, canvas=canvas)
    done = pipeline.recompose(photo, alpha, options, subject="other", styling=styling)
    known = pipeline.result_size(alpha, options, photo_size=photo.source_size, styling=styling)
    assert known == (done.width, done.height)


def test_nothing_seen_leaves_the_photos_size() -> None:
    nothing = np.zeros((HEIGHT, WIDTH), np.uint8)
    for styling in (Styling(), Styling(canvas=Canvas(1, 1))):
        asked = Options(crop=True)
        known = pipeline.result_size(nothing, asked, photo_size=(WIDTH, HEIGHT), styling=styling)
        assert known == (WIDTH, HEIGHT)


def test_styling() -> None:
    photo = open_photo(shown())
    alpha = np.where(letter(), 255, 0).astype(np.uint8)
    border = Border(0.02, Color(0, 0, 255, 255))
    for backdrop in (Gradient((Color(9, 9, 9, 255), Color(99, 9, 9, 255))), Blur(40), Scene("wood")):
        styling = Styling(backdrop, border, Canvas(1, 1, 0.1))
        done = pipeline.recompose(photo, alpha, Options(), subject="other", styling=styling)
        assert done.alpha.min() == 255
        assert done.alpha.shape[0] == pytest.approx(done.alpha.shape[1], abs=1)
        assert done.box is not None
        left, top, _, _ = done.box
        blue = (done.rgb == (0, 0, 255)).all(axis=2)
        assert blue[:, left : left + 9].any()
        assert blue[top : top + 9].any()
    plain = pipeline.recompose(photo, alpha, Options(), subject="other")
    assert plain.alpha.shape == (HEIGHT, WIDTH)


def test_a_print_has_its_width_on_paper() -> None:
    photo, alpha = open_photo(shown()), np.where(letter(), 255, 0).astype(np.uint8)
    styling = Styling(canvas=Canvas(35, 45, 0.08, print_width_mm=35))
    done = pipeline.recompose(photo, alpha, Options(), subject="person", styling=styling)
    assert done.dpi is not None
    assert done.width / done.dpi[0] * 25.4 == pytest.approx(35)


def test_never_more_pixels_than_asked() -> None:
    photo, alpha = open_photo(shown()), np.where(letter(), 255, 0).astype(np.uint8)
    asked = Options(crop=True, crop_margin="50%")  # type: ignore[arg-type]
    done = pipeline.recompose(photo, alpha, asked, subject="other", pixels_max=40_000)
    assert 36_000 < done.alpha.size <= 40_000
    assert done.rgb.shape[:2] == done.alpha.shape
    assert done.box is not None


def test_two_backgrounds_are_refused() -> None:
    photo, alpha = open_photo(shown()), np.where(letter(), 255, 0).astype(np.uint8)
    with pytest.raises(OptionError) as caught:
        pipeline.recompose(
            photo,
            alpha,
            Options(bg_color="red"),
            subject="other",
            styling=Styling(Blur(5)),  # type: ignore[arg-type]
        )
    assert caught.value.code == "multiple_bg_sources"
