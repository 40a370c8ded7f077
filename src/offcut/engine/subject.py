"""What the photo shows, and whether it shows anything.

`classify` weighs what a detector named by how well each box fits the matte: a chair behind a person does not
make a product photo. `find_foreground` judges from two networks' mattes, and the photo itself, whether there
is a subject at all. Both are pure: small arrays in, a value out. docs/decisions/nothing-in-the-photo.md has
the distributions from which the limits below were read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from offcut.engine.types import Box, Detection, Mask, Matte, Rgb, Subject

Kind: TypeAlias = Literal["person", "animal", "car", "transportation", "product"]
Reason: TypeAlias = Literal["subject", "empty", "pattern", "print"]

KINDS: tuple[Kind, ...] = ("person", "animal", "car", "transportation", "product")
ANIMALS = frozenset(("bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"))
VEHICLES = frozenset(("bicycle", "motorcycle", "airplane", "bus", "train", "boat"))
FIXTURES = frozenset(("traffic light", "fire hydrant", "stop sign", "parking meter", "bench", "potted plant"))
"""Named by the detector, yet neither goods nor anything else we have a name for."""

GRID = 256
"""Side of the square on which mattes and colours are compared, in pixels."""

BLOCKS = 6
BLOCK_SIDE = 32
"""The photo is compared with itself in 6×6 blocks of 32×32 pixels."""

EVIDENCE_MIN = 0.12
BOX_FILL = 0.35
"""A subject usually fills at least this share of its box."""
PART_SIDES_MIN = 3
PART_SHARE_MIN = 0.55

GRAPHIC_FLAT_MIN = 0.5
GRAPHIC_COLOURS_MAX = 16
GRAPHIC_NAMED_MAX = 0.6

SURE_SHARE_MIN = 0.0005
CLARITY_MIN = 0.4
EVENNESS_MAX = 0.1
EVENNESS_NEVER = 0.01
"""So even is no photo of anything, however clear the mattes: stripes can convince both networks."""
MATTE_EVENNESS_MIN = 0.03
LASTING_EDGES_MAX = 0.02
NAMED_MIN = 0.5


@dataclass(frozen=True, slots=True)
class Classification:
    """`subject` is the level-2 name, `level1` the coarser one, `confidence` (0.0-1.0) how sure."""

    subject: Subject
    level1: Subject
    confidence: float


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether there is a subject, and what was measured.

    `reason` is `subject` when there is one; `empty` (the networks saw nothing), `pattern` (the same all over)
    or `print` (thin strokes on paper) when not. `sure_share`: part of the photo where both networks say
    subject. `clarity`: how well they agree and how little they leave open, 0.0-1.0. `evenness`: part of the
    photo's variance that lies between large blocks (0: every block looks alike). `lasting_edges`: part of the
    edges that remains when thin strokes are wiped away. `matte_evenness`: as `evenness`, of the decision.
    """

    reason: Reason
    sure_share: float
    clarity: float
    evenness: float
    lasting_edges: float
    matte_evenness: float

    @property
    def found(self) -> bool:
        return self.reason == "subject"


def level1(subject: Subject) -> Subject:
    """The coarse name. Parts of cars are cars; graphics and other vehicles have no coarse name."""
    if subject in ("car_interior", "car_part"):
        return "car"
    return "other" if subject in ("graphic", "transportation") else subject


