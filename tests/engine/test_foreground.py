"""True colours under soft edges: bit-exact where nothing was mixed, close to the truth where it was."""

from __future__ import annotations

import tracemalloc

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from offcut.engine import foreground
from offcut.engine.types import Alpha, Rgb


def soft_disc(height: int, width: int, softness: float = 4.0) -> Alpha:
    rows, columns = np.mgrid[:height, :width]
    radius = 0.33 * min(height, width)
    away = np.hypot(rows - height / 2, columns - width / 2) - radius
    wavy = away + 6 * np.sin(np.arctan2(rows - height / 2, columns - width / 2) * 17)
    return np.asarray(np.clip(0.5 - wavy / (2 * softness), 0, 1) * 255 + 0.5, dtype=np.uint8)


def composite(front: Rgb, back: Rgb, alpha: Alpha) -> Rgb:
    opacity = alpha[..., None].astype(np.float64) / 255
    return np.asarray(np.rint(front * opacity + back * (1 - opacity)), dtype=np.uint8)


def seen_error(found: Rgb, true: Rgb, alpha: Alpha) -> float:
    partial = (alpha > 0) & (alpha < 255)
    difference = np.abs(found[partial].astype(float) - true[partial]).mean(axis=1)
    return float((difference * alpha[partial] / 255).mean())


@pytest.fixture(scope="module")
def cat() -> Rgb:
    return np.asarray(data.chelsea(), dtype=np.uint8)


@pytest.fixture(scope="module")
def coffee(cat: Rgb) -> Rgb:
    return np.asarray(cv2.resize(data.coffee(), cat.shape[1::-1]), dtype=np.uint8)


def test_opaque_pixels_keep_their_colour_bit_for_bit(cat: Rgb) -> None:
    alpha = soft_disc(*cat.shape[:2])
    found = foreground.estimate(cat, alpha)
    assert np.array_equal(found[alpha == 255], cat[alpha == 255])
    assert not np.array_equal(found, cat)


@pytest.mark.parametrize(("softness", "left"), [(2.0, 0.3), (6.0, 0.3), (15.0, 0.5)])
def test_colours_come_back_from_a_composite(cat: Rgb, coffee: Rgb, softness: float, left: float) -> None:
    alpha = soft_disc(*cat.shape[:2], softness)
    smooth = cv2.GaussianBlur(cat, (0, 0), 4)  # colours under an edge cannot be known finer than the edge
    photo = composite(smooth, coffee, alpha)
    found = foreground.estimate(photo, alpha)
    assert seen_error(found, smooth, alpha) <= left * seen_error(photo, smooth, alpha)


def test_colours_come_back_at_full_resolution_of_a_large_photo(cat: Rgb, coffee: Rgb) -> None:
    size = (2000, 1400)
    front, back = cv2.resize(cat, size), cv2.resize(coffee, size)
    alpha = soft_disc(1400, 2000, 12)
    photo = composite(front, back, alpha)
    found = foreground.estimate(photo, alpha)
    assert seen_error(found, front, alpha) <= 0.35 * seen_error(photo, front, alpha)


def test_a_matte_that_is_a_little_wrong_still_helps(cat: Rgb, coffee: Rgb) -> None:
    alpha = soft_disc(*cat.shape[:2], 6)
    wrong = np.where(alpha == 255, 255, cv2.GaussianBlur(alpha, (0, 0), 2)).astype(np.uint8)
    smooth = cv2.GaussianBlur(cat, (0, 0), 4)
    photo = composite(smooth, coffee, alpha)
    found = foreground.estimate(photo, wrong)
    assert seen_error(found, smooth, wrong) <= 0.5 * seen_error(photo, smooth, wrong)


def test_two_plain_colours_are_told_apart() -> None:
    alpha = soft_disc(120, 150, 8)
    front, back = (
        np.full((120, 150, 3), (200, 40, 30), np.uint8),
        np.full((120, 150, 3), (10, 90, 220), np.uint8),
    )
    found = foreground.estimate(composite(front, back, alpha), alpha)
    difference = np.abs(found.astype(int) - front).max(axis=2)
    assert difference[alpha > 40].max() <= 12
    assert difference[alpha > 128].max() <= 6


