"""The windows of a car, so that a new background can be seen through them.

No network here is trained for glass, so this goes by what all cars share: windows sit in the upper half,
inside a frame, and have neither the colour of the doors below nor any strong colour at all. Two colour
models, of the doors and of what lies where windows usually are, are separated by a graph cut (C. Rother,
V. Kolmogorov, A. Blake, "GrabCut", SIGGRAPH 2004). It finds side windows well, windscreens seen from a corner
often not, and takes dark pillars between two windows for glass. Where it is unsure it finds nothing.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from offcut.engine.types import Alpha, Box, Mask, Rgb

_WORK_SIDE_PX = 360
_CLEAR = 0.6
"""How much of the background shows through. Glass reflects, is tinted, and has the car's inside behind it."""

_SHARE_MIN, _SHARE_MAX = 0.015, 0.30
"""Windows cover so much of a car seen from outside. Anything else is a mistake."""


def find_glass(rgb: Rgb, alpha: Alpha, box: Box) -> Alpha | None:
    """How clear each pixel of a car is: H×W uint8, 0 solid to 153 (60 %), or None when no windows are found.

    `rgb` H×W×3 and `alpha` H×W hold one car seen from outside, visible within `box`.
    """
    left, top, right, bottom = box
    ratio = min(1.0, _WORK_SIDE_PX / max(right - left, bottom - top))
    size = max(1, round((right - left) * ratio)), max(1, round((bottom - top) * ratio))
    if min(size) < 24:
        return None
    photo = cv2.resize(rgb[top:bottom, left:right], size, interpolation=cv2.INTER_AREA)
    matte = cv2.resize(alpha[top:bottom, left:right], size, interpolation=cv2.INTER_AREA)
    solid = matte > 127
    windows = _windows(photo.astype(np.uint8, copy=False), solid)
    share = int(np.count_nonzero(windows)) / max(1, int(np.count_nonzero(solid)))
    if not _SHARE_MIN <= share <= _SHARE_MAX:
        return None
    clear = cv2.GaussianBlur(windows.astype(np.uint8) * round(255 * _CLEAR), (0, 0), 0.8)
    glass = np.zeros_like(alpha)
    glass[top:bottom, left:right] = cv2.resize(
        clear, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR
    )
    return glass


def _windows(photo: Rgb, solid: Mask) -> Mask:
    """The windows in a small picture of the car alone."""
    labels = _guess(photo, solid)
    if not (labels == cv2.GC_PR_FGD).any() or not (solid & (labels == cv2.GC_BGD)).any():
        return np.zeros_like(solid)
    # The cut starts from random colour clusters; the same photo must give the same windows every time.
    cv2.setRNGSeed(1)
    doors, panes, unused = np.zeros((1, 65)), np.zeros((1, 65)), (0, 0, 1, 1)
    cv2.grabCut(photo, labels, unused, doors, panes, 3, cv2.GC_INIT_WITH_MASK)
    found = ((labels == cv2.GC_PR_FGD) & solid).astype(np.uint8)
    found = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)).astype(np.uint8)
    return _without_specks(found, round(0.006 * np.count_nonzero(solid)))


def _guess(photo: Rgb, solid: Mask) -> NDArray[np.uint8]:
    """Where windows may be: surely not in the frame, on the doors or in anything brightly coloured."""
    height = solid.shape[0]
    y = np.arange(height)[:, None] / height
    depth = cv2.distanceTransform(np.pad(solid, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1] / height
    brightest, dullest = photo.max(axis=2).astype(np.int32), photo.min(axis=2).astype(np.int32)
    coloured = (brightest > 60) & (brightest - dullest > 0.55 * brightest)
    labels = np.full(solid.shape, cv2.GC_BGD, np.uint8)
    labels[solid & (y < 0.5) & (depth >= 0.03) & ~coloured] = cv2.GC_PR_BGD
    labels[(labels == cv2.GC_PR_BGD) & (y > 0.1) & (y < 0.36) & (depth > 0.07)] = cv2.GC_PR_FGD
    return labels


def _without_specks(found: NDArray[np.uint8], pixels_min: int) -> Mask:
    _, parts, stats, _ = cv2.connectedComponentsWithStats(found)
    large = stats[:, cv2.CC_STAT_AREA] >= max(1, pixels_min)
    large[0] = False
    kept: Mask = large[parts]
    return kept
