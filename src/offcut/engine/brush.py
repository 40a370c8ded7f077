"""The Magic Brush: strokes that put parts back into a matte or take them out.

A *manual* stroke is painted exactly. A *magic* stroke is a hint: it takes or drops the part of the object
that it runs over, up to that part's edge. Nothing is kept between calls, so undo is a replay:
`apply(a + b)` gives the same matte as `apply(b, earlier=a)` on the outcome of `apply(a)`.

The part is found on a small copy of the photo by a random walk (`walk`). The edge of what has changed, and no
other, is then drawn at full size by a colour-guided filter (He, Sun, Tang, "Guided Image Filtering", 2013).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from offcut.engine import walk
from offcut.engine.types import Alpha, Box, Mask, Rgb
from offcut.errors import StrokeError

Action: TypeAlias = Literal["restore", "erase"]
T = TypeVar("T", bound=np.generic)
Mode: TypeAlias = Literal["magic", "manual"]
_Floats: TypeAlias = NDArray[np.float32]

STROKE_POINTS_MAX = 10_000
STROKE_AREA_PX_MAX = 2_000_000_000
"""Pixels that a stroke may run over, counted as often as it runs over them. Bounds the time of a replay."""

COORDINATE_PX_MAX = 100_000
SOLVE_PIXELS = 48_000
EDGE_PIXELS = 200_000
"""Sizes of the copies on which the part is found, and on which its edge is modelled."""

REACH = 0.25
"""How far around a stroke the first look goes, as a share of the photo's long side."""

EDGE_SMOOTHNESS = 1e-4
EDGE_STEEPNESS = 1.5
NONE, RESTORE, ERASE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Stroke:
    """A round brush drawn along a line. Coordinates are photo pixels, x to the right, y down, and the middle
    of the first pixel is (0, 0). They may lie outside the photo; a stroke wholly outside changes nothing.

    `hardness` (0.0-1.0) is the share of the radius that is painted at full strength; manual strokes only.
    Raises `StrokeError` if a value cannot be painted with.
    """

    points: Sequence[tuple[float, float]]
    radius_px: float
    action: Action
    mode: Mode = "magic"
    hardness: float = 0.8

    def __post_init__(self) -> None:
        if self.action not in ("restore", "erase") or self.mode not in ("magic", "manual"):
            raise StrokeError("A stroke restores or erases, and is magic or manual.")
        if not 0 < len(self.points) <= STROKE_POINTS_MAX:
            raise StrokeError(f"A stroke has 1 to {STROKE_POINTS_MAX} points.")
        if not 0 <= self.hardness <= 1:
            raise StrokeError("A brush's hardness lies between 0 and 1.")
        numbers = np.asarray([*sum(map(tuple, self.points), ()), self.radius_px], dtype=np.float64)
        if not (np.abs(numbers) <= COORDINATE_PX_MAX).all() or self.radius_px < 0.5:
            raise StrokeError("A stroke's points and radius are numbers of pixels, the radius at least half.")
        if self._area_px() > STROKE_AREA_PX_MAX:
            raise StrokeError("The stroke is too long for such a large brush.")

    def _area_px(self) -> float:
        steps = np.diff(np.asarray(self.points, dtype=np.float64), axis=0)
        return float((np.hypot(steps[:, 0], steps[:, 1]) + self.radius_px).sum() * 2 * self.radius_px)


@dataclass(frozen=True, slots=True)
class Brushed:
    """A matte after brushing. `touched` is the smallest box around all pixels that differ; None if none."""

    alpha: Alpha
    touched: Box | None


