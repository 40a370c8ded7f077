"""The shadow a subject throws: `car` on the ground beneath it, `3D` cast along the ground, `drop` behind it.

All three are drawn from the silhouette alone, at one small working size whatever the photo's, and enlarged at
the end. A shadow is soft, so nothing is lost; it costs the same for every photo, and a preview shows exactly
the shadow that the full size will have. Lengths are shares of the subject's longer side.

The light stands in front of the subject, above and to the left, as the main light of a product studio does.
"""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from offcut.engine.options import Shadow
from offcut.engine.types import Alpha, Box, Matte

Line: TypeAlias = NDArray[np.float32]
"""One height (y, in working pixels) for each column."""

_WORK_SIDE_PX = 384
_PAD_SHARE = 0.6
"""Room around the silhouette in the working picture, for what falls beside it."""


def cast(alpha: Alpha, box: Box, shadow: Shadow, *, has_ground: bool = True) -> Alpha:
    """The shadow's own matte on the subject's canvas: H×W uint8, 0 no shadow to 255 black.

    `alpha` is the placed subject's, H×W, and `box` where it can be seen. Without ground (the subject runs out
    of the photo below) a `3D` or `car` shadow has nothing to fall on and is drawn as `drop`, on the wall
    behind; see `style_drawn`. The canvas keeps its size: what would fall outside is cut.
    """
    silhouette, pad, steps = _silhouette(alpha, box)
    style = style_drawn(shadow, has_ground=has_ground)
    drawn = {"car": _car, "3D": _cast_on_ground, "drop": _drop}[style](silhouette, pad)
    small = np.rint(np.clip(drawn, 0, 1) * (255 * shadow.opacity / 100)).astype(np.uint8)
    return _enlarge(small, pad, steps, box, alpha.shape)


def style_drawn(shadow: Shadow, *, has_ground: bool) -> str:
    """The style that `cast` draws: the one asked for, or "drop" where it needs a ground and there is none."""
    return shadow.style if has_ground else "drop"