def classify(rgb: Rgb, matte: Matte, detections: Sequence[Detection]) -> Classification:
    """What the subject is.

    `rgb`: the photo at any small size (H×W×3 uint8; 256-512 pixels are enough); `matte`: the decision, any
    H×W, float32 0.0-1.0; `detections`: boxes in pixels of `rgb`.

    `car_interior` is never answered: nothing here can see it, it is only ever a caller's hint. `car_part`
    needs a car that runs out of the frame on three sides.
    """
    evidence = weigh(matte, detections, rgb.shape[:2])
    kind, weight = max(evidence.items(), key=lambda item: item[1])
    # A drawing of a car is a graphic, but a detector that is certain outweighs flat colours.
    if weight < GRAPHIC_NAMED_MAX and is_graphic(rgb, matte):
        return _named("graphic", 1 - weight)
    if weight < EVIDENCE_MIN:
        return _named("other", 0.5)
    rest = sum(evidence.values()) - weight
    confidence = weight * weight / (weight + rest)
    if kind == "car" and _is_part(matte, detections, rgb.shape[:2]):
        return _named("car_part", confidence * 0.5)
    return _named(kind, confidence)


def has_foreground(fine: Matte, whole: Matte, rgb: Rgb, detections: Sequence[Detection] = ()) -> bool:
    """`find_foreground(...).found`, without measuring more than it takes."""
    small_fine, small_whole = _on_grid(fine), _on_grid(whole)
    decision = _decision(small_fine, small_whole)
    clarity = _agreement(small_fine, small_whole) * _decidedness(decision)
    is_sure = _sure_share(small_fine, small_whole, decision) >= SURE_SHARE_MIN
    is_clear = clarity >= CLARITY_MIN and matte_evenness(decision) >= MATTE_EVENNESS_MIN
    if is_sure and is_clear and evenness(rgb) > EVENNESS_MAX:
        return True
    return is_sure and find_foreground(fine, whole, rgb, detections).found


def find_foreground(fine: Matte, whole: Matte, rgb: Rgb, detections: Sequence[Detection] = ()) -> Finding:
    """Whether the photo has a subject.

    `fine` and `whole`: the mattes of the detailed and of the coarse network as they came, any H×W, float32
    0.0-1.0, not stretched by their own extremes (a single network's matte may be given twice; patterns are
    then found out less well). `rgb`: the photo, H×W×3 uint8, 256 pixels a side or more. `detections`: boxes
    in pixels of `rgb`.

    Over nothing the two networks are silent, or guess, and guess differently. Patterns and print make them
    guess loudest, but these can be told by the photo itself: where it looks like one, a subject must be
    clear to be believed.
    """
    fine, whole = _on_grid(fine), _on_grid(whole)
    decision = _decision(fine, whole)
    measured = (
        _sure_share(fine, whole, decision),
        _agreement(fine, whole) * _decidedness(decision),
        evenness(rgb),
        lasting_edges(rgb),
        matte_evenness(decision),
    )
    return Finding(_reason(*measured, _is_named(decision, detections, rgb.shape[:2])), *measured)


def _reason(
    sure_share: float, clarity: float, even: float, lasting: float, matte_even: float, is_named: bool
) -> Reason:
    if sure_share < SURE_SHARE_MIN:
        return "empty"
    is_clear = is_named or (clarity >= CLARITY_MIN and matte_even >= MATTE_EVENNESS_MIN)
    if lasting <= LASTING_EDGES_MAX and not is_clear:
        return "print"
    if even <= (EVENNESS_NEVER if is_clear else EVENNESS_MAX):
        return "pattern"
    return "subject"


def weigh(matte: Matte, detections: Sequence[Detection], size: tuple[int, int]) -> dict[Kind, float]:
    """Evidence for each kind, 0.0-1.0, in a photo of `size` (height, width): boxes that hold the matte and
    little else count most, and several that agree add up as chances do."""
    doubt = dict.fromkeys(KINDS, 1.0)
    for detection in detections:
        weight = detection.confidence * box_fit(matte, detection.box, size)
        for kind, share in _kinds(detection.label).items():
            doubt[kind] *= 1 - share * weight
    return {kind: 1 - left for kind, left in doubt.items()}