def apply(rgb: Rgb, alpha: Alpha, strokes: Sequence[Stroke], *, earlier: Sequence[Stroke] = ()) -> Brushed:
    """Paint strokes onto a matte, one after the other.

    `rgb` is the H×W×3 uint8 photo, `alpha` its H×W uint8 matte; neither is changed. `earlier` are strokes
    that `alpha` already shows: they are not painted again, but later magic strokes respect them.
    A restoring stroke never lowers a pixel and an erasing stroke never raises one. A magic stroke changes
    only what hangs together with the stroke itself. No strokes give the same matte, bit for bit.
    Deterministic.

    Raises `ValueError` if photo and matte differ in size.
    """
    _check_sizes(rgb, alpha)
    after = alpha.copy()
    done = list(earlier)
    for stroke in strokes:
        if stroke.mode == "manual":
            _paint(after, stroke)
        else:
            _work_magic(rgb, after, stroke, done)
        done.append(stroke)
    return Brushed(after, _difference(alpha, after))


def select(rgb: Rgb, alpha: Alpha, restore: Mask, erase: Mask, *, only_marked: bool = False) -> Brushed:
    """Choose the object by marks all over the photo, weighed together: H×W bool masks of what belongs to it
    and what does not (where both are set, it does). Unlike a stroke, a mark also brings in or takes out parts
    that hang together with it only through what was right already.

    `only_marked` drops every separate part of the outcome that has no restoring mark on it, for choosing one
    of several objects. Raises `ValueError` if sizes differ.
    """
    _check_sizes(rgb, alpha)
    _check_sizes(rgb, restore)
    _check_sizes(rgb, erase)
    after = alpha.copy()
    window = (0, 0, alpha.shape[1], alpha.shape[0])
    marks = np.where(_small_mask(restore, window), RESTORE, NONE).astype(np.uint8)
    marks[_small_mask(erase, window) & (marks == NONE)] = ERASE
    subject, inside = _find(rgb, alpha, window, marks, local=False)
    joined = _touching(subject, marks == RESTORE)
    removed = inside & _touching(~subject, marks == ERASE)
    if only_marked:
        removed |= inside & ~joined
        subject &= joined
    _redraw(rgb, after, window, subject, joined & ~inside, np.maximum)
    _redraw(rgb, after, window, subject, removed, np.minimum)
    return Brushed(after, _difference(alpha, after))


def _check_sizes(rgb: Rgb, other: NDArray[np.generic]) -> None:
    if rgb.shape != (*other.shape, 3):
        raise ValueError(f"photo {rgb.shape} and matte or marks {other.shape} do not fit each other")


def _difference(before: Alpha, after: Alpha) -> Box | None:
    changed = before != after
    columns = np.flatnonzero(changed.any(axis=0))
    rows = np.flatnonzero(changed.any(axis=1))
    if not rows.size:
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _window(stroke: Stroke, margin_px: float, shape: tuple[int, ...]) -> Box | None:
    """The box of the photo that the stroke covers, with a margin; None if it lies wholly outside."""
    points = np.asarray(stroke.points, dtype=np.float64)
    grown = stroke.radius_px + 2
    left, top = np.floor(points.min(axis=0) - grown)
    right, bottom = np.ceil(points.max(axis=0) + grown) + 1
    height, width = shape
    if right <= 0 or bottom <= 0 or left >= width or top >= height:
        return None
    return (
        max(0, int(left - margin_px)),
        max(0, int(top - margin_px)),
        min(width, int(right + margin_px)),
        min(height, int(bottom + margin_px)),
    )


def _cut(array: NDArray[T], window: Box) -> NDArray[T]:
    left, top, right, bottom = window
    return array[top:bottom, left:right]


def _draw(canvas: NDArray[np.uint8], stroke: Stroke, window: Box, thickness_px: float, value: int) -> None:
    """Draw the stroke's line into a canvas that shows the window at any size."""
    left, top, right, _ = window
    scale = canvas.shape[1] / (right - left)
    points = (np.asarray(stroke.points, dtype=np.float64) - (left, top) + 0.5) * scale - 0.5
    fixed = np.rint(points * 16).astype(np.int32).reshape(-1, 1, 2)
    if len(fixed) == 1:
        fixed = np.concatenate([fixed, fixed])
    cv2.polylines(canvas, [fixed], False, value, max(1, round(thickness_px * scale)), cv2.LINE_AA, shift=4)


