"""Strokes on a matte: manual ones paint exactly, magic ones find the part, nothing else moves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage import data

from offcut.engine import brush
from offcut.engine.brush import Stroke
from offcut.engine.types import Alpha, Mask, Rgb
from offcut.errors import OptionError, StrokeError


def gray_photo(height: int = 80, width: int = 100) -> Rgb:
    return np.full((height, width, 3), 128, np.uint8)


def manual(
    points: Sequence[tuple[float, float]], radius_px: float, action: brush.Action, hardness: float = 1.0
) -> Stroke:
    return Stroke(points, radius_px, action, "manual", hardness)


def distance_to_line(shape: tuple[int, int], points: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    """Exact distance of every pixel's middle to a line of at least two points."""
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float64)
    nearest = np.full(shape, np.inf)
    for (x0, y0), (x1, y1) in pairwise(points):
        length = max((x1 - x0) ** 2 + (y1 - y0) ** 2, 1e-12)
        share = np.clip(((columns - x0) * (x1 - x0) + (rows - y0) * (y1 - y0)) / length, 0, 1)
        nearest = np.minimum(
            nearest, np.hypot(columns - x0 - share * (x1 - x0), rows - y0 - share * (y1 - y0))
        )
    return nearest


@pytest.fixture(scope="module")
def scene() -> tuple[Rgb, Alpha]:
    """Two discs of fur before a table top: textured subjects with known true mattes."""
    back = np.asarray(cv2.resize(data.coffee()[250:, 380:], (640, 480)), dtype=np.uint8)
    fur = np.asarray(cv2.resize(data.chelsea()[60:200, 110:300], (640, 480)), dtype=np.uint8)
    alpha = np.zeros((480, 640), np.uint8)
    cv2.circle(alpha, (200, 240), 130, 255, -1, cv2.LINE_AA)
    cv2.circle(alpha, (520, 240), 80, 255, -1, cv2.LINE_AA)
    opacity = alpha[..., None] / 255
    return np.asarray(np.rint(fur * opacity + back * (1 - opacity)), dtype=np.uint8), alpha


def overlap(alpha: Alpha, true: Alpha) -> float:
    one, other = alpha > 127, true > 127
    return float((one & other).sum() / (one | other).sum())


def ellipse(shape: tuple[int, int], centre: tuple[int, int], axes: tuple[int, int]) -> Alpha:
    mask = np.zeros(shape, np.uint8)
    cv2.ellipse(mask, centre, axes, 20, 0, 360, 255, -1, cv2.LINE_AA)
    return mask


def grown(mask: NDArray[np.generic], pixels: int) -> Mask:
    side = 2 * pixels + 1
    return np.asarray(cv2.dilate((mask > 0).astype(np.uint8), np.ones((side, side), np.uint8)) > 0)


def test_no_strokes_give_the_same_matte(scene: tuple[Rgb, Alpha]) -> None:
    rgb, alpha = scene
    brushed = brush.apply(rgb, alpha, [])
    assert np.array_equal(brushed.alpha, alpha)
    assert not np.shares_memory(brushed.alpha, alpha)
    assert brushed.touched is None


@pytest.mark.parametrize("points", [[(50.0, 40.0), (50.0, 40.0)], [(12.3, 20.7), (70.9, 55.2), (88.0, 11.5)]])
@pytest.mark.parametrize("radius", [1.5, 4.0, 11.0])
def test_a_hard_manual_stroke_paints_its_shape_to_half_a_pixel(
    points: list[tuple[float, float]], radius: float
) -> None:
    rgb = gray_photo()
    away = distance_to_line((80, 100), points)
    painted = brush.apply(rgb, np.zeros((80, 100), np.uint8), [manual(points, radius, "restore")]).alpha
    assert (painted[away <= radius - 0.8] == 255).all()
    assert (painted[away >= radius + 0.8] == 0).all()
    assert np.abs((painted > 127).sum() / (away <= radius).sum() - 1) < 0.25 / radius
    erased = brush.apply(rgb, np.full((80, 100), 255, np.uint8), [manual(points, radius, "erase")]).alpha
    assert np.array_equal(erased, 255 - painted)