def test_shrinking_the_cut_out_makes_no_rim() -> None:
    """Straight-alpha resizing mixes in the colours of transparent pixels, so those must suit the subject."""
    alpha = np.zeros((600, 600), np.uint8)
    cv2.circle(alpha, (300, 300), 180, 255, -1, cv2.LINE_AA)
    photo = composite(
        np.full((600, 600, 3), (230, 200, 60), np.uint8), np.zeros((600, 600, 3), np.uint8), alpha
    )
    found = foreground.estimate(photo, alpha)
    small = cv2.resize(found, (75, 75), interpolation=cv2.INTER_AREA)
    visible = cv2.resize(alpha, (75, 75), interpolation=cv2.INTER_AREA) > 0
    assert np.abs(small[visible].astype(int) - (230, 200, 60)).max() <= 12
    plain = cv2.resize(photo, (75, 75), interpolation=cv2.INTER_AREA)
    assert np.abs(plain[visible].astype(int) - (230, 200, 60)).max() > 100


def test_the_old_background_is_gone_from_transparent_pixels(cat: Rgb) -> None:
    alpha = soft_disc(*cat.shape[:2])
    found = foreground.estimate(cat, alpha)
    corner = found[:20, :20].reshape(-1, 3)
    assert len(np.unique(corner, axis=0)) == 1
    other = cat.copy()
    other[alpha == 0] = np.roll(cat, 31, axis=1)[alpha == 0]
    far = cv2.dilate(alpha, np.ones((61, 61), np.uint8)) == 0
    assert len(np.unique(foreground.estimate(other, alpha)[far], axis=0)) == 1


def test_an_opaque_matte_gives_the_photo_back(cat: Rgb) -> None:
    found = foreground.estimate(cat, np.full(cat.shape[:2], 255, np.uint8))
    assert np.array_equal(found, cat)
    assert not np.shares_memory(found, cat)


def test_an_empty_matte_gives_one_plain_colour(cat: Rgb) -> None:
    found = foreground.estimate(cat, np.zeros(cat.shape[:2], np.uint8))
    assert len(np.unique(found.reshape(-1, 3), axis=0)) == 1


def test_inputs_are_left_alone_and_the_result_repeats(cat: Rgb) -> None:
    alpha = soft_disc(*cat.shape[:2])
    photo, matte = cat.copy(), alpha.copy()
    first = foreground.estimate(photo, matte)
    assert np.array_equal(photo, cat)
    assert np.array_equal(matte, alpha)
    assert np.array_equal(foreground.estimate(photo, matte), first)


def test_photo_and_matte_of_different_size_are_refused(cat: Rgb) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        foreground.estimate(cat, np.zeros((10, 10), np.uint8))


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    seed=st.integers(0, 2**16),
    stretch=st.integers(1, 30),
)
def test_any_size_and_any_matte(height: int, width: int, seed: int, stretch: int) -> None:
    random = np.random.default_rng(seed)
    rgb = random.integers(0, 256, (height * stretch, width, 3), dtype=np.uint8)
    alpha = random.choice(np.array([0, 1, 128, 254, 255], np.uint8), (height * stretch, width))
    found = foreground.estimate(rgb, alpha)
    assert found.shape == rgb.shape
    assert found.dtype == np.uint8
    assert np.array_equal(found[alpha == 255], rgb[alpha == 255])


def test_a_view_that_is_not_contiguous_works_the_same(cat: Rgb) -> None:
    alpha = soft_disc(*cat.shape[:2])
    flipped = foreground.estimate(cat[:, ::-1], alpha[:, ::-1])
    assert np.array_equal(flipped, foreground.estimate(cat[:, ::-1].copy(), alpha[:, ::-1].copy()))


def test_large_photos_are_not_copied_as_floats() -> None:
    alpha = soft_disc(3000, 4000, 20)
    rgb = np.zeros((3000, 4000, 3), np.uint8)
    tracemalloc.start()
    foreground.estimate(rgb, alpha)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - rgb.nbytes < 40e6