def _coverage(stroke: Stroke, window: Box) -> Alpha:
    """How strongly a manual stroke paints each pixel of the window: nested lines, the wide ones faint."""
    left, top, right, bottom = window
    canvas = np.zeros((bottom - top, right - left), np.uint8)
    outer, inner = 2 * stroke.radius_px, 2 * stroke.radius_px * stroke.hardness
    steps = min(32, max(1, math.ceil((outer - inner) / 2)))
    for step in range(1, steps + 1):
        share = (step - 1) / max(1, steps - 1)
        _draw(canvas, stroke, window, outer + (inner - outer) * share, round(255 * step / steps))
    return canvas


def _paint(alpha: Alpha, stroke: Stroke) -> None:
    window = _window(stroke, 0, alpha.shape)
    if window is None:
        return
    here, coverage = _cut(alpha, window), _coverage(stroke, window)
    if stroke.action == "restore":
        np.maximum(here, coverage, out=here)
    else:
        np.minimum(here, 255 - coverage, out=here)


def _work_magic(rgb: Rgb, alpha: Alpha, stroke: Stroke, earlier: Sequence[Stroke]) -> None:
    height, width = alpha.shape
    whole = (0, 0, width, height)
    window = _window(stroke, REACH * max(height, width), alpha.shape)
    if window is None:
        return
    subject, changed, cut_off = _changed_by(rgb, alpha, stroke, earlier, window)
    if cut_off and window != whole:
        window = whole
        subject, changed, _ = _changed_by(rgb, alpha, stroke, earlier, window)
    before = alpha.copy() if earlier else alpha
    _redraw(rgb, alpha, window, subject, changed, np.maximum if stroke.action == "restore" else np.minimum)
    _keep_earlier(alpha, before, stroke, earlier)


def _changed_by(
    rgb: Rgb, alpha: Alpha, stroke: Stroke, earlier: Sequence[Stroke], window: Box
) -> tuple[Mask, Mask, bool]:
    """The subject, what of it the stroke changes, and whether that runs into an edge of the window."""
    marks = np.zeros(_small_shape(window, SOLVE_PIXELS), np.uint8)
    for other in (*earlier, stroke):
        core = np.zeros_like(marks)
        _draw(core, other, window, other.radius_px, 255)  # half as wide: a rough stroke strays outside
        marks[core > 100] = RESTORE if other.action == "restore" else ERASE
    subject, inside = _find(rgb, alpha, window, marks, local=True)
    restores = stroke.action == "restore"
    gained = subject & ~inside if restores else inside & ~subject
    changed = _touching(gained, cv2.dilate(core, np.ones((3, 3), np.uint8)) > 100)
    filled = _without_specks(changed, subject == restores) & (inside != restores)
    subject[filled & ~changed] = restores
    changed |= filled
    left, top, right, bottom = window
    height, width = alpha.shape
    cut_off = (
        (left > 0 and changed[:, 0].any())
        or (top > 0 and changed[0].any())
        or (right < width and changed[:, -1].any())
        or (bottom < height and changed[-1].any())
    )
    return subject, changed, bool(cut_off)


