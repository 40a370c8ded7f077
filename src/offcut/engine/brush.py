"""The Magic Brush: strokes that put parts back into a matte or take them out.

A *manual* stroke is painted exactly. A *magic* stroke is a hint: it takes or drops the part of the object
that it runs over, up to that part's edge. Nothing is kept between calls, so undo is a replay:
`apply(a + b)` gives the same matte as `apply(b, earlier=a)` on the outcome of `apply(a)`.

The part is found on a small copy of the photo by a random walk (`walk`). The edge of what has changed, and no
other, is then drawn at full size (`outline`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from offcut.engine import walk
from offcut.engine.outline import box_of, cut, redraw, resize, shrink, small_shape
from offcut.engine.types import Alpha, Box, Mask, Rgb
from offcut.errors import StrokeError

Action: TypeAlias = Literal["restore", "erase"]
Mode: TypeAlias = Literal["magic", "manual"]
_Floats: TypeAlias = NDArray[np.float32]

STROKE_POINTS_MAX = 10_000
STROKE_AREA_PX_MAX = 400_000_000
"""Pixels that a stroke may run over, counted as often as it runs over them. Bounds the time of a replay."""

COORDINATE_PX_MAX = 100_000
BAND_PIXELS = 1 << 22
SOLVE_PIXELS = 32_000
"""Size of the copy on which a part is found."""

HALF_HEARTED = 245
"""Alpha below this, deep inside a part that is taken, is made solid too; and mirrored for what is dropped."""

REACH = 0.25
"""How far around a stroke the first look goes, as a share of the photo's long side."""

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
        steps = np.diff(_path(self), axis=0)
        if ((np.hypot(*steps.T) + self.radius_px) * 2 * self.radius_px).sum() > STROKE_AREA_PX_MAX:
            raise StrokeError("The stroke is too long for such a large brush.")


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


def select(
    rgb: Rgb,
    alpha: Alpha,
    restore: Mask,
    erase: Mask,
    *,
    only_marked: bool = False,
    belief: Alpha | None = None,
) -> Brushed:
    """Choose the object by marks all over the photo, weighed together: H×W bool masks of what belongs to it
    and what does not (where both are set, it does). Unlike a stroke, a mark also brings in or takes out parts
    that hang together with it only through what was right already.

    `only_marked` drops every separate part of the outcome that has no restoring mark on it, for choosing one
    of several objects. `belief` is the network's own undecided answer, H×W uint8, where it was kept: a faint
    answer that the matte has since rounded to nothing helps to tell what a mark means.
    Raises `ValueError` if sizes differ.
    """
    belief = alpha if belief is None else belief
    for other in (alpha, restore, erase, belief):
        _check_sizes(rgb, other)
    # The finished matte and the undecided answer err differently; together they are better than either.
    belief = np.asarray(cv2.addWeighted(alpha, 0.5, belief, 0.5, 0), np.uint8)
    after = alpha.copy()
    window = (0, 0, alpha.shape[1], alpha.shape[0])
    marks = np.where(_small_mask(restore, window), RESTORE, NONE).astype(np.uint8)
    marks[_small_mask(erase, window) & (marks == NONE)] = ERASE
    subject, _ = _find(rgb, belief, window, marks, local=False)
    before = shrink(alpha, window, SOLVE_PIXELS)
    joined, dropped = _touching(subject, marks == RESTORE), _touching(~subject, marks == ERASE)
    added, removed = _lacking(subject, before) & joined, _lacking(~subject, ~before) & dropped
    if only_marked:
        removed |= (before > 127) & ~joined
        subject &= joined
    redraw(rgb, after, window, subject, added, np.maximum)
    redraw(rgb, after, window, subject, removed, np.minimum)
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
    """How strongly a manual stroke paints each pixel of the window, by its distance to the stroke's line."""
    left, top, right, bottom = window
    squared = np.full((bottom - top, right - left), np.inf, np.float32)
    reach = math.ceil(stroke.radius_px) + 1
    path = _pieces(_path(stroke) - (left, top), 2 * stroke.radius_px + 16)
    for start, end in pairwise(path):
        x0, y0 = np.floor(np.minimum(start, end)).astype(int) - reach
        x1, y1 = np.ceil(np.maximum(start, end)).astype(int) + reach + 1
        part = squared[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)]
        if part.size:
            x = np.arange(max(0, x0), max(0, x0) + part.shape[1], dtype=np.float32) - np.float32(start[0])
            y = np.arange(max(0, y0), max(0, y0) + part.shape[0], dtype=np.float32) - np.float32(start[1])
            np.minimum(part, _squared_distance(x, y[:, None], end - start), out=part)
    core = stroke.radius_px * stroke.hardness
    fall = max(1.0, stroke.radius_px - core)
    share = 0.5 + ((stroke.radius_px + core) / 2 - np.sqrt(squared)) / np.float32(fall)
    return np.asarray(np.clip(share, 0, 1) * 255 + 0.5, dtype=np.uint8)


def _squared_distance(x: _Floats, y: _Floats, end: NDArray[np.float64]) -> _Floats:
    """From points to the line between (0, 0) and `end`."""
    across, down = np.float32(end[0]), np.float32(end[1])
    along = np.clip((x * across + y * down) / max(across * across + down * down, np.float32(1e-9)), 0, 1)
    return np.asarray((x - along * across) ** 2 + (y - along * down) ** 2, dtype=np.float32)


