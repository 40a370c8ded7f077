"""What belongs to the subject, and roughly where its edge runs: the mattes of several looks made into one.

A network shown the photo at one size leaves holes in large smooth bodies or misses what is dark and plain. So
a first look asks a detailed network at a middle size and a coarse network that sees the whole. Only where the
two leave something open is a second look spent: the detailed network at its finest size, on the mirror image
with its contrast evened out, since looks that differ err differently.

The mean of all looks decides *what*, by hysteresis (Canny's thresholding: kept above the lower limit if
joined to something above the upper one). The detailed looks alone draw *where* the edge runs, in a band
around that decision, and the two pass into each other without a step. docs/decisions/looks.md has the
measurements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from offcut.engine.types import Box, Mask, Matte, Rgb

Look: TypeAlias = Callable[[Rgb, int], Matte]
"""A network as a function of a photo and a side: the side×side matte (0.0-1.0) of the stretched photo."""

PlacedPoint: TypeAlias = tuple[tuple[int, int], bool]
"""x, y in pixels, and whether it is wanted."""

GRID = 768
"""Side of the square on which looks are compared, and of the first detailed look."""
FINEST = 1024
WHOLE = 320

DOUBT_MAX = 0.03
"""A second look is taken when more than this share, measured against the subject, is left open."""
DOUBT_MAX_PREVIEW = 0.2
"""The same for a preview: up to here a second look changes what is in by a few pixels only."""
ONE_LOOK = float("inf")
FILIGREE_MIN = 21.0
"""Length of the outline over the root of the area from which a subject is filigree: branches, nets (a disc
has 3.5, a car 12). There the detailed looks know better than any decision."""

KEEP_ABOVE = 0.5
SEED_ABOVE = 0.7
WEAK_ABOVE = 0.3
BAND_INSIDE_PX = 10
BAND_OUTSIDE_PX = 15
"""The band, from the outline: hair reaches out further than what is solid may be seen through."""
FEATHER_PX = 15
"""Width over which what was decided and what was drawn pass into each other: a step would be seen."""
ROUND_PX = 9
"""Where the decision itself draws the edge, its corners are rounded off over this width."""
OPEN_PX = 25
"""Where the looks leave a whole area open, the decision follows their mean over this width: the grain of so
weak an answer is noise, and cuts the subject's outline into teeth."""
OPEN_MEAN = (0.30, 0.55)
"""How open an area is on average (0: in or out, 1: even) from which that is done a little and wholly."""
THICK_PX = 7
"""In the band, a contradiction thinner than this is detail to keep; a thicker one is a mistaken look."""

CONTRAST_LIMIT = 3.0
SMALL_SHARE = 0.15
"""A subject whose box is a smaller share of the photo is looked at again in its own box."""
MARGIN = 0.35
"""Surroundings added on each side of a box before it is looked at, as a share of the box."""


@dataclass(frozen=True, slots=True)
class Segmentation:
    """`matte`: GRID×GRID float32 0.0-1.0 of the photo stretched to a square. `belief`: likewise, the mean of
    all looks before anything was decided. `fine`: the detailed network's first look as it came; `other`:
    what all other looks say; for judging whether there is a subject at all. `doubt`: how much the first look
    left open, as a share of the subject. `passes`: runs of the detailed network."""

    matte: Matte
    belief: Matte
    fine: Matte
    other: Matte
    doubt: float
    passes: int


@dataclass(frozen=True, slots=True)
class _Looks:
    """The two networks, and what is to be called when they have been asked."""

    fine: Look
    whole: Look
    on_looked: Callable[[], object]


def segment(
    rgb: Rgb,
    fine: Look,
    whole: Look,
    *,
    box: Box | None = None,
    points: Sequence[PlacedPoint] = (),
    doubt_max: float = DOUBT_MAX,
    on_looked: Callable[[], object] = lambda: None,
) -> Segmentation:
    """Finds the subject of a photo (H×W×3 uint8, any size; 1024 pixels a side are enough).

    `box` limits the search to a part of the photo (pixels of `rgb`), all else is background. `points` choose
    the parts they lie on, or drop them. More doubt than `doubt_max` brings a second look; with `ONE_LOOK`
    nothing does. `on_looked` is called whenever the networks have answered and what they said is about to be
    weighed: from there on they are mostly idle. Errors are those of the networks.
    """
    looks = _Looks(fine, whole, on_looked)
    found = _whole_photo(rgb, looks, doubt_max) if box is None else _in_box(rgb, box, looks, doubt_max)
    np.clip(found.matte, 0, 1, out=found.matte)
    if not points:
        return found
    return _chosen(rgb, found, points, looks)


