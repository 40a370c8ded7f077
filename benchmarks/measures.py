"""How far a predicted matte is from the true one: the five columns of every quality table.

MAE and MSE are means over all pixels, ×1000. Grad is the mean squared difference of the gradient magnitudes
(derivatives of a Gaussian, sigma 1.4, Rhemann et al. 2009), ×10 000. IoU is at 0.5. BF3 is the F-measure of
the boundaries at 0.5 with 3 pixels of tolerance.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

GRADIENT_SIGMA = 1.4
BOUNDARY_TOLERANCE_PX = 3

Floats = NDArray[np.float32]


class Score(NamedTuple):
    """The distance between two mattes."""

    mae: float
    mse: float
    grad: float
    iou: float
    bf3: float


def score(predicted: Floats, true: Floats) -> Score:
    """Scores a matte against the truth; both H×W float32, 0.0-1.0, of one shape."""
    difference = predicted - true
    inside, truly_inside = predicted >= 0.5, true >= 0.5
    union = int((inside | truly_inside).sum())
    return Score(
        mae=float(np.abs(difference).mean()) * 1e3,
        mse=float((difference * difference).mean()) * 1e3,
        grad=float(((_gradient(predicted) - _gradient(true)) ** 2).mean()) * 1e4,
        iou=int((inside & truly_inside).sum()) / max(1, union),
        bf3=_boundary_f(inside, truly_inside),
    )


def _gradient(matte: Floats) -> Floats:
    """The gradient's magnitude under a Gaussian."""
    radius = int(3 * GRADIENT_SIGMA)
    at = np.arange(-radius, radius + 1)
    smooth = np.exp(-(at**2) / (2 * GRADIENT_SIGMA**2))
    smooth /= smooth.sum()
    slope = -at * smooth / GRADIENT_SIGMA**2
    across = cv2.sepFilter2D(matte, cv2.CV_32F, slope, smooth)
    down = cv2.sepFilter2D(matte, cv2.CV_32F, smooth, slope)
    return np.asarray(cv2.magnitude(across, down), np.float32)


def _boundary_f(inside: NDArray[np.bool_], truly_inside: NDArray[np.bool_]) -> float:
    size = 2 * BOUNDARY_TOLERANCE_PX + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    found, true = _boundary(inside), _boundary(truly_inside)
    near_true, near_found = cv2.dilate(true, disc), cv2.dilate(found, disc)
    precision = int((found & near_true).sum()) / max(1, int(found.sum()))
    recall = int((true & near_found).sum()) / max(1, int(true.sum()))
    return 2 * precision * recall / max(1e-9, precision + recall)


def _boundary(inside: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Pixels inside that touch the outside: 0 or 1."""
    mask = inside.astype(np.uint8)
    return np.asarray(mask - cv2.erode(mask, np.ones((3, 3), np.uint8)), np.uint8)
