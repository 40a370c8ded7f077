"""A line around the subject, as around a sticker.

How far each pixel lies from the subject is measured on a small copy and read between its pixels: a line is
smooth, so nothing is lost, and a 45-megapixel photo needs no full-size field of distances.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from offcut.engine.styling import Border
from offcut.engine.types import Alpha, Rgb

SMALL_PIXELS = 2_000_000
_BAND_ROWS = 64


def draw(rgb: Rgb, alpha: Alpha, border: Border) -> tuple[Rgb, Alpha]:
    """The subject with a border of its own colour behind and around it.

    `rgb` H×W×3 and `alpha` H×W, uint8, neither of them changed. A new picture and matte of the same size; the
    matte is nowhere below the old one. Without width, or without a subject, both come back as they are.
    """
    if not _is_seen(alpha, border):
        return rgb, alpha
    colour = np.array(border.color[:3], np.float32)
    out_rgb, out_alpha = np.empty_like(rgb), np.empty_like(alpha)
    for band, behind, both in _laid(alpha, border):
        share = np.divide(behind, both, out=np.zeros_like(both), where=both > 0)[..., None]
        out_rgb[band] = np.rint(rgb[band] * (1 - share) + colour * share)
        out_alpha[band] = np.maximum(np.rint(both * 255), alpha[band])
    return out_rgb, out_alpha


def grown(alpha: Alpha, border: Border) -> Alpha:
    """The matte that `draw` gives, without a picture."""
    if not _is_seen(alpha, border):
        return alpha
    out = np.empty_like(alpha)
    for band, _, both in _laid(alpha, border):
        out[band] = np.maximum(np.rint(both * 255), alpha[band])
    return out


def _is_seen(alpha: Alpha, border: Border) -> bool:
    return border.width * max(alpha.shape) >= 0.25 and int(alpha.max(initial=0)) >= 128


def _laid(alpha: Alpha, border: Border) -> Iterator[tuple[slice, NDArray[np.float32], NDArray[np.float32]]]:
    """Band by band: how much of the line shows behind the subject, and of both together (0-1)."""
    width_px = border.width * max(alpha.shape)
    distance, scale = _distances(alpha)
    strength = border.color.alpha / 255
    for band in _bands(alpha.shape[0]):
        away = _read(distance, scale, band, alpha.shape[1])
        line = np.clip(width_px - away + 0.5, 0, 1) * strength
        front = alpha[band].astype(np.float32) / 255
        behind = line * (1 - front)
        yield band, behind, front + behind


def _distances(alpha: Alpha) -> tuple[NDArray[np.float32], float]:
    """For each pixel of a small copy, how many full-size pixels it lies from the subject; and the ratio."""
    rows, columns = alpha.shape
    scale = min(1.0, (SMALL_PIXELS / alpha.size) ** 0.5)
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    small = alpha if scale == 1 else cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
    outside = (small < 128).astype(np.uint8)
    away = cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # The subject's edge runs half a pixel before the first pixel outside; softened, so that no stairs show.
    away = cv2.GaussianBlur(np.maximum(away - 0.5, 0), (0, 0), 1.0)
    return np.asarray(away / scale, np.float32), scale


def _read(distance: NDArray[np.float32], scale: float, band: slice, columns: int) -> NDArray[np.float32]:
    """A band of full-size rows, read between the small copy's pixels."""
    if scale == 1:
        return distance[band]
    x = (np.arange(columns, dtype=np.float32) + 0.5) * np.float32(scale) - 0.5
    y = (np.arange(band.start, band.stop, dtype=np.float32) + 0.5) * np.float32(scale) - 0.5
    where_x = np.broadcast_to(x, (y.size, columns))
    where_y = np.broadcast_to(y[:, None], (y.size, columns))
    read = cv2.remap(
        distance,
        np.ascontiguousarray(where_x),
        np.ascontiguousarray(where_y),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(read, np.float32)


def _bands(rows: int) -> Iterator[slice]:
    for top in range(0, rows, _BAND_ROWS):
        yield slice(top, min(rows, top + _BAND_ROWS))
