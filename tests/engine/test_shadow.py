"""Shadows: the same at every size, where they belong, and as dark as asked."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from offcut.engine.compose import find_box
from offcut.engine.options import Shadow, ShadowStyle
from offcut.engine.shadow import cast, style_drawn
from offcut.engine.types import Alpha

STYLES: tuple[ShadowStyle, ...] = ("car", "3D", "drop")


def draw(
    alpha: Alpha, style: ShadowStyle, opacity: int = 100, *, has_ground: bool = True
) -> NDArray[np.uint8]:
    box = find_box(alpha)
    assert box is not None
    return cast(alpha, box, Shadow(style, opacity), has_ground=has_ground)


def standing(height: int, width: int) -> Alpha:
    """Someone standing with legs apart, in any resolution, 0.6 of the canvas high."""
    unit = min(height, width) / 100
    canvas = np.zeros((height, width), np.uint8)
    middle = width / 2

    def limb(x1: float, y1: float, x2: float, y2: float, thick: float) -> None:
        ends = [(round((middle + x * unit) * 16), round(y * unit * 16)) for x, y in ((x1, y1), (x2, y2))]
        cv2.line(canvas, ends[0], ends[1], 255, max(1, round(thick * unit)), cv2.LINE_AA, 4)

    limb(0, 30, 0, 50, 14)
    limb(-2, 50, -8, 78, 7)
    limb(2, 50, 8, 78, 7)
    cv2.circle(canvas, (round(middle), round(20 * unit)), round(6 * unit), 255, -1, cv2.LINE_AA)
    return canvas


def car(height: int = 300, width: int = 500) -> Alpha:
    """A car from the side: body 200-400, bumpers, two wheels that touch the ground at row 220."""
    canvas = np.zeros((height, width), np.uint8)
    canvas[150:205, 100:400] = 255
    canvas[110:150, 160:330] = 255
    for x in (160, 340):
        cv2.circle(canvas, (x, 195), 25, 255, -1, cv2.LINE_AA)
    return canvas


@pytest.mark.parametrize("style", STYLES)
def test_a_preview_shows_the_shadow_of_the_full_size(style: ShadowStyle) -> None:
    full = standing(3000, 4000)
    small = cv2.resize(full, (577, 433), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    from_full = cv2.resize(draw(full, style), (577, 433), interpolation=cv2.INTER_AREA).astype(int)
    difference = np.abs(from_full - draw(small, style))
    assert difference[from_full > 10].mean() < 3
    assert difference.max() < 25
    assert from_full.max() > 150, "or there would be nothing to compare"


@pytest.mark.parametrize("style", STYLES)
def test_opacity_scales_the_darkness(style: ShadowStyle) -> None:
    alpha = standing(200, 300)
    full = draw(alpha, style).astype(float)
    assert not draw(alpha, style, 0).any()
    assert np.abs(draw(alpha, style, 40) - 0.4 * full).max() <= 1.5
    assert 150 < full.max() <= 255


@pytest.mark.parametrize("style", STYLES)
def test_a_shadow_moves_with_its_subject(style: ShadowStyle) -> None:
    alpha = np.zeros((400, 600), np.uint8)
    alpha[100:260, 100:220] = standing(160, 120)
    moved = np.roll(alpha, (30, 90), axis=(0, 1))
    here, there = draw(alpha, style), draw(moved, style)
    assert np.array_equal(here[:300, :450], there[30:330, 90:540])


@pytest.mark.parametrize("style", STYLES)
def test_the_canvas_cuts_but_does_not_change_a_shadow(style: ShadowStyle) -> None:
    wide = np.zeros((400, 600), np.uint8)
    wide[100:260, 200:320] = standing(160, 120)
    box = find_box(wide)
    assert box is not None
    left, top, right, bottom = box
    tight = wide[top:bottom, left:right]
    assert np.array_equal(draw(tight, style), draw(wide, style)[top:bottom, left:right])


def test_drop_falls_down_and_to_the_right() -> None:
    alpha = np.zeros((900, 900), np.uint8)
    alpha[250:650, 250:650] = 255
    shadow = draw(alpha, "drop").astype(float)
    y, x = np.mgrid[:900, :900]
    centre = (x * shadow).sum() / shadow.sum(), (y * shadow).sum() / shadow.sum()
    assert centre[0] == pytest.approx(449.5 + 0.022 * 400, abs=0.3)
    assert centre[1] == pytest.approx(449.5 + 0.03 * 400, abs=0.3)
    assert shadow[:200].max() < 8


def test_cast_shadow_lies_behind_and_fades() -> None:
    alpha = standing(400, 600)
    box = find_box(alpha)
    assert box is not None
    shadow = draw(alpha, "3D").astype(float)
    beside = shadow[:, box[2] :]
    assert beside.sum() > 5 * shadow[:, : box[0]].sum(), "it falls to the right"
    rows = np.flatnonzero(beside.max(axis=1) > 20)
    height = box[3] - box[1]
    assert rows[0] > box[3] - 0.4 * height, "it lies flat"
    assert rows[-1] < box[3] + 0.05 * height, "it stays on the ground"
    near = shadow[round(box[3] - 0.08 * height) : box[3]].max()
    far = shadow[: round(box[3] - 0.28 * height)].max()
    assert far < 0.5 * near


def test_car_shadow_is_darkest_between_tyre_and_ground() -> None:
    alpha = car()
    shadow = draw(alpha, "car")
    assert shadow[212, 250] > 150, "under the body"
    assert shadow[219, 160] > 200, "where a tyre touches"
    assert shadow[221, 250] < shadow[212, 250], "lighter in front of the car"
    assert shadow[240, 250] < 40, "and gone a little farther"
    assert shadow[:140].max() == 0, "nothing on the wall behind"
    assert shadow[215, 60] < shadow[215, 110] < shadow[215, 160], "fading out beyond the bumpers"


def test_car_seen_from_a_corner_keeps_its_side_on_the_ground() -> None:
    """The rear tyre stands higher in the picture; the ground must run from tyre to tyre."""
    alpha = np.zeros((300, 500), np.uint8)
    side = np.array([[80, 120], [420, 60], [420, 100], [200, 215], [80, 200]], np.int32)
    cv2.fillPoly(alpha, [side], 255)
    cv2.ellipse(alpha, (190, 200), (18, 30), 0, 0, 360, 255, -1)
    cv2.ellipse(alpha, (395, 105), (12, 22), 0, 0, 360, 255, -1)
    shadow = draw(alpha, "car")
    assert shadow[172, 300] > 90, "between the tyres, right below the side"
    assert shadow[215, 395] < 60, "no shadow far below the rear tyre"


@pytest.mark.parametrize("style", STYLES)
def test_without_ground_it_falls_on_the_wall(style: ShadowStyle) -> None:
    alpha = standing(200, 300)
    assert style_drawn(Shadow(style, 50), has_ground=False) == "drop"
    assert style_drawn(Shadow(style, 50), has_ground=True) == style
    assert np.array_equal(draw(alpha, style, has_ground=False), draw(alpha, "drop"))


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    strength=st.integers(8, 255),
    style=st.sampled_from(STYLES),
    data=st.data(),
)
def test_any_silhouette_gives_a_shadow_of_its_canvas(
    height: int, width: int, strength: int, style: ShadowStyle, data: st.DataObject
) -> None:
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    right, bottom = data.draw(st.integers(left + 1, width)), data.draw(st.integers(top + 1, height))
    alpha = np.zeros((height, width), np.uint8)
    alpha[top:bottom, left:right] = strength
    shadow = draw(alpha, style)
    assert shadow.shape == alpha.shape
    assert shadow.dtype == np.uint8