def _silhouette(alpha: Alpha, box: Box) -> tuple[Matte, int, tuple[float, float]]:
    """The subject at working size with room around it, the room in pixels, and working pixels per pixel."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    ratio = _WORK_SIDE_PX / max(width, height)
    size = max(4, round(width * ratio)), max(4, round(height * ratio))
    method = cv2.INTER_AREA if ratio < 1 else cv2.INTER_LINEAR
    small = cv2.resize(alpha[top:bottom, left:right], size, interpolation=method)
    pad = round(_WORK_SIDE_PX * _PAD_SHARE)
    padded = np.pad(small.astype(np.float32) / np.float32(255), pad)
    return padded.astype(np.float32, copy=False), pad, (size[0] / width, size[1] / height)


def _enlarge(small: Alpha, pad: int, steps: tuple[float, float], box: Box, shape: tuple[int, ...]) -> Alpha:
    """The working picture laid over the canvas, so that the silhouette comes to lie on its box."""
    # Pixel centres: working x = (x + 0.5 - left) · step + pad - 0.5.
    to_small = np.array(
        [
            [steps[0], 0, (0.5 - box[0]) * steps[0] + pad - 0.5],
            [0, steps[1], (0.5 - box[1]) * steps[1] + pad - 0.5],
        ]
    )
    canvas = cv2.warpAffine(
        small, to_small, (shape[1], shape[0]), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    return canvas.astype(np.uint8, copy=False)


def _blur(picture: Matte, x_share: float, y_share: float | None = None) -> Matte:
    side = _WORK_SIDE_PX
    blurred = cv2.GaussianBlur(
        picture, (0, 0), x_share * side, sigmaY=(x_share if y_share is None else y_share) * side
    )
    return blurred.astype(np.float32, copy=False)


def _drop(silhouette: Matte, _pad: int) -> Matte:
    """Flat, on a wall just behind: the silhouette itself, moved away from the light and softened."""
    shift = np.array([[1, 0, 0.022 * _WORK_SIDE_PX], [0, 1, 0.03 * _WORK_SIDE_PX]])
    moved = cv2.warpAffine(silhouette, shift, silhouette.shape[::-1]).astype(np.float32, copy=False)
    return np.float32(0.6) * _blur(moved, 0.012) + np.float32(0.4) * _blur(moved, 0.035)


def _cast_on_ground(silhouette: Matte, pad: int) -> Matte:
    """Laid on the ground, back and to the right; softer and fainter the farther from where it stands."""
    lean, flatten = 0.55, 0.32
    ground = _ground_line(silhouette, pad, slope_max=0.35)
    rows, columns = silhouette.shape
    x, y = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    source_x = x
    for _ in range(3):
        column = np.clip(source_x, 0, columns - 1).astype(np.intp)
        height = (ground[column] - y) / flatten
        source_x = x - lean * height
    source_y = (ground[column] - height).astype(np.float32)
    laid = cv2.remap(silhouette, source_x.astype(np.float32), source_y, cv2.INTER_LINEAR)
    far = np.clip(height / (rows - 2 * pad), 0, 1)
    soft = _blur_by(laid.astype(np.float32, copy=False), far, (0.004, 0.01, 0.02, 0.034))
    fallen = soft * (1 - 0.7 * far)
    contact = _contact(silhouette, ground, 0.02)
    return _layers((0.85, fallen), (0.9, _blur(contact, 0.012, 0.006)))


def _car(silhouette: Matte, pad: int) -> Matte:
    """Beneath a car: nearly black where tyres touch, dark under the body, a wide faint rim around."""
    ground = _ground_line(silhouette, pad, slope_max=0.35)
    rows = silhouette.shape[0]
    height = rows - 2 * pad
    contact = _contact(silhouette, ground, 0.03)
    y = np.arange(rows, dtype=np.float32)[:, None]
    near = np.clip(ground[None] + 0.01 * height - y, 0, 1)
    depth = np.clip(1 - (ground[None] - y) / (0.24 * height), 0, 1)
    body = near * depth * _beneath(silhouette, contact)[None]
    dark = _blur(body, 0.010, 0.008)
    rim = _blur(body, 0.05, 0.022)
    return _layers((0.8, dark), (0.6, rim), (0.85, _blur(contact, 0.010, 0.004)))


def _beneath(silhouette: Matte, contact: Matte) -> Line:
    """How much of the sky the body hides from the ground in each column, 0-1: all of it between the outer
    tyres, less and less towards the bumpers."""
    body = np.flatnonzero(silhouette.max(axis=0) > 0.5)
    tyres = np.flatnonzero(contact.max(axis=0) > 0.5)
    if not body.size:
        return np.zeros(silhouette.shape[1], np.float32)
    first, last = (tyres[0], tyres[-1]) if tyres.size else (body[0], body[-1])
    reach = 0.03 * _WORK_SIDE_PX
    left, right = min(first - reach, body[0] + reach / 2), max(last + reach, body[-1] - reach / 2)
    places = (left - reach, first, last, right + reach)
    return np.interp(np.arange(silhouette.shape[1]), places, (0, 1, 1, 0)).astype(np.float32)


def _layers(*layers: tuple[float, Matte]) -> Matte:
    """Shadows on top of each other: each takes its share (strength, matte) of the light that is left."""
    light = np.ones_like(layers[0][1])
    for strength, matte in layers:
        light = light * (1 - np.float32(strength) * matte)
    return 1 - light


def _blur_by(picture: Matte, far: Matte, shares: tuple[float, ...]) -> Matte:
    """Blurred more and more with `far` (0-1), between copies blurred by each of `shares`."""
    level = far * (len(shares) - 1)
    blurred = np.zeros_like(picture)
    for index, share in enumerate(shares):
        blurred += np.clip(1 - np.abs(level - index), 0, 1) * _blur(picture, share)
    return blurred


def _lower_edge(silhouette: Matte) -> Line:
    """The lowest row of the subject in each column, -1 where there is none."""
    solid = silhouette > 0.5
    lowest = silhouette.shape[0] - np.argmax(solid[::-1], axis=0)
    return np.where(solid.any(axis=0), lowest, -1).astype(np.float32)


def _ground_line(silhouette: Matte, pad: int, *, slope_max: float) -> Line:
    """Where the ground runs under the subject: lines from one point of contact to the next.

    These are the lower edge's convex hull; its steep ends, which climb to a bumper or an elbow, are no ground
    and are replaced by carrying on level.
    """
    lower = _lower_edge(silhouette)
    columns = np.flatnonzero(lower >= 0)
    if not columns.size:
        return np.full(silhouette.shape[1], silhouette.shape[0] - pad, np.float32)
    points = np.stack([columns, lower[columns]], axis=1).astype(np.float32)
    hull = _lower_hull(points)
    lowest = int(np.argmax(hull[:, 1]))
    first, last = lowest, lowest
    while first > 0 and _slope(hull[first - 1], hull[first]) <= slope_max:
        first -= 1
    while last < len(hull) - 1 and _slope(hull[last], hull[last + 1]) <= slope_max:
        last += 1
    kept = hull[first : last + 1]
    return np.interp(np.arange(silhouette.shape[1]), kept[:, 0], kept[:, 1]).astype(np.float32)


def _lower_hull(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """The hull's side towards larger y, from left to right (A. M. Andrew's monotone chain, 1979)."""
    hull: list[NDArray[np.float32]] = []
    for point in points:
        while len(hull) > 1 and _turns_up(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    return np.array(hull)


def _turns_up(a: NDArray[np.float32], b: NDArray[np.float32], c: NDArray[np.float32]) -> bool:
    return bool((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) >= 0)


def _slope(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(abs(b[1] - a[1]) / max(abs(b[0] - a[0]), 1e-6))


def _contact(silhouette: Matte, ground: Line, reach: float) -> Matte:
    """A thin band on the ground wherever the lower edge comes within `reach` of it."""
    lower = _lower_edge(silhouette)
    reach_px = reach * _WORK_SIDE_PX
    touch = np.where(lower >= 0, np.clip(1 - (ground - lower) / reach_px, 0, 1), 0).astype(np.float32)
    y = np.arange(silhouette.shape[0], dtype=np.float32)[:, None]
    band = np.clip(1.5 - np.abs(y - (lower[None] - 0.5)) / (0.008 * _WORK_SIDE_PX), 0, 1)
    return (band * touch[None]).astype(np.float32)
