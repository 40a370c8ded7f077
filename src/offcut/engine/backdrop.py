"""What can lie behind a cut-out besides a colour or a picture: a gradient, or the photo itself, blurred."""

from __future__ import annotations

import math
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from offcut.engine.styling import Blur, Gradient
from offcut.engine.types import Alpha, Box, Rgb

_Floats: TypeAlias = NDArray[np.float32]

BLUR_SHARE_MAX = 0.04
"""The strongest blur's standard deviation, as a share of the photo's longer side."""

WORK_SIDE_PX = 1600
TILE_PX = 64
_BAND_ROWS = 64


def gradient(width: int, height: int, asked: Gradient) -> Rgb:
    """Colours that run into each other: H×W×3 uint8. The first and last colour are reached in the corners,
    as in CSS. Half a step of fixed noise keeps wide gradients from showing bands."""
    angle = math.radians(asked.angle_deg)
    across, down = math.sin(angle), -math.cos(angle)
    length = max(abs(width * across) + abs(height * down), 1e-6)
    colours = np.array([color[:3] for color in asked.colours], np.float32)
    stops = np.linspace(0, 1, len(colours), dtype=np.float32)
    x = (np.arange(width, dtype=np.float32) + 0.5 - width / 2) * np.float32(across / length)
    y = (np.arange(height, dtype=np.float32) + 0.5 - height / 2) * np.float32(down / length)
    canvas = np.empty((height, width, 3), np.uint8)
    noise = np.tile(_noise(), (1, -(-width // TILE_PX)))[:, :width]
    for top in range(0, height, TILE_PX):
        rows = slice(top, min(height, top + TILE_PX))
        place = 0.5 + x[None] + y[rows, None]
        for channel in range(3):
            value = np.interp(place, stops, colours[:, channel])
            canvas[rows, :, channel] = np.clip(value + noise[: value.shape[0]], 0, 255)
    return canvas


def blurred(
    rgb: Rgb, alpha: Alpha, asked: Blur, *, subject: Box, to_subject: Box, size: tuple[int, int]
) -> Rgb:
    """The photo without its subject, blurred, on a canvas of `size` (width, height): H×W×3 uint8.

    `rgb` H×W×3 and `alpha` H×W are the photo's; `subject` is the subject's box in it and `to_subject` the
    same box on the canvas: the surroundings keep their place around it. What the photo does not show is
    filled with its mirror image. At strength 0 the photo comes as it is, subject included.
    """
    scale = 1.0
    if asked.strength > 0:
        scale = min(1.0, WORK_SIDE_PX / max(alpha.shape))
        rgb = _without_subject(rgb, alpha, scale, asked.strength / 100 * BLUR_SHARE_MAX)
    x_ratio = (to_subject[2] - to_subject[0]) / (subject[2] - subject[0])
    y_ratio = (to_subject[3] - to_subject[1]) / (subject[3] - subject[1])
    # From the canvas's pixels to the picture's, centre to centre.
    x_step, y_step = scale / x_ratio, scale / y_ratio
    to_picture = np.array(
        [
            [x_step, 0, (0.5 - to_subject[0]) * x_step + subject[0] * scale - 0.5],
            [0, y_step, (0.5 - to_subject[1]) * y_step + subject[1] * scale - 0.5],
        ]
    )
    done = cv2.warpAffine(
        rgb,
        to_picture,
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return np.asarray(done, np.uint8)


def _without_subject(rgb: Rgb, alpha: Alpha, scale: float, share: float) -> Rgb:
    """A small copy in which the surroundings have flowed into the subject's place, blurred."""
    rows, columns = alpha.shape
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    # Generous: light from the subject lies on what is around it too.
    matte = cv2.dilate(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), np.ones((5, 5), np.uint8))
    weight = (1 - matte.astype(np.float32) / 255).astype(np.float32)[..., None]
    light_in = np.asarray(small * weight, np.float32)
    deviation = max(share * max(size), 0.3)
    total, light = _softened(weight[..., 0], deviation), _softened(light_in, deviation)
    done = light / np.maximum(total, 1e-6)[..., None]
    # Deep inside the subject no surroundings reach at this blur: ever wider ones do.
    while deviation < max(size):
        thin = total < 0.02
        if not thin.any():
            break
        deviation *= 3
        wide, wide_light = _softened(weight[..., 0], deviation), _softened(light_in, deviation)
        done[thin] = (wide_light / np.maximum(wide, 1e-6)[..., None])[thin]
        total = np.where(thin, wide, total)
    return np.clip(np.rint(done), 0, 255).astype(np.uint8)


def _softened(picture: _Floats, deviation: float) -> _Floats:
    """Gaussian blur; wide ones on a smaller copy, because their cost grows with their width."""
    rows, columns = picture.shape[:2]
    shrink = max(1.0, deviation / 8)
    size = max(1, round(columns / shrink)), max(1, round(rows / shrink))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), deviation / shrink, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(cv2.resize(small, (columns, rows), interpolation=cv2.INTER_LINEAR), np.float32)


def _noise() -> _Floats:
    """One tile of values from 0 to 1, always the same: added before cutting off to whole numbers, it rounds
    up as often as the fraction says."""
    return np.random.default_rng(7).random((TILE_PX, TILE_PX), dtype=np.float32)