def test_a_soft_manual_stroke_falls_off_evenly_from_its_core() -> None:
    points, radius = [(20.0, 40.0), (80.0, 40.0)], 16.0
    stroke = manual(points, radius, "restore", 0.25)
    painted = brush.apply(gray_photo(), np.zeros((80, 100), np.uint8), [stroke]).alpha
    away = distance_to_line((80, 100), points)
    wanted = 255 * np.clip((radius - away) / (radius * 0.75), 0, 1)
    assert np.abs(painted - wanted).max() < 255 * 0.04
    assert (painted[away <= 3] == 255).all()


def test_painting_twice_is_painting_once() -> None:
    stroke = manual([(20.0, 40.0), (80.0, 30.0)], 12, "erase", 0.3)
    alpha = np.full((80, 100), 200, np.uint8)
    once = brush.apply(gray_photo(), alpha, [stroke]).alpha
    assert np.array_equal(brush.apply(gray_photo(), once, [stroke]).alpha, once)


def test_the_touched_box_is_the_smallest_around_the_change() -> None:
    stroke = manual([(30.0, 40.0), (50.0, 40.0)], 5, "restore")
    brushed = brush.apply(gray_photo(), np.zeros((80, 100), np.uint8), [stroke])
    rows, columns = np.nonzero(brushed.alpha)
    assert brushed.touched == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


@pytest.mark.parametrize("mode", ["manual", "magic"])
def test_a_stroke_outside_the_photo_changes_nothing(mode: brush.Mode) -> None:
    alpha = np.full((80, 100), 90, np.uint8)
    for points in ([(-50.0, -50.0)], [(500.0, 40.0), (600.0, 40.0)]):
        brushed = brush.apply(gray_photo(), alpha, [Stroke(points, 8, "erase", mode)])
        assert np.array_equal(brushed.alpha, alpha)
        assert brushed.touched is None


def test_a_stroke_may_leave_the_photo() -> None:
    stroke = manual([(-200.0, 40.0), (300.0, 40.0)], 5, "restore")
    painted = brush.apply(gray_photo(), np.zeros((80, 100), np.uint8), [stroke]).alpha
    assert (painted[40] == 255).all()


@pytest.mark.parametrize(
    "values",
    [
        {"points": []},
        {"points": [(float("nan"), 1.0)]},
        {"points": [(1.0, float("inf"))]},
        {"points": [(1e9, 0.0)]},
        {"points": [(0.0, 0.0)] * 10_001},
        {"radius_px": 0.0},
        {"radius_px": float("nan")},
        {"radius_px": -3.0},
        {"hardness": 1.5},
        {"hardness": float("nan")},
        {"action": "paint"},
        {"mode": "free"},
        {"points": [(0.0, 0.0), (90_000.0, 90_000.0)] * 50, "radius_px": 3000.0},
    ],
)
def test_strokes_that_cannot_be_painted_are_refused(values: dict[str, object]) -> None:
    good: dict[str, object] = {"points": [(1.0, 2.0)], "radius_px": 3.0, "action": "erase"}
    with pytest.raises(StrokeError) as caught:
        Stroke(**{**good, **values})  # type: ignore[arg-type]
    assert caught.value.code == "invalid_stroke"
    assert caught.value.hint
    assert isinstance(caught.value, OptionError)


def test_photo_and_matte_of_different_size_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        brush.apply(gray_photo(), np.zeros((10, 10), np.uint8), [])


def test_a_magic_stroke_fills_a_hole_and_only_the_hole(scene: tuple[Rgb, Alpha]) -> None:
    rgb, true = scene
    hole = ellipse(true.shape, (215, 250), (50, 34))
    damaged = np.minimum(true, 255 - hole)
    brushed = brush.apply(rgb, damaged, [Stroke([(195.0, 245.0), (235.0, 255.0)], 7, "restore")])
    left = np.abs(brushed.alpha.astype(int) - true).sum() / np.abs(damaged.astype(int) - true).sum()
    assert left < 0.2
    far = ~grown(hole, 20)
    assert np.array_equal(brushed.alpha[far], damaged[far])


def test_a_magic_stroke_drops_a_blob_and_keeps_the_subject(scene: tuple[Rgb, Alpha]) -> None:
    rgb, true = scene
    blob = ellipse(true.shape, (365, 260), (44, 30))
    damaged = np.maximum(true, blob)
    brushed = brush.apply(rgb, damaged, [Stroke([(350.0, 256.0), (380.0, 264.0)], 6, "erase")])
    left = np.abs(brushed.alpha.astype(int) - true).sum() / np.abs(damaged.astype(int) - true).sum()
    assert left < 0.1
    far = ~grown(blob, 20)
    assert np.array_equal(brushed.alpha[far], damaged[far])


