"""A small outline, drawn into a full-size matte and snapped to the photo's own edges.

Only around what has changed: there the outline becomes a local linear function of colour (He, Sun, Tang,
"Guided Image Filtering", 2013), modelled on a copy of middling size and read at full size in a narrow band.
"""

from __future__ import annotations

from typing import TypeAlias, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from offcut.engine.types import Alpha, Box, Mask, Rgb

T = TypeVar("T", bound=np.generic)
_Floats: TypeAlias = NDArray[np.float32]

EDGE_PIXELS = 200_000
"""Size of the copy on which edges are modelled."""

EDGE_SMOOTHNESS = 1e-3
EDGE_STEEPNESS = 1.5


def redraw(rgb: Rgb, alpha: Alpha, window: Box, subject: Mask, changed: Mask, keep: np.ufunc) -> None:
    """Draw the subject into the matte, in and just around the changed part. `keep` is np.maximum or
    np.minimum: a pixel moves one way only."""
    if not changed.any():
        return
    near = _near(changed)
    part, box = _around(near, window)
    here = cut(alpha, box)
    allowed = resize(near[part] * np.uint8(255), here.shape, cv2.INTER_LINEAR) > 127
    outline = subject[part].view(np.uint8) * np.uint8(255)
    drawn = _edges(cut(rgb, box), allowed, outline)
    keep(here, drawn, out=here, where=allowed)


def box_of(changed: Mask, window: Box) -> Box | None:
    """The box of the photo that `redraw` works in; None if nothing has changed."""
    return _around(_near(changed), window)[1] if changed.any() else None


def _near(changed: Mask) -> NDArray[np.uint8]:
    return np.asarray(cv2.dilate(changed.astype(np.uint8), np.ones((5, 5), np.uint8)), dtype=np.uint8)


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
    shape = small_shape((0, 0, allowed.shape[1], allowed.shape[0]), EDGE_PIXELS)
    guide = shrink(rgb, (0, 0, allowed.shape[1], allowed.shape[0]), EDGE_PIXELS)
    hard = (resize(outline, shape, cv2.INTER_LINEAR) > 127).astype(np.uint8)
    radius = max(2, round(1.5 * shape[0] / outline.shape[0]))
    square = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    band = np.asarray(cv2.dilate(hard, square) - cv2.erode(hard, square), dtype=np.uint8)
    drawn = ((resize(outline, allowed.shape, cv2.INTER_LINEAR) > 127) * np.uint8(255)).astype(np.uint8)
    open_pixels = np.flatnonzero(
        allowed & (resize(band * np.uint8(255), allowed.shape, cv2.INTER_LINEAR) > 127)
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
    (rr, rg, rb), (_, gg, gb), (_, _, bb) = (
        [mean(one * other) - mean_one * mean_other for other, mean_other in zip(colours, means, strict=True)]
        for one, mean_one in zip(colours, means, strict=True)
    )
    rr, gg, bb = (variance.astype(np.float64) + EDGE_SMOOTHNESS for variance in (rr, gg, bb))
    rg, rb, gb = (shared.astype(np.float64) for shared in (rg, rb, gb))  # grey photos are nearly singular
    toward = [mean(one * hard) - mean_one * mean_hard for one, mean_one in zip(colours, means, strict=True)]
    # The inverse of the symmetric 3×3 covariance written out: np.linalg.solve takes ten times as long.
    rows = (
        (gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg),
        (rb * gb - rg * bb, rr * bb - rb * rb, rg * rb - rr * gb),
        (rg * gb - rb * gg, rg * rb - rr * gb, rr * gg - rg * rg),
    )
    scale = 1 / (rr * rows[0][0] + rg * rows[0][1] + rb * rows[0][2])
    slopes = [(row[0] * toward[0] + row[1] * toward[1] + row[2] * toward[2]) * scale for row in rows]
    offset = mean_hard - sum(slope * mean_one for slope, mean_one in zip(slopes, means, strict=True))
    return [mean(plane) for plane in (*slopes, offset)]


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


def shrink(image: NDArray[np.uint8], window: Box, pixels: int) -> NDArray[np.uint8]:
    """The window at about so many pixels. Of a large photo only a regular few pixels are averaged."""
    shape = small_shape(window, pixels)
    part = cut(image, window)
    skip = max(1, int(part.shape[0] / shape[0] / 3))
    return resize(part[skip // 2 :: skip, skip // 2 :: skip], shape, cv2.INTER_AREA)


def small_shape(window: Box, pixels: int) -> tuple[int, int]:
    """Rows and columns of the window when it is shrunk to about so many pixels, at least 1×1."""
    left, top, right, bottom = window
    scale = max(1.0, ((right - left) * (bottom - top) / pixels) ** 0.5)
    return max(1, round((bottom - top) / scale)), max(1, round((right - left) / scale))


def resize(image: NDArray[np.uint8], shape: tuple[int, ...], how: int) -> NDArray[np.uint8]:
    """The image (H×W or H×W×C) at `shape` (rows, columns); `how` is OpenCV's interpolation."""
    if image.shape[:2] == tuple(shape[:2]):
        return image
    resized = cv2.resize(np.ascontiguousarray(image), (shape[1], shape[0]), interpolation=how)
    return np.asarray(resized, dtype=np.uint8).reshape(*shape[:2], *image.shape[2:])


def cut(array: NDArray[T], window: Box) -> NDArray[T]:
    """The part of an array that lies in the window. A view, no copy."""
    left, top, right, bottom = window
    return array[top:bottom, left:right]