def box_fit(matte: Matte, box: Box, size: tuple[int, int]) -> float:
    """How well a box, in pixels of a photo of `size` (height, width), holds the matte: the part of the matte
    that is inside, less if that leaves the box mostly empty; 0.0-1.0."""
    down, right = matte.shape[0] / size[0], matte.shape[1] / size[1]
    rows = slice(int(box[1] * down), max(round(box[3] * down), int(box[1] * down) + 1))
    columns = slice(int(box[0] * right), max(round(box[2] * right), int(box[0] * right) + 1))
    part = matte[rows, columns]
    total, inside = float(matte.sum()), float(part.sum())
    if total <= 0 or part.size == 0:
        return 0.0
    return inside / total * min(1.0, inside / part.size / BOX_FILL)


def is_graphic(rgb: Rgb, matte: Matte) -> bool:
    """Whether the subject is drawn, not photographed: flat areas, few colours, and next to no shading."""
    small = _shrunk(rgb, GRID)
    inside = cv2.resize(matte, small.shape[1::-1], interpolation=cv2.INTER_LINEAR) > 0.5
    if inside.mean() < SURE_SHARE_MIN:
        inside = np.ones(small.shape[:2], np.bool_)
    return flatness(small, inside) >= GRAPHIC_FLAT_MIN and colour_count(small, inside) <= GRAPHIC_COLOURS_MAX


def flatness(rgb: Rgb, inside: Mask) -> float:
    """Share of the pixels inside whose right and lower neighbours have the same colour to one level."""
    here = rgb[:-1, :-1]
    right, below = (_is_like(here, there) for there in (rgb[:-1, 1:], rgb[1:, :-1]))
    counted = inside[:-1, :-1]
    return float((right & below)[counted].mean()) if counted.any() else 0.0


def colour_count(rgb: Rgb, inside: Mask) -> int:
    """How many colours, of 4096 (four bits a channel), make up nine tenths of the pixels inside."""
    coarse = rgb[inside].astype(np.int32) >> 4
    counts = np.bincount(coarse @ np.array([256, 16, 1], np.int32), minlength=4096)
    shares = np.cumsum(np.sort(counts)[::-1]) / max(len(coarse), 1)
    return int(np.searchsorted(shares, 0.9)) + 1


def evenness(rgb: Rgb) -> float:
    """Part of the colours' variance that lies between the photo's 6×6 blocks, 0.0-1.0. A texture looks the
    same in every block (below 0.03 where a network sees something); a photo of something does not (above
    0.2)."""
    return _between_blocks(cv2.cvtColor(_square(rgb, BLOCKS * BLOCK_SIDE), cv2.COLOR_RGB2LAB))


def matte_evenness(matte: Matte) -> float:
    """The same for a matte: near 0 when the "subject" is a pattern's holes or dots, all over the photo."""
    side = BLOCKS * BLOCK_SIDE
    return _between_blocks(cv2.resize(matte, (side, side), interpolation=cv2.INTER_AREA)[..., np.newaxis])


def lasting_edges(rgb: Rgb) -> float:
    """Part of the photo's strong edges that is left once dark, or bright, strokes narrower than a
    twentieth of the photo are wiped away (grey closing or opening; Serra, 1982). 0.00 for a printed page."""
    gray = cv2.cvtColor(_shrunk(rgb, 320), cv2.COLOR_RGB2GRAY)
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (15, 15))
    wiped = [cv2.morphologyEx(gray, operation, brush) for operation in (cv2.MORPH_CLOSE, cv2.MORPH_OPEN)]
    return min(_edge_sum(left) for left in wiped) / max(_edge_sum(gray), 1e-3)


def _is_like(one: Rgb, other: Rgb) -> Mask:
    """Where two pictures are the same to one level in every channel."""
    difference = cv2.absdiff(one, other)
    return np.asarray(cv2.inRange(difference, (0, 0, 0), (1, 1, 1))) > 0


def _named(subject: Subject, confidence: float) -> Classification:
    return Classification(subject, level1(subject), round(min(max(confidence, 0.0), 1.0), 3))


