"""The icons of the installed website, and the card that is shown where somebody links to it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

GREEN = (11, 107, 85)
WHITE = (255, 255, 255)
SHARPER = 4


def icon(size: int, maskable: bool) -> NDArray[np.uint8]:
    """The sign of Offcut, size×size×4 uint8 RGBA: an open ring whose missing quarter is cut off.

    A `maskable` one fills the square, with the sign inside the inner 80 % that every mask leaves.
    """
    side = size * SHARPER
    canvas = np.zeros((side, side, 4), np.uint8)
    if maskable:
        canvas[:] = (*GREEN, 255)
    else:
        _rounded(canvas, side, round(side * 0.25))
    reach = 0.72 if maskable else 0.94
    unit = side / 32 * reach
    middle = np.float64([side / 2, side / 2])
    ring = [
        middle + unit * 9 * np.float64([np.sin(turn), -np.cos(turn)])
        for turn in np.linspace(0, -1.5 * np.pi, 90)
    ]
    _stroke(canvas, ring, 4 * unit)
    # The piece that was cut off, a little away.
    apart = middle + unit * np.float64([2.6, -2.6])
    piece = [
        apart + unit * 9 * np.float64([np.sin(turn), -np.cos(turn)]) for turn in np.linspace(0.42, 1.15, 30)
    ]
    _stroke(canvas, piece, 3.2 * unit)
    return cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA)


def card(before: Image.Image, after: Image.Image) -> Image.Image:
    """1200×630 RGB: the left half a photo, the right half its cut-out on a checkerboard."""
    width, height = 1200, 630
    y, x = np.mgrid[0:height, 0:width]
    checks = np.where(((x // 30 + y // 30) % 2)[..., None], np.uint8(236), np.uint8(255))
    ground = Image.fromarray(np.repeat(checks, 3, axis=2).astype(np.uint8)).convert("RGBA")
    scale = width / before.width
    size = (width, round(before.height * scale))
    top = (size[1] - height) // 2
    area = (0, top, width, top + height)
    ground.alpha_composite(after.convert("RGBA").resize(size, Image.Resampling.LANCZOS).crop(area))
    left = before.convert("RGB").resize(size, Image.Resampling.LANCZOS).crop(area)
    ground.paste(left.crop((0, 0, width // 2, height)), (0, 0))
    ground.paste(WHITE, (width // 2 - 3, 0, width // 2 + 3, height))
    return ground.convert("RGB")


def _rounded(canvas: NDArray[np.uint8], side: int, radius: int) -> None:
    color = (*GREEN, 255)
    cv2.rectangle(canvas, (radius, 0), (side - radius, side), color, -1)
    cv2.rectangle(canvas, (0, radius), (side, side - radius), color, -1)
    for x in (radius, side - radius - 1):
        for y in (radius, side - radius - 1):
            cv2.circle(canvas, (x, y), radius, color, -1)


def _stroke(canvas: NDArray[np.uint8], points: list[NDArray[np.float64]], width: float) -> None:
    """A line with round ends."""
    path = np.round(np.stack(points)).astype(np.int32)
    cv2.polylines(canvas, [path], False, (*WHITE, 255), round(width))
    for end in (path[0], path[-1]):
        cv2.circle(canvas, tuple(int(part) for part in end), round(width / 2), (*WHITE, 255), -1)