def test_a_magic_stroke_snaps_to_the_edge_of_a_missing_part(scene: tuple[Rgb, Alpha]) -> None:
    rgb, true = scene
    damaged = true.copy()
    damaged[:, 440:] = 0  # the second disc is missing altogether
    brushed = brush.apply(rgb, damaged, [Stroke([(490.0, 220.0), (550.0, 260.0)], 10, "restore")])
    assert overlap(damaged, true) < 0.75
    assert overlap(brushed.alpha, true) > 0.96
    assert np.array_equal(brushed.alpha[:, :400], damaged[:, :400])


@pytest.mark.parametrize("action", ["restore", "erase"])
def test_a_magic_stroke_moves_pixels_one_way_only(scene: tuple[Rgb, Alpha], action: brush.Action) -> None:
    rgb, true = scene
    wrong = np.asarray(cv2.GaussianBlur(np.roll(true, 40, axis=1), (0, 0), 5), dtype=np.uint8)
    point = (90.0, 240.0) if action == "restore" else (350.0, 240.0)
    brushed = brush.apply(rgb, wrong, [Stroke([point, (point[0], 260.0)], 8, action)])
    assert brushed.touched is not None
    if action == "restore":
        assert (brushed.alpha >= wrong).all()
    else:
        assert (brushed.alpha <= wrong).all()


def test_a_magic_stroke_over_what_is_right_changes_nothing(scene: tuple[Rgb, Alpha]) -> None:
    rgb, true = scene
    for points, action in (
        ([(200.0, 200.0), (230.0, 280.0)], "restore"),
        ([(20.0, 20.0), (60.0, 30.0)], "erase"),
    ):
        brushed = brush.apply(rgb, true, [Stroke(points, 8, action)])  # type: ignore[arg-type]
        assert np.array_equal(brushed.alpha, true)


def test_a_magic_stroke_leaves_what_earlier_strokes_painted(scene: tuple[Rgb, Alpha]) -> None:
    rgb, true = scene
    damaged = true.copy()
    damaged[:, 440:] = 0
    keep_out = manual([(520.0, 170.0), (520.0, 310.0)], 12, "erase")
    restored = Stroke([(480.0, 220.0), (500.0, 260.0)], 8, "restore")
    brushed = brush.apply(rgb, damaged, [keep_out, restored]).alpha
    assert (brushed[180:300, 510:530] == 0).all()
    assert (brushed[235:245, 485:495] == 255).all()


def test_replaying_some_strokes_and_going_on_is_the_same_as_replaying_all(scene: tuple[Rgb, Alpha]) -> None:
    rgb, true = scene
    damaged = np.minimum(true, 255 - ellipse(true.shape, (215, 250), (50, 34)))
    damaged[:, 440:] = 0
    strokes = [
        Stroke([(195.0, 245.0), (235.0, 255.0)], 7, "restore"),
        manual([(300.0, 100.0), (330.0, 140.0)], 9, "restore", 0.4),
        Stroke([(490.0, 220.0), (550.0, 260.0)], 10, "restore"),
        Stroke([(315.0, 115.0), (322.0, 130.0)], 5, "erase"),
    ]
    at_once = brush.apply(rgb, damaged, strokes)
    first = brush.apply(rgb, damaged, strokes[:2])
    then = brush.apply(rgb, first.alpha, strokes[2:], earlier=strokes[:2])
    assert np.array_equal(then.alpha, at_once.alpha)
    assert np.array_equal(brush.apply(rgb, damaged, strokes).alpha, at_once.alpha)


