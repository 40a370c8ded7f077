"""The canvas: where the subject lands, and exactly which colours come out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from offcut.engine.compose import (
    VISIBLE_ALPHA,
    Composition,
    Placement,
    compose,
    cover,
    find_box,
    keep_inside,
    let_through,
    place,
)
from offcut.engine.options import Color, Options
from offcut.errors import OptionError

Array = NDArray[Any]


def ask(**strings: str) -> Options:
    return Options.from_strings(strings)


def picture(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def block(height: int, width: int, box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """A solid subject that fills `box`."""
    alpha = np.zeros((height, width), np.uint8)
    alpha[box[1] : box[3], box[0] : box[2]] = 255
    return alpha


def every_alpha() -> NDArray[np.uint8]:
    """256 rows, one for each value of alpha, 40 wide."""
    return np.repeat(np.arange(256, dtype=np.uint8)[:, None], 40, axis=1)


def mostly_solid() -> NDArray[np.uint8]:
    """Few soft pixels in each row, so that the blend picks them out one by one."""
    alpha = np.zeros((256, 40), np.uint8)
    alpha[:, 20:] = 255
    alpha[:, 19] = np.arange(256)
    return alpha


def over(front: Array, alpha: Array, back: Array, back_alpha: Array) -> tuple[Array, Array]:
    """Porter and Duff in floating point, 0-1, the reference."""
    a, b = alpha[..., None], back_alpha[..., None]
    out = a + b * (1 - a)
    color = (front * a + back * b * (1 - a)) / np.where(out > 0, out, 1)
    return color, out[..., 0]


# Nothing to do


def test_nothing_asked_nothing_copied() -> None:
    rgb, alpha = picture(30, 40), block(30, 40, (5, 5, 20, 20))
    placed = place(rgb, alpha, Options())
    done = compose(placed, Options())
    assert done.rgb is rgb
    assert done.alpha is alpha
    assert done.box == (5, 5, 20, 20)


def test_crop_within_the_photo_copies_nothing() -> None:
    rgb, alpha = picture(30, 40), block(30, 40, (5, 6, 20, 21))
    placed = place(rgb, alpha, ask(crop="true", crop_margin="3px"))
    assert np.shares_memory(placed.rgb, rgb)
    assert np.shares_memory(placed.alpha, alpha)
    assert placed.alpha.shape == (21, 21)
    assert placed.box == (3, 3, 18, 18)


@pytest.mark.parametrize(
    "strings",
    [
        {"crop": "true", "crop_margin": "50%"},
        {"roi": "2px 2px 20px 20px"},
        {"scale": "40%"},
        {"position": "100% 0%"},
        {"bg_color": "red"},
        {"bg_color": "f008"},
        {"channels": "alpha", "roi": "0 0 9px 9px"},
    ],
)
def test_what_is_given_is_never_written_to(strings: dict[str, str]) -> None:
    rgb, alpha = picture(30, 40), block(30, 40, (5, 5, 20, 20))
    alpha[5] = 100
    given_ = rgb.copy(), alpha.copy()
    background, shadow = picture(30, 40, 1), np.full((30, 40), 7, np.uint8)
    options = Options.from_strings(strings)
    for under in (None, background, picture(60, 40, 1), picture(31, 40, 1)[:30]):
        placed = place(rgb, alpha, options)
        if placed.alpha.shape == shadow.shape:
            before = None if under is None else under.copy()
            compose(placed, options, background=under, shadow=shadow).pixels()
            assert before is None or np.array_equal(before, under)
    assert np.array_equal(rgb, given_[0])
    assert np.array_equal(alpha, given_[1])
    assert (shadow == 7).all()


# Box, region, crop


def test_box_ignores_what_cannot_be_seen() -> None:
    alpha = block(50, 60, (10, 20, 30, 40))
    alpha[0, 0] = VISIBLE_ALPHA - 1
    assert find_box(alpha) == (10, 20, 30, 40)
    alpha[0, 0] = VISIBLE_ALPHA
    assert find_box(alpha) == (0, 0, 30, 40)
    assert find_box(np.zeros((5, 5), np.uint8)) is None
    assert find_box(np.full((1, 1), 255, np.uint8)) == (0, 0, 1, 1)


def test_outside_the_region_is_background() -> None:
    rgb, alpha = picture(30, 40), np.full((30, 40), 200, np.uint8)
    placed = place(rgb, alpha, ask(roi="10px 50% 20px 100%"))
    assert np.array_equal(placed.alpha, keep_inside(alpha, (10, 15, 20, 30)))
    assert placed.alpha.sum() == 200 * 10 * 15
    assert placed.box == (10, 15, 20, 30)


def test_region_is_measured_in_the_photo() -> None:
    rgb, alpha = picture(30, 40), np.full((30, 40), 255, np.uint8)
    placed = place(rgb, alpha, ask(roi="100px 0 200px 300px"), photo_size=(400, 300))
    assert placed.box == (10, 0, 20, 30)
    grown = place(rgb, alpha, ask(roi="101px 9px 201px 211px"), photo_size=(400, 300))
    assert grown.box == (10, 0, 21, 22), "grown to whole pixels"
    with pytest.raises(OptionError) as caught:
        place(rgb, alpha, ask(roi="0 0 401px 300px"), photo_size=(400, 300))
    assert caught.value.code == "roi_exceeds_bounds"


def test_without_a_subject_only_the_region_applies() -> None:
    rgb, alpha = picture(30, 40), block(30, 40, (0, 0, 5, 5))
    options = ask(roi="50% 50% 100% 100%", crop="true", scale="50%", position="center", bg_color="#102030")
    placed = place(rgb, alpha, options)
    assert placed.box is None
    assert placed.alpha.shape == (30, 40)
    assert (compose(placed, options).pixels() == (0x10, 0x20, 0x30)).all()


@pytest.mark.parametrize(
    ("margin", "size", "box"),
    [
        ("", (20, 10), (0, 0, 20, 10)),
        ("4px", (28, 18), (4, 4, 24, 14)),
        ("10%", (24, 12), (2, 1, 22, 11)),
        ("10% 0", (20, 12), (0, 1, 20, 11)),
        ("1px 2px 3px 4px", (26, 14), (4, 1, 24, 11)),
        ("500px", (1020, 1010), (500, 500, 520, 510)),
        ("50%", (40, 20), (10, 5, 30, 15)),
    ],
)
def test_crop_margins(margin: str, size: tuple[int, int], box: tuple[int, int, int, int]) -> None:
    rgb, alpha = picture(30, 40), block(30, 40, (15, 12, 35, 22))
    placed = place(rgb, alpha, ask(crop="true", crop_margin=margin))
    assert (placed.alpha.shape[1], placed.alpha.shape[0]) == size
    assert placed.box == box == find_box(placed.alpha)
    left, top, right, bottom = box
    assert np.array_equal(placed.rgb[top:bottom, left:right], rgb[12:22, 15:35])


def test_margins_may_not_make_a_giant() -> None:
    rgb = np.zeros((7000, 7000, 3), np.uint8)
    with pytest.raises(OptionError) as caught:
        place(rgb, np.full((7000, 7000), 255, np.uint8), ask(crop="true", crop_margin="50%"))
    assert caught.value.code == "invalid_crop_margin"


# Scale and position


@pytest.mark.parametrize(
    ("position", "box"),
    [
        ("center", (10, 10, 30, 20)),
        ("0%", (0, 0, 20, 10)),
        ("100% 0%", (20, 0, 40, 10)),
        ("50% 100%", (10, 20, 30, 30)),
        ("original", (3, 4, 23, 14)),
    ],
)
def test_position(position: str, box: tuple[int, int, int, int]) -> None:
    rgb, alpha = picture(30, 40), block(30, 40, (3, 4, 23, 14))
    placed = place(rgb, alpha, ask(position=position))
    assert placed.box == box == find_box(placed.alpha)
    assert np.array_equal(placed.rgb[box[1] : box[3], box[0] : box[2]], rgb[4:14, 3:23])


@pytest.mark.parametrize(
    ("scale", "position", "box"),
    [
        ("100%", "", (0, 50, 400, 250)),
        ("50%", "", (100, 100, 300, 200)),
        ("10%", "0% 100%", (0, 280, 40, 300)),
        ("25%", "original", (150, 125, 250, 175)),
    ],
)
def test_scale(scale: str, position: str, box: tuple[int, int, int, int]) -> None:
    rgb, alpha = picture(300, 400), block(300, 400, (30, 40, 230, 140))
    placed = place(rgb, alpha, ask(scale=scale, position=position))
    assert placed.box == box == find_box(placed.alpha)


def test_resampling_brings_in_no_hidden_colour() -> None:
    """A purple subject, hidden green around it: not a trace of green may appear, at any size."""
    rgb = np.full((120, 160, 3), (0, 255, 0), np.uint8)
    alpha = np.zeros((120, 160), np.uint8)
    y, x = np.mgrid[:120, :160]
    alpha[:] = np.clip(255 * (40 - np.hypot(x - 80, y - 60)) / 6 + 128, 0, 255)
    rgb[alpha > 0] = purple = (200, 40, 90)
    for scale in ("20%", "47%", "83%", "100%"):
        placed = place(rgb, alpha, ask(scale=scale))
        seen = placed.rgb[placed.alpha >= VISIBLE_ALPHA].astype(int)
        assert np.abs(seen - purple).max() <= 4, scale
        solid = placed.alpha[60, 80]
        assert solid == 255
        assert len(np.unique(placed.alpha)) > 3, "the edge stays soft"


def test_enlarging_keeps_solid_solid() -> None:
    """A hard edge rings when it is enlarged; the ring must not turn into holes: alpha falls into the gap
    between two blocks and rises again, and is solid everywhere else."""
    alpha = block(60, 80, (30, 20, 50, 40))
    alpha[:, 38:42] = 0
    placed = place(picture(60, 80), alpha, ask(scale="100%"))
    box = placed.box
    assert box is not None
    across = placed.alpha[30, box[0] : box[2]].astype(int)
    middle = len(across) // 2
    assert across[middle] == 0
    assert (np.diff(across[:middle]) <= 0).all()
    assert (np.diff(across[middle:]) >= 0).all()
    assert (across[: middle // 2] == 255).all()


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_the_subject_always_stays_within_the_canvas(data: st.DataObject) -> None:
    height, width = data.draw(st.integers(4, 60)), data.draw(st.integers(4, 60))
    left, top = data.draw(st.integers(0, width - 2)), data.draw(st.integers(0, height - 2))
    right, bottom = data.draw(st.integers(left + 1, width)), data.draw(st.integers(top + 1, height))
    percent = st.integers(0, 100).map(lambda value: f"{value}%")
    strings = {
        "crop": data.draw(st.sampled_from(["", "true"])),
        "crop_margin": data.draw(st.sampled_from(["", "10%", "7px 0", "50% 1px 0 3px"])),
        "scale": data.draw(st.sampled_from(["", "10%", "33.3%", "100%"])),
        "position": data.draw(st.one_of(st.just(""), st.builds(lambda x, y: f"{x} {y}", percent, percent))),
    }
    rgb, alpha = picture(height, width), block(height, width, (left, top, right, bottom))
    placed = place(rgb, alpha, Options.from_strings(strings))
    rows, columns = placed.alpha.shape
    assert placed.rgb.shape == (rows, columns, 3)
    assert placed.box is not None
    x1, y1, x2, y2 = placed.box
    assert 0 <= x1 < x2 <= columns
    assert 0 <= y1 < y2 <= rows
    assert keep_inside(placed.alpha, placed.box).sum() == placed.alpha.sum()
    assert placed.alpha.max() > 0
    if not strings["crop"]:
        assert (rows, columns) == (height, width)
    if not strings["scale"]:
        assert (x2 - x1, y2 - y1) == (right - left, bottom - top)
        assert find_box(placed.alpha) == placed.box


@pytest.mark.parametrize(
    ("box", "has_ground"),
    [((10, 5, 30, 30), False), ((10, 5, 30, 29), True), ((0, 0, 40, 20), True)],
)
def test_ground_is_seen_unless_the_photo_cuts_the_subject_off(
    box: tuple[int, int, int, int], has_ground: bool
) -> None:
    alpha = block(30, 40, box)
    assert place(picture(30, 40), alpha, ask(crop="true")).has_ground is has_ground


# Colours


@pytest.mark.parametrize("alpha", [every_alpha(), mostly_solid()])
@pytest.mark.parametrize("color", ["#000", "#fff", "#0a64ff"])
def test_opaque_colour_is_blended_exactly(alpha: NDArray[np.uint8], color: str) -> None:
    rgb = picture(256, 40)
    done = compose(Placement(rgb, alpha, None), ask(bg_color=color))
    back = np.array(Color.read(color)[:3])
    weight = alpha[..., None].astype(np.int64)
    exact = (rgb * weight + back * (255 - weight) + 127) // 255
    assert np.array_equal(done.pixels(), exact)
    assert done.alpha is None
    assert not done.has_transparency


@pytest.mark.parametrize("alpha", [every_alpha(), mostly_solid()])
def test_picture_is_blended_exactly(alpha: NDArray[np.uint8]) -> None:
    rgb, back = picture(256, 40), picture(256, 40, seed=1)
    done = compose(Placement(rgb, alpha, None), Options(), background=back)
    weight = alpha[..., None].astype(np.int64)
    assert np.array_equal(done.pixels(), (rgb * weight + back * (255 - weight) + 127) // 255)
    assert np.array_equal(done.pixels()[alpha == 255], rgb[alpha == 255])
    assert np.array_equal(done.pixels()[alpha == 0], back[alpha == 0])


@pytest.mark.parametrize("color", ["", "#0a64ff80", "#fff1", "#0a64ff"])
@pytest.mark.parametrize("with_shadow", [False, True])
def test_translucent_layers_follow_the_over_operator(color: str, with_shadow: bool) -> None:
    rgb, alpha = picture(256, 40), every_alpha()
    shadow = np.tile(np.linspace(0, 255, 40).astype(np.uint8), (256, 1)) if with_shadow else None
    done = compose(Placement(rgb, alpha, None), ask(bg_color=color), shadow=shadow)
    red, green, blue, opacity = Color.read(color) if color else (0, 0, 0, 0)
    ground = np.broadcast_to(np.array([red, green, blue]) / 255, rgb.shape)
    shade = np.zeros(alpha.shape) if shadow is None else shadow / 255
    under = over(np.zeros(rgb.shape), shade, ground, np.full(alpha.shape, opacity / 255))
    expected, expected_alpha = over(rgb / 255, alpha / 255, *under)
    got = done.pixels().astype(float)
    got_alpha = got[..., 3] if got.shape[2] == 4 else np.full(alpha.shape, 255.0)
    assert np.abs(got_alpha - 255 * expected_alpha).max() <= 1.01
    # Rounding is seen through alpha: what would be visible on screen may differ by two steps at most.
    seen = np.abs(got[..., :3] - 255 * expected) * expected_alpha[..., None]
    assert seen.max() <= 2.01
    assert np.array_equal(got[alpha == 255][:, :3], rgb[alpha == 255])


def test_shadow_darkens_a_picture() -> None:
    back = np.full((64, 4, 3), 200, np.uint8)
    shadow = np.repeat(np.arange(0, 256, 4, dtype=np.uint8)[:, None], 4, axis=1)
    placed = Placement(picture(64, 4), np.zeros((64, 4), np.uint8), None)
    got = compose(placed, Options(), background=back, shadow=shadow).pixels()
    assert np.array_equal(got[:, 0, 0], np.rint(200 * (255 - shadow[:, 0].astype(int)) / 255))


def test_no_dark_rim() -> None:
    """White over white must be white whatever the alpha: premultiplied mistakes show here."""
    alpha = every_alpha()
    placed = Placement(np.full((256, 40, 3), 255, np.uint8), alpha, None)
    assert (compose(placed, ask(bg_color="white")).pixels() == 255).all()
    half = compose(placed, ask(bg_color="ffffff80")).pixels()
    assert (half[..., :3] == 255).all()


def test_png_on_a_colour_looks_like_our_own_colour() -> None:
    """Laying our transparent result over white, as a browser does, gives our white result."""
    rgb, alpha = picture(256, 40), every_alpha()
    placed = Placement(rgb, alpha, None)
    shadow = np.full(alpha.shape, 60, np.uint8)
    layers = compose(placed, Options(), shadow=shadow).pixels().astype(float)
    browser = layers[..., :3] * layers[..., 3:] / 255 + 255 - layers[..., 3:]
    ours = compose(placed, ask(bg_color="white"), shadow=shadow).pixels()
    assert np.abs(browser - ours).max() <= 2


# Results


def test_pixels_carry_no_hidden_background() -> None:
    alpha = every_alpha()
    pixels = Composition(picture(256, 40), alpha, None).pixels()
    assert pixels.shape == (256, 40, 4)
    assert np.array_equal(pixels[..., 3], alpha)
    assert not pixels[alpha == 0].any()
    assert np.array_equal(pixels[1:, :, :3], picture(256, 40)[1:])


def test_matte_alone() -> None:
    rgb, alpha = picture(30, 40), block(30, 40, (5, 5, 20, 20))
    options = ask(channels="alpha", bg_color="red", crop="true")
    done = compose(place(rgb, alpha, options), options)
    assert done.rgb is None
    assert np.array_equal(done.pixels(), alpha[5:20, 5:20])
    assert not done.has_transparency


@pytest.mark.parametrize(
    ("strings", "alpha", "transparent"),
    [
        ({}, 255, False),
        ({}, 254, True),
        ({"bg_color": "red"}, 100, False),
        ({"bg_color": "f008"}, 100, True),
        ({"bg_color": "f008"}, 255, False),
    ],
)
def test_transparency_is_told(strings: dict[str, str], alpha: int, transparent: bool) -> None:
    placed = Placement(picture(3, 3), np.full((3, 3), alpha, np.uint8), (0, 0, 3, 3))
    assert compose(placed, Options.from_strings(strings)).has_transparency is transparent


@pytest.mark.parametrize(
    ("size", "column"),
    [((40, 20), slice(0, 40)), ((20, 20), slice(10, 30)), ((10, 20), slice(15, 25))],
)
def test_background_covers_around_its_centre(size: tuple[int, int], column: slice) -> None:
    back = picture(20, 40)
    assert np.array_equal(cover(back, *size), back[:, column])


def test_background_of_any_size_covers() -> None:
    for rows, columns in ((1, 1), (7, 300), (300, 7), (64, 64)):
        got = cover(np.full((rows, columns, 3), 90, np.uint8), 50, 30)
        assert got.shape == (30, 50, 3)
        assert (got == 90).all()


def test_glass_lets_through() -> None:
    alpha = every_alpha()
    assert np.array_equal(let_through(alpha, np.zeros_like(alpha)), alpha)
    assert not let_through(alpha, np.full_like(alpha, 255)).any()
    glass = np.tile(np.linspace(0, 255, 40).astype(np.uint8), (256, 1))
    through = let_through(alpha, glass)
    assert np.array_equal(through, (alpha.astype(int) * (255 - glass) + 127) // 255)
    assert (through <= alpha).all()