def _path(stroke: Stroke) -> NDArray[np.float64]:
    """The stroke's points without those that make no visible difference; at least two."""
    points = np.asarray(stroke.points, dtype=np.float32).reshape(-1, 1, 2)
    path = cv2.approxPolyDP(points, min(0.5, 0.02 * stroke.radius_px), False).reshape(-1, 2)
    return np.asarray(path if len(path) > 1 else np.repeat(path, 2, axis=0), dtype=np.float64)


def _pieces(path: NDArray[np.float64], length_max: float) -> NDArray[np.float64]:
    """The same line with its long parts cut, so that no piece's box is much larger than the brush."""
    lengths = np.hypot(*np.diff(path, axis=0).T)
    parts = [
        start + (end - start) * (np.arange(count) / count)[:, None]
        for start, end, count in zip(
            path[:-1], path[1:], np.maximum(1, np.ceil(lengths / length_max)).astype(int), strict=True
        )
    ]
    return np.concatenate([*parts, path[-1:]])


def _bands(window: Box) -> Iterator[Box]:
    """The window in bands of a few megapixels, so that a long stroke needs no large float array."""
    left, top, right, bottom = window
    rows = max(1, BAND_PIXELS // (right - left))
    for start in range(top, bottom, rows):
        yield left, start, right, min(bottom, start + rows)


def _paint(alpha: Alpha, stroke: Stroke) -> None:
    window = _window(stroke, 0, alpha.shape)
    for band in _bands(window) if window else ():
        here, coverage = cut(alpha, band), _coverage(stroke, band)
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
    box = box_of(changed, window)
    if box is None:
        return
    before = cut(alpha, box).copy()
    redraw(rgb, alpha, window, subject, changed, np.maximum if stroke.action == "restore" else np.minimum)
    _keep_earlier(alpha, before, box, stroke, earlier)


def _changed_by(
    rgb: Rgb, alpha: Alpha, stroke: Stroke, earlier: Sequence[Stroke], window: Box
) -> tuple[Mask, Mask, bool]:
    """The subject, what of it the stroke changes, and whether that runs into an edge of the window."""
    marks = np.zeros(small_shape(window, SOLVE_PIXELS), np.uint8)
    for other in (*earlier, stroke):
        core = np.zeros_like(marks)
        _draw(core, other, window, other.radius_px, 255)  # half as wide: a rough stroke strays outside
        marks[core > 100] = RESTORE if other.action == "restore" else ERASE
    subject, before = _find(rgb, alpha, window, marks, local=True)
    restores = stroke.action == "restore"
    gained = _lacking(subject, before) if restores else _lacking(~subject, ~before)
    changed = _touching(gained, cv2.dilate(core, np.ones((3, 3), np.uint8)) > 100)
    filled = _without_specks(changed, subject == restores) & ((before > 127) != restores)
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


def _keep_earlier(alpha: Alpha, before: Alpha, box: Box, stroke: Stroke, earlier: Sequence[Stroke]) -> None:
    """Give the pixels under earlier strokes of the other action back, unless this stroke ran over them.
    `before` is what the box held."""
    for other in earlier:
        window = _window(other, 0, alpha.shape)
        if other.action == stroke.action or window is None:
            continue
        shared = (
            max(box[0], window[0]),
            max(box[1], window[1]),
            min(box[2], window[2]),
            min(box[3], window[3]),
        )
        if shared[0] >= shared[2] or shared[1] >= shared[3]:
            continue
        for band in _bands(shared):
            under = _coverage(other, band) > (0 if other.mode == "manual" else 127)
            under &= _coverage(stroke, band) <= 127
            left, top, right, bottom = band
            old = before[top - box[1] : bottom - box[1], left - box[0] : right - box[0]]
            np.copyto(cut(alpha, band), old, where=under)


def _small_mask(mask: Mask, window: Box) -> Mask:
    small = resize(
        cut(mask, window).view(np.uint8) * np.uint8(255), small_shape(window, SOLVE_PIXELS), cv2.INTER_AREA
    )
    return np.asarray(small > 12)


def _touching(mask: Mask, marks: Mask) -> Mask:
    """The connected parts of a mask that have a mark on them."""
    count, label = cv2.connectedComponents(mask.astype(np.uint8))
    kept = np.zeros(count, bool)
    kept[np.unique(label[marks & mask])] = True
    return np.asarray(kept[label] & mask)


def _find(
    rgb: Rgb, alpha: Alpha, window: Box, marks: NDArray[np.uint8], *, local: bool
) -> tuple[Mask, Alpha]:
    """What belongs to the subject once the marks are heeded, and the matte so far, as small as the marks."""
    small_rgb, small_alpha = (shrink(array, window, SOLVE_PIXELS) for array in (rgb, alpha))
    subject = walk.subject_after(small_rgb, small_alpha, marks == RESTORE, marks == ERASE, local=local)
    return subject, small_alpha


def _lacking(part: Mask, alpha: Alpha) -> Mask:
    """Where a part is not in the matte, or, away from its edge, only half-heartedly."""
    deep = cv2.erode(part.view(np.uint8), np.ones((5, 5), np.uint8), borderType=cv2.BORDER_REPLICATE) > 0
    return np.asarray(part & ((alpha <= 127) | (deep & (alpha < HALF_HEARTED))))