def test_marks_all_over_the_photo_choose_the_object(scene: tuple[Rgb, Alpha]) -> None:
    rgb, true = scene
    restore, erase = np.zeros(true.shape, bool), np.zeros(true.shape, bool)
    restore[235:245, 120:280] = True
    erase[20:28, 60:600] = True
    weak = np.asarray(true // 4, dtype=np.uint8)  # a network that saw it, but was not sure
    both = brush.select(rgb, weak, restore, erase).alpha
    assert (both[200:280, 150:250] > 250).all()
    one = true.copy()
    one[:, 400:] = 0
    chosen = brush.select(rgb, true, restore, erase, only_marked=True)
    assert overlap(chosen.alpha, one) > 0.97
    assert (chosen.alpha[:, 450:] == 0).all()
    assert overlap(brush.select(rgb, true, restore, erase).alpha, true) > 0.97


def test_a_faint_answer_of_the_network_tells_what_a_mark_means() -> None:
    """Two halves of different colour: only the network knows that both are one object."""
    rgb = np.full((200, 300, 3), (60, 120, 70), np.uint8)
    rgb[60:140, 80:150], rgb[60:140, 150:220] = (220, 60, 50), (40, 50, 200)
    true = np.zeros((200, 300), np.uint8)
    true[60:140, 80:220] = 255
    alpha, belief = true.copy(), true.copy()
    alpha[:, 150:], belief[60:140, 150:220] = 0, 90
    restore, erase = np.zeros(true.shape, bool), np.zeros(true.shape, bool)
    restore[98:102, 90:140], erase[10:14, 20:280] = True, True
    assert overlap(brush.select(rgb, alpha, restore, erase).alpha, true) < 0.6
    assert overlap(brush.select(rgb, alpha, restore, erase, belief=belief).alpha, true) > 0.97


def test_thin_marks_on_a_large_photo_are_seen() -> None:
    rgb = np.full((3000, 4000, 3), (60, 120, 70), np.uint8)
    rgb[1000:2000, 1000:3000] = (220, 60, 50)
    restore, erase = np.zeros(rgb.shape[:2], bool), np.zeros(rgb.shape[:2], bool)
    restore[1500:1503, 1500:2500], erase[200:203, 500:3500] = True, True
    brushed = brush.select(rgb, np.zeros(rgb.shape[:2], np.uint8), restore, erase)
    assert brushed.touched == (1000, 1000, 3000, 2000)


def test_no_marks_give_the_same_matte(scene: tuple[Rgb, Alpha]) -> None:
    rgb, true = scene
    nothing = np.zeros(true.shape, bool)
    assert np.array_equal(brush.select(rgb, true, nothing, nothing).alpha, true)


def test_large_photos_are_brushed_at_full_size() -> None:
    back = np.zeros((2000, 3000, 3), np.uint8)
    back[:] = (40, 90, 60)
    true = np.zeros((2000, 3000), np.uint8)
    cv2.circle(true, (1500, 1000), 700, 255, -1, cv2.LINE_AA)
    noise = np.random.default_rng(3).normal(0, 6, back.shape)
    rgb = np.clip(np.where(true[..., None] > 127, (210, 170, 140), back) + noise, 0, 255).astype(np.uint8)
    damaged = true.copy()
    damaged[:, 1500:] = 0
    brushed = brush.apply(rgb, damaged, [Stroke([(1650.0, 600.0), (1950.0, 1400.0)], 40, "restore")])
    wrong = (brushed.alpha > 127) != (true > 127)
    edge = grown(cv2.morphologyEx(true, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)), 2)
    assert wrong[~edge].sum() == 0
    assert overlap(brushed.alpha, true) > 0.999


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    seed=st.integers(0, 2**16),
    action=st.sampled_from(["restore", "erase"]),
    mode=st.sampled_from(["magic", "manual"]),
)
def test_any_size_and_any_stroke(
    height: int, width: int, seed: int, action: brush.Action, mode: brush.Mode
) -> None:
    random = np.random.default_rng(seed)
    rgb = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    alpha = random.choice(np.array([0, 1, 128, 254, 255], np.uint8), (height, width))
    points = [(float(x), float(y)) for x, y in random.uniform(-20, 90, (3, 2))]
    photo, matte = rgb.copy(), alpha.copy()
    brushed = brush.apply(rgb, alpha, [Stroke(points, float(random.uniform(0.5, 20)), action, mode)])
    assert np.array_equal(rgb, photo)
    assert np.array_equal(alpha, matte)
    assert brushed.alpha.shape == alpha.shape
    assert brushed.alpha.dtype == np.uint8
    assert ((brushed.alpha >= alpha) if action == "restore" else (brushed.alpha <= alpha)).all()
    outside = np.ones(alpha.shape, bool)
    if brushed.touched is not None:
        left, top, right, bottom = brushed.touched
        outside[top:bottom, left:right] = False
    assert np.array_equal(brushed.alpha[outside], alpha[outside])
