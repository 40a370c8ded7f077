"""What the networks are shown of photos that are transparent in places."""

from __future__ import annotations

import numpy as np
import pytest

from offcut.engine import transparency
from offcut.engine.types import Alpha, Rgb


def plain(
    colour: tuple[int, int, int], under: tuple[int, int, int], shape: tuple[int, int]
) -> tuple[Rgb, Alpha]:
    """The left half in one colour and opaque, the right half in another and transparent."""
    alpha = np.zeros(shape, np.uint8)
    alpha[:, : shape[1] // 2] = 255
    return np.where(alpha[..., None], np.uint8(colour), np.uint8(under)), alpha


@pytest.mark.parametrize("shape", [(40, 60), (8, 3000), (3000, 8), (700, 900)])
def test_black_on_cleared_pixels_is_hidden_at_any_size(shape: tuple[int, int]) -> None:
    assert transparency.hides(*plain((0, 0, 0), (0, 0, 0), shape))
    assert transparency.hides(*plain((14, 14, 14), (0, 0, 0), shape))
    assert not transparency.hides(*plain((200, 20, 20), (0, 0, 0), shape))
    assert not transparency.hides(*plain((0, 0, 0), (255, 255, 255), shape))


def test_a_photo_that_keeps_its_surroundings_hides_nothing() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (60, 80, 3), np.uint8)
    rgb[:, :40] = 0
    assert not transparency.hides(rgb, plain((0, 0, 0), (0, 0, 0), (60, 80))[1])


@pytest.mark.parametrize("strength", [0, 255])
def test_where_nothing_is_hidden_or_all_nothing_is_lost(strength: int) -> None:
    rgb, alpha = plain((0, 0, 0), (0, 0, 0), (40, 60))
    assert not transparency.hides(rgb, np.full_like(alpha, strength))


@pytest.mark.parametrize(
    "colour", [(0, 0, 0), (255, 255, 255), (128, 128, 128), (60, 140, 90), (220, 30, 30)]
)
def test_the_ground_stands_out_from_what_is_seen(colour: tuple[int, int, int]) -> None:
    rgb, alpha = plain(colour, (77, 77, 77), (40, 60))
    laid = transparency.laid_out(rgb, alpha)
    assert np.array_equal(laid[:, :30], rgb[:, :30])
    ground = laid[:, 30:].reshape(-1, 3)
    assert (ground == ground[0]).all()
    assert np.linalg.norm(ground[0].astype(float) - colour) > 90


def test_what_is_faint_all_over_is_shown_at_full_strength() -> None:
    rgb, alpha = plain((0, 0, 0), (0, 0, 0), (40, 60))
    assert np.array_equal(transparency.laid_out(rgb, alpha // 4), transparency.laid_out(rgb, alpha))


def test_a_soft_edge_is_mixed_and_the_photo_left_as_it_is() -> None:
    rgb, alpha = plain((0, 0, 0), (0, 0, 0), (40, 60))
    alpha[:, 30] = 102
    before = rgb.copy()
    laid = transparency.laid_out(rgb, alpha)
    assert abs(int(laid[0, 30, 0]) - 153) <= 1
    assert np.array_equal(rgb, before)