def _kinds(label: str) -> dict[Kind, float]:
    """What a detector's label counts for. It calls pick-ups and vans trucks as often as lorries."""
    if label == "person":
        return {"person": 1.0}
    if label == "car":
        return {"car": 1.0}
    if label == "truck":
        return {"car": 0.6, "transportation": 0.6}
    if label in ANIMALS:
        return {"animal": 1.0}
    if label in VEHICLES:
        return {"transportation": 1.0}
    return {} if label in FIXTURES else {"product": 1.0}


def _is_part(matte: Matte, detections: Sequence[Detection], size: tuple[int, int]) -> bool:
    """Whether the surest car runs out of the frame on three sides, and the subject covers most of it."""
    cars = [detection for detection in detections if detection.label in ("car", "truck")]
    box = max(cars, key=lambda car: car.confidence * box_fit(matte, car.box, size)).box
    near_x, near_y = size[1] * 0.02, size[0] * 0.02
    touched = (box[0] <= near_x, box[1] <= near_y, box[2] >= size[1] - near_x, box[3] >= size[0] - near_y)
    return sum(touched) >= PART_SIDES_MIN and float(matte.mean()) >= PART_SHARE_MIN


def _is_named(matte: Matte, detections: Sequence[Detection], size: tuple[int, int]) -> bool:
    """Whether the detector is certain of a living thing or a vehicle right where the matte is. Goods do not
    count: it calls stripes a bed and print a book."""
    return any(
        detection.confidence * box_fit(matte, detection.box, size) >= NAMED_MIN
        for detection in detections
        if "product" not in _kinds(detection.label) and detection.label not in FIXTURES
    )


def _decision(fine: Matte, whole: Matte) -> Matte:
    return (fine * np.float32(2) + whole) / np.float32(3)


def _sure_share(fine: Matte, whole: Matte, decision: Matte) -> float:
    """The part of the photo where both networks say subject, 0.0-1.0."""
    return float(((np.minimum(fine, whole) > 0.5) & (decision > 0.7)).mean())


def _agreement(fine: Matte, whole: Matte) -> float:
    """What both mattes hold by what either holds, 0.0-1.0."""
    return float(np.minimum(fine, whole).sum()) / max(float(np.maximum(fine, whole).sum()), 1e-3)


def _decidedness(decision: Matte) -> float:
    """Of the area that is not background, the part that is certainly subject, 0.0-1.0."""
    return float((decision >= 0.9).sum()) / max(int((decision > 0.1).sum()), 1)


def _on_grid(matte: Matte) -> Matte:
    return cv2.resize(matte, (GRID, GRID), interpolation=cv2.INTER_AREA).astype(np.float32)


def _square(rgb: Rgb, side: int) -> Rgb:
    return cv2.resize(rgb, (side, side), interpolation=cv2.INTER_AREA).astype(np.uint8)


def _shrunk(rgb: Rgb, side_max: int) -> Rgb:
    scale = min(1.0, side_max / max(rgb.shape[:2]))
    size = max(2, round(rgb.shape[1] * scale)), max(2, round(rgb.shape[0] * scale))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def _between_blocks(values: NDArray[Any]) -> float:
    # Averaged by area, every block becomes one pixel: its mean.
    blocks = cv2.resize(values.astype(np.float32), (BLOCKS, BLOCKS), interpolation=cv2.INTER_AREA)
    return _variance(blocks) / max(_variance(values), 1e-4)


def _variance(values: NDArray[Any]) -> float:
    """The sum of the channels' variances."""
    return float(np.square(cv2.meanStdDev(values)[1]).sum())


def _edge_sum(gray: NDArray[Any]) -> float:
    """How much the brightness changes from pixel to pixel, slow changes such as lighting left out."""
    across, down = cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1)
    steepness = np.hypot(across, down)[4:-4, 4:-4]
    return float(np.maximum(steepness - 40, 0).sum())