def _without_specks(changed: Mask, like_it: Mask) -> Mask:
    """The changed part with the specks and cracks in it, and between it and what was so before, closed."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    closed = cv2.morphologyEx(like_it.view(np.uint8), cv2.MORPH_CLOSE, disc, borderType=cv2.BORDER_REPLICATE)
    return np.asarray((closed > 0) & (cv2.morphologyEx(changed.view(np.uint8), cv2.MORPH_DILATE, disc) > 0))


def _keep_earlier(alpha: Alpha, before: Alpha, stroke: Stroke, earlier: Sequence[Stroke]) -> None:
    """Give the pixels under earlier strokes of the other action back, unless this stroke ran over them."""
    for other in earlier:
        window = _window(other, 0, alpha.shape)
        if other.action == stroke.action or window is None:
            continue
        under = np.zeros(_cut(alpha, window).shape, np.uint8)
        _draw(under, other, window, other.radius_px * (2 if other.mode == "manual" else 1), 255)
        _draw(under, stroke, window, 2 * stroke.radius_px, 0)
        np.copyto(_cut(alpha, window), _cut(before, window), where=under > 0)


def _small_shape(window: Box, pixels: int) -> tuple[int, int]:
    left, top, right, bottom = window
    scale = max(1.0, ((right - left) * (bottom - top) / pixels) ** 0.5)
    return max(1, round((bottom - top) / scale)), max(1, round((right - left) / scale))


def _resize(image: NDArray[np.uint8], shape: tuple[int, ...], how: int) -> NDArray[np.uint8]:
    if image.shape[:2] == tuple(shape[:2]):
        return image
    resized = cv2.resize(np.ascontiguousarray(image), (shape[1], shape[0]), interpolation=how)
    return np.asarray(resized, dtype=np.uint8).reshape(*shape[:2], *image.shape[2:])


def _shrink(image: NDArray[np.uint8], window: Box, pixels: int) -> NDArray[np.uint8]:
    """The window at about so many pixels. Of a large photo only a regular few pixels are averaged."""
    shape = _small_shape(window, pixels)
    cut = _cut(image, window)
    skip = max(1, int(cut.shape[0] / shape[0] / 3))
    return _resize(cut[skip // 2 :: skip, skip // 2 :: skip], shape, cv2.INTER_AREA)


def _small_mask(mask: Mask, window: Box) -> Mask:
    small = _resize(
        _cut(mask, window).view(np.uint8) * np.uint8(255), _small_shape(window, SOLVE_PIXELS), cv2.INTER_AREA
    )
    return np.asarray(small > 38)


def _touching(mask: Mask, marks: Mask) -> Mask:
    """The connected parts of a mask that have a mark on them."""
    count, label = cv2.connectedComponents(mask.astype(np.uint8))
    kept = np.zeros(count, bool)
    kept[np.unique(label[marks & mask])] = True
    return np.asarray(kept[label] & mask)


def _find(rgb: Rgb, alpha: Alpha, window: Box, marks: NDArray[np.uint8], *, local: bool) -> tuple[Mask, Mask]:
    """What belongs to the subject once the marks are heeded, and what did before; both at the marks' size."""
    small_rgb, small_alpha = (_shrink(array, window, SOLVE_PIXELS) for array in (rgb, alpha))
    subject = walk.subject_after(small_rgb, small_alpha, marks == RESTORE, marks == ERASE, local=local)
    return subject, small_alpha > 127


def _redraw(rgb: Rgb, alpha: Alpha, window: Box, subject: Mask, changed: Mask, keep: np.ufunc) -> None:
    """Draw the subject into the matte, in and just around the changed part. `keep` is np.maximum or
    np.minimum: a pixel moves one way only."""
    if not changed.any():
        return
    near = np.asarray(cv2.dilate(changed.astype(np.uint8), np.ones((5, 5), np.uint8)), dtype=np.uint8)
    part, box = _around(near, window)
    here = _cut(alpha, box)
    allowed = _resize(near[part] * np.uint8(255), here.shape, cv2.INTER_LINEAR) > 127
    outline = subject[part].view(np.uint8) * np.uint8(255)
    drawn = _edges(_cut(rgb, box), allowed, outline)
    keep(here, drawn, out=here, where=allowed)


def _around(near: NDArray[np.uint8], window: Box) -> tuple[tuple[slice, slice], Box]:
    """The part of the small copy around its non-zero pixels, and the box of the photo that it shows."""
    left, top, right, bottom = window
    height, width = near.shape
    x, y, across, down = cv2.boundingRect(near)
    x0, y0, x1, y1 = max(0, x - 4), max(0, y - 4), min(width, x + across + 4), min(height, y + down + 4)
    by_x, by_y = (right - left) / width, (bottom - top) / height
    box = (left + round(x0 * by_x), top + round(y0 * by_y), left + round(x1 * by_x), top + round(y1 * by_y))
    return (slice(y0, y1), slice(x0, x1)), box