def decide(belief: Matte, *, keep_above: float = KEEP_ABOVE, seed_above: float = SEED_ABOVE) -> Mask:
    """What is in: all above `keep_above` that is joined to something above `seed_above`. H×W in, H×W out."""
    count, labels = cv2.connectedComponents((belief > keep_above).view(np.uint8), connectivity=4)
    kept = np.zeros(count, bool)
    kept[labels[belief > seed_above]] = True
    kept[0] = False
    # Looked up with `take`, which needs half the time of an index.
    return cast(Mask, np.take(kept, cast(NDArray[np.int32], labels), mode="clip"))


def doubt(belief: Matte) -> float:
    """How much of a belief (H×W, 0.0-1.0) is open, thin edges aside, as a share of what is in."""
    small = cv2.resize(belief, (GRID // 2, GRID // 2), interpolation=cv2.INTER_AREA)
    is_open = ((small > 0.08) & (small < 0.92)).view(np.uint8)
    thick = cv2.morphologyEx(is_open, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
    return float(np.count_nonzero(thick) / max(float(np.count_nonzero(small > 0.5)), 0.01 * small.size))


def even_contrast(rgb: Rgb) -> Rgb:
    """The photo with its luma equalised locally (CLAHE, Zuiderveld 1994), colour differences kept."""
    planes = cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb)
    luma = cv2.createCLAHE(CONTRAST_LIMIT, (8, 8)).apply(cv2.extractChannel(planes, 0))
    cv2.insertChannel(luma, planes, 0)
    return cast(Rgb, cv2.cvtColor(planes, cv2.COLOR_YCrCb2RGB))


def _whole_photo(rgb: Rgb, looks: _Looks, doubt_max: float) -> Segmentation:
    found = _look(rgb, looks, doubt_max)
    height, width = rgb.shape[:2]
    inside = _box_of(found.matte > KEEP_ABOVE)
    if doubt_max == ONE_LOOK or inside is None or _area(inside) >= SMALL_SHARE * GRID * GRID:
        return found
    around = _grown(_scaled(inside, width / GRID, height / GRID), width, height)
    again = _look(_cut(rgb, around), looks, doubt_max)
    return _with_closer(found, again, around, width, height)


def _in_box(rgb: Rgb, box: Box, looks: _Looks, doubt_max: float) -> Segmentation:
    height, width = rgb.shape[:2]
    around = _grown(box, width, height)
    found = _look(_cut(rgb, around), looks, doubt_max)
    matte = _pasted(found.matte, around, width, height)
    left, top, right, bottom = _scaled(box, GRID / width, GRID / height)
    outside = np.ones((GRID, GRID), bool)
    outside[top:bottom, left:right] = False
    matte[outside] = 0
    belief = _pasted(found.belief, around, width, height)
    belief[outside] = 0
    return replace(found, matte=matte, belief=belief)


def _look(rgb: Rgb, looks: _Looks, doubt_max: float) -> Segmentation:
    """The looks at one picture, joined."""
    square = _square(rgb, FINEST)
    first, coarse = _on_grid(looks.fine(square, GRID)), looks.whole(square, WHOLE)
    seen_whole = _on_grid(coarse)
    belief = (2 * first + seen_whole) / np.float32(3)
    left_open = doubt(belief)
    if left_open <= doubt_max:
        looks.on_looked()
        return Segmentation(_joined(belief, first), belief, first, coarse, left_open, 1)
    mirror = cast(Rgb, _mirrored(even_contrast(square)))
    second = _on_grid(cast(Matte, _mirrored(looks.fine(mirror, FINEST))))
    looks.on_looked()
    edge = (first + second) / np.float32(2)
    belief = (2 * edge + seen_whole) / np.float32(3)
    joined = _filigree(belief, edge) if _is_filigree(edge) else _joined(belief, edge)
    other = (second + seen_whole) / np.float32(2)
    return Segmentation(joined, belief, first, other, left_open, 2)


def _joined(belief: Matte, edge: Matte) -> Matte:
    """What was decided, with the edge drawn by `edge` in a band around its outline."""
    inside = decide(_calmed(belief))
    band = _band(inside)
    settled = ~band
    contradiction = band & (inside != (edge > 0.5))
    if np.count_nonzero(contradiction) >= THICK_PX * THICK_PX // 2:
        settled |= _thick(contradiction)
    return edge + _blurred(settled, FEATHER_PX) * (_blurred(inside, ROUND_PX) - edge)


def _band(inside: Mask) -> Mask:
    """The band around the outline of what is in; measured on half its size, in a third of the time."""
    half = np.ascontiguousarray(inside[::2, ::2])
    # The first of two pixels stands for both: seen from inside, the outline comes a quarter too near.
    near = (_depth(half) <= BAND_INSIDE_PX / 2 + 0.25) & (_depth(~half) <= BAND_OUTSIDE_PX / 2)
    return cv2.resize(near.view(np.uint8), inside.shape, interpolation=cv2.INTER_NEAREST) > 0


def _depth(mask: Mask) -> NDArray[np.float32]:
    """How far each pixel lies inside a mask; 0 outside."""
    return cast(NDArray[np.float32], cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_L2, 3))


def _calmed(belief: Matte) -> Matte:
    """The belief without its grain where a whole area is open."""
    side = belief.shape[0] // 2
    small = cv2.resize(belief, (side, side), interpolation=cv2.INTER_AREA)
    window = (OPEN_PX // 2 + 1, OPEN_PX // 2 + 1)
    openness = cv2.blur(4 * small * (1 - small), window)
    low, high = OPEN_MEAN
    if float(openness.max()) <= low:
        return belief
    share = np.clip((openness - np.float32(low)) / np.float32(high - low), 0, 1)
    calm = cv2.resize(
        cv2.merge([cv2.blur(small, window), share]), belief.shape, interpolation=cv2.INTER_LINEAR
    )
    return belief + calm[:, :, 1] * (calm[:, :, 0] - belief)


def _blurred(mask: Mask, width: int) -> Matte:
    return cast(Matte, cv2.blur(mask.astype(np.float32), (width, width)))


def _is_filigree(edge: Matte) -> bool:
    # Twice: the grain of an unsure answer has a long outline too.
    return _is_long(edge) and _is_long(_calmed(edge))


def _is_long(edge: Matte) -> bool:
    inside = (edge > 0.5).view(np.uint8)
    area = int(np.count_nonzero(inside))
    outline = area - int(np.count_nonzero(cv2.erode(inside, np.ones((3, 3), np.uint8))))
    return outline > FILIGREE_MIN * float(max(area, 1) ** 0.5)


def _filigree(belief: Matte, edge: Matte) -> Matte:
    """The detailed looks as they are, near everything that may be subject."""
    near = decide(belief, keep_above=WEAK_ABOVE).view(np.uint8)
    around = cv2.dilate(near, np.ones((2 * BAND_OUTSIDE_PX + 1,) * 2, np.uint8))
    return cast(Matte, edge * _blurred(around.astype(bool), FEATHER_PX))


def _thick(contradiction: Mask) -> Mask:
    shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (THICK_PX, THICK_PX))
    core = cv2.morphologyEx(contradiction.view(np.uint8), cv2.MORPH_OPEN, shape)
    return (cv2.dilate(core, np.ones((5, 5), np.uint8)) > 0) & contradiction


def _with_closer(
    found: Segmentation, again: Segmentation, around: Box, width: int, height: int
) -> Segmentation:
    """The closer look's edge, where it agrees with what was decided; a closer look that finds something else
    than the first is not believed."""
    closer = _pasted(again.matte, around, width, height)
    was, now = found.matte > KEEP_ABOVE, closer > KEEP_ABOVE
    if np.count_nonzero(was & now) < 0.8 * np.count_nonzero(was | now):
        return found
    return replace(found, matte=closer, passes=found.passes + again.passes)


def _chosen(rgb: Rgb, found: Segmentation, points: Sequence[PlacedPoint], looks: _Looks) -> Segmentation:
    """The parts of the matte that the points ask for. A wanted point on background is looked at more closely,
    in ever smaller windows around it."""
    height, width = rgb.shape[:2]
    matte = found.matte.copy()
    wanted = [at for at, is_wanted in points if is_wanted]
    for at in wanted:
        if _at(matte, at, width, height) <= WEAK_ABOVE:
            matte = np.maximum(matte, _near_point(rgb, at, looks))
    _, labels = cv2.connectedComponents((matte > WEAK_ABOVE).view(np.uint8), connectivity=4)
    dropped = np.zeros(labels.shape, bool)
    if wanted:
        keep = {int(_at(labels, at, width, height)) for at in wanted} - {0}
        dropped = (labels > 0) & ~np.isin(labels, list(keep))
    for at, is_wanted in points:
        label = int(_at(labels, at, width, height))
        if not is_wanted and label:
            rivals = [p for p in wanted if int(_at(labels, p, width, height)) == label]
            dropped |= _side_of(rgb, labels == label, at, rivals)
    kept = (labels > 0) & ~dropped
    if dropped.any() or (wanted and not kept.any()):
        # The soft rim goes with the part that it is nearer to.
        matte[_nearer(dropped, kept)] = 0
    return replace(found, matte=matte)


def _near_point(rgb: Rgb, at: tuple[int, int], looks: _Looks) -> Matte:
    height, width = rgb.shape[:2]
    for share in (0.5, 0.25):
        w, h = max(int(width * share), 32), max(int(height * share), 32)
        left, top = (
            min(max(at[0] - w // 2, 0), max(width - w, 0)),
            min(max(at[1] - h // 2, 0), max(height - h, 0)),
        )
        window = (left, top, min(left + w, width), min(top + h, height))
        closer = _pasted(_look(_cut(rgb, window), looks, ONE_LOOK).matte, window, width, height)
        if _at(closer, at, width, height) > KEEP_ABOVE:
            return closer
    return np.zeros((GRID, GRID), np.float32)


def _side_of(rgb: Rgb, part: Mask, unwanted: tuple[int, int], wanted: Sequence[tuple[int, int]]) -> Mask:
    """What of one part belongs to the unwanted point: all of it, or its basin if wanted points share the part
    (watershed by flooding, Meyer 1992)."""
    if not wanted:
        return part
    height, width = rgb.shape[:2]
    markers = np.where(part, 0, 3).astype(np.int32)
    for at, marker in [(unwanted, 2), *((p, 1) for p in wanted)]:
        x, y = int(at[0] * GRID / width), int(at[1] * GRID / height)
        cv2.circle(markers, (x, y), 6, marker, -1)
    basins = cv2.watershed(_square(rgb, GRID), markers)
    return part & _nearer(basins == 2, basins == 1)


def _nearer(one: Mask, other: Mask) -> Mask:
    """Where `one` is nearer than `other`; everywhere if there is no `other`."""
    if not other.any():
        return np.ones(other.shape, bool)
    return _depth(~one) < _depth(~other)


def _square(rgb: Rgb, side: int) -> Rgb:
    is_large = min(rgb.shape[:2]) > side
    how = cv2.INTER_AREA if is_large else cv2.INTER_LINEAR
    return cast(Rgb, cv2.resize(rgb, (side, side), interpolation=how))


def _mirrored(picture: NDArray[Any]) -> NDArray[Any]:
    return cast(NDArray[Any], cv2.flip(picture, 1))


def _on_grid(matte: Matte) -> Matte:
    side = matte.shape[0]
    if side == GRID:
        return matte
    how = cv2.INTER_AREA if side > GRID else cv2.INTER_LINEAR
    return cast(Matte, cv2.resize(np.ascontiguousarray(matte), (GRID, GRID), interpolation=how))


def _pasted(matte: Matte, window: Box, width: int, height: int) -> Matte:
    """A window's matte on the grid of the whole photo, 0 outside."""
    left, top, right, bottom = _scaled(window, GRID / width, GRID / height)
    whole = np.zeros((GRID, GRID), np.float32)
    whole[top:bottom, left:right] = cv2.resize(
        matte, (right - left, bottom - top), interpolation=cv2.INTER_AREA
    )
    return whole


def _box_of(mask: Mask) -> Box | None:
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    return (left, top, left + width, top + height) if width else None


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _scaled(box: Box, x: float, y: float) -> Box:
    left, top = int(box[0] * x), int(box[1] * y)
    # Less a hair, or 187 · (768 / 187) would round up to 769.
    right, bottom = int(np.ceil(box[2] * x - 1e-6)), int(np.ceil(box[3] * y - 1e-6))
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _grown(box: Box, width: int, height: int) -> Box:
    dx, dy = int((box[2] - box[0]) * MARGIN), int((box[3] - box[1]) * MARGIN)
    return max(box[0] - dx, 0), max(box[1] - dy, 0), min(box[2] + dx, width), min(box[3] + dy, height)


def _cut(rgb: Rgb, box: Box) -> Rgb:
    return rgb[box[1] : box[3], box[0] : box[2]]


def _at(values: NDArray[Any], at: tuple[int, int], width: int, height: int) -> float:
    return float(values[min(int(at[1] * GRID / height), GRID - 1), min(int(at[0] * GRID / width), GRID - 1)])
