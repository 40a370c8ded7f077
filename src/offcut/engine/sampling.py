"""Small planes read at some pixels of a large photo: only where something is partly transparent, rather than
enlarged everywhere."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

ROW = 256
"""OpenCV reads a grid of places, not a list: N places become rows of so many, the last one filled up."""


def places(
    pixels: NDArray[np.intp], width: int, top: int, height: int, small: tuple[int, int]
) -> NDArray[np.float32]:
    """Where pixels of a photo, `width` by `height`, lie in its small copy (`small`: its height and width).

    `pixels` are N flat indices into the strip of the photo that begins at row `top`. Returns x and y, each
    N/`ROW`×`ROW`, for `read`. Pixel centres: (large + 0.5) · scale = small + 0.5.
    """
    rows, columns = np.divmod(np.resize(pixels, -(-pixels.size // ROW) * ROW).astype(np.int32), width)
    where = np.empty((2, rows.size // ROW, ROW), np.float32)
    where[0] = ((columns + 0.5) * (small[1] / width) - 0.5).reshape(-1, ROW)
    where[1] = ((rows + (top + 0.5)) * (small[0] / height) - 0.5).reshape(-1, ROW)
    return where


def read(planes: NDArray[Any], where: NDArray[np.float32], count: int) -> list[NDArray[np.float32]]:
    """The values of small planes (H×W or H×W×C float32) at the first `count` places, between their pixels:
    one array a plane."""
    values = cv2.remap(planes, where[0], where[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return [np.asarray(plane.reshape(-1)[:count], dtype=np.float32) for plane in cv2.split(values)]