def _edges(rgb: Rgb, allowed: Mask, outline: NDArray[np.uint8]) -> Alpha:
    """The small outline at the photo's size, snapped to the photo's own edge where that may be drawn."""
    shape = _small_shape((0, 0, allowed.shape[1], allowed.shape[0]), EDGE_PIXELS)
    guide = _shrink(rgb, (0, 0, allowed.shape[1], allowed.shape[0]), EDGE_PIXELS)
    hard = (_resize(outline, shape, cv2.INTER_LINEAR) > 127).astype(np.uint8)
    radius = max(2, round(1.5 * shape[0] / outline.shape[0]))
    square = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    band = np.asarray(cv2.dilate(hard, square) - cv2.erode(hard, square), dtype=np.uint8)
    drawn = ((_resize(outline, allowed.shape, cv2.INTER_LINEAR) > 127) * np.uint8(255)).astype(np.uint8)
    open_pixels = np.flatnonzero(
        allowed & (_resize(band * np.uint8(255), allowed.shape, cv2.INTER_LINEAR) > 127)
    )
    if open_pixels.size:
        model = _edge_model(guide, hard.astype(np.float32), radius)
        drawn.reshape(-1)[open_pixels] = _read_edge(model, rgb, open_pixels)
    return drawn


def _edge_model(guide: Rgb, hard: _Floats, radius: int) -> list[_Floats]:
    """The outline as a local linear function of colour: three slopes and an offset for every pixel."""

    def mean(image: NDArray[np.generic]) -> _Floats:
        side = 2 * radius + 1
        plane = np.ascontiguousarray(image, dtype=np.float32)
        return np.asarray(cv2.blur(plane, (side, side), borderType=cv2.BORDER_REPLICATE), dtype=np.float32)

    colours = [guide[..., channel] / np.float32(255) for channel in range(3)]
    means, mean_hard = [mean(colour) for colour in colours], mean(hard)
    covariance = np.empty((*hard.shape, 3, 3), np.float32)
    slopes = np.empty((*hard.shape, 3, 1), np.float32)
    for i in range(3):
        slopes[..., i, 0] = mean(colours[i] * hard) - means[i] * mean_hard
        for j in range(i, 3):
            covariance[..., i, j] = mean(colours[i] * colours[j]) - means[i] * means[j]
            covariance[..., j, i] = covariance[..., i, j]
        covariance[..., i, i] += EDGE_SMOOTHNESS
    slopes = np.linalg.solve(covariance, slopes)[..., 0]
    offset = mean_hard - sum(slopes[..., i] * means[i] for i in range(3))
    return [mean(plane) for plane in (*slopes.transpose(2, 0, 1), offset)]


def _read_edge(model: list[_Floats], rgb: Rgb, pixels: NDArray[np.intp]) -> Alpha:
    """The model at single full-size pixels, as alpha."""
    height, width = rgb.shape[:2]
    padded = np.resize(pixels, (-(-pixels.size // 256), 256))
    y, x = np.divmod(padded.astype(np.int32), width)
    across = ((x + 0.5) * (model[0].shape[1] / width) - 0.5).astype(np.float32)
    down = ((y + 0.5) * (model[0].shape[0] / height) - 0.5).astype(np.float32)
    colours = rgb[y, x]
    value = cv2.remap(model[3], across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    for channel in range(3):
        slope = cv2.remap(model[channel], across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        value = value + slope * (colours[..., channel] / np.float32(255))
    steep = (value - 0.5) * EDGE_STEEPNESS + 0.5
    return np.asarray(np.clip(steep * 255 + 0.5, 0, 255), dtype=np.uint8).reshape(-1)[: pixels.size]
