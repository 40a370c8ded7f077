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

_WORK_SIDE_PX = 256
_ROOM_PX = round(0.16 * _WORK_SIDE_PX)
"""Room around the silhouette in the working picture, for what is soft."""

_LEAN, _FLATTEN = 0.55, 0.32
"""A `3D` shadow goes this far to the right, and up the picture, for each height of what throws it."""


def cast(alpha: Alpha, box: Box, shadow: Shadow, *, has_ground: bool = True) -> Alpha:
    """The shadow's own matte on the subject's canvas: H×W uint8, 0 no shadow to 255 black.

    `alpha` is the placed subject's, H×W, and `box` where it can be seen. Without ground (the subject runs out
    of the photo below) a `3D` or `car` shadow has nothing to fall on and is drawn as `drop`, on the wall
    behind; see `style_drawn`. The canvas keeps its size: what would fall outside is cut.
    """
    style = style_drawn(shadow, has_ground=has_ground)
    silhouette, to_small = _silhouette(alpha, box, beside=_LEAN if style == "3D" else 0)
    drawn = {"car": _car, "3D": _cast_on_ground, "drop": _drop}[style](silhouette)
    small = np.rint(np.clip(drawn, 0, 1) * (255 * shadow.opacity / 100)).astype(np.uint8)
    return _enlarge(small, to_small, alpha.shape)


def style_drawn(shadow: Shadow, *, has_ground: bool) -> str:
    """The style that `cast` draws: the one asked for, or "drop" where it needs a ground and there is none."""
    return shadow.style if has_ground else "drop"


def _silhouette(alpha: Alpha, box: Box, *, beside: float) -> tuple[Matte, NDArray[np.float64]]:
    """The subject at working size with room around it, `beside` heights more on the right, and the affine map
    (2×3) from the canvas's pixels to the working picture's."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    ratio = _WORK_SIDE_PX / max(width, height)
    columns, rows = max(4, round(width * ratio)), max(4, round(height * ratio))
    method = cv2.INTER_AREA if ratio < 1 else cv2.INTER_LINEAR
    small = cv2.resize(alpha[top:bottom, left:right], (columns, rows), interpolation=method)
    padded = np.pad(small, ((_ROOM_PX, _ROOM_PX), (_ROOM_PX, _ROOM_PX + round(beside * rows))))
    step_x, step_y = columns / width, rows / height
    # Pixel centres meet: working x = (x + 0.5 - left) · step + room - 0.5.
    to_small = np.array(
        [
            [step_x, 0, (0.5 - left) * step_x + _ROOM_PX - 0.5],
            [0, step_y, (0.5 - top) * step_y + _ROOM_PX - 0.5],
        ]
    )
    return padded.astype(np.float32) / np.float32(255), to_small


def _enlarge(small: Alpha, to_small: NDArray[np.float64], shape: tuple[int, ...]) -> Alpha:
    """The working picture laid over the canvas; only where there is any shadow, for the rest stays 0."""
    canvas = np.zeros(shape, np.uint8)
    x, y, columns, rows = cv2.boundingRect(small)
    corners = np.array([[x - 1.0, y - 1.0], [x + columns, y + rows]])
    (left, top), (right, bottom) = (corners - to_small[:, 2]) / to_small.diagonal()
    x1, y1 = max(0, int(np.floor(left))), max(0, int(np.floor(top)))
    x2, y2 = min(shape[1], int(np.ceil(right)) + 1), min(shape[0], int(np.ceil(bottom)) + 1)
    if not columns or x2 <= x1 or y2 <= y1:
        return canvas
    part = to_small.copy()
    part[:, 2] += to_small.diagonal() * (x1, y1)
    cv2.warpAffine(
        small,
        part,
        (x2 - x1, y2 - y1),
        dst=canvas[y1:y2, x1:x2],
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
    )
    return canvas


def _blur(picture: Matte, x_share: float, y_share: float | None = None) -> Matte:
    side = _WORK_SIDE_PX
    blurred = cv2.GaussianBlur(
        picture, (0, 0), x_share * side, sigmaY=(x_share if y_share is None else y_share) * side
    )
    return blurred.astype(np.float32, copy=False)


def _drop(silhouette: Matte) -> Matte:
    """Flat, on a wall just behind: the silhouette itself, moved away from the light and softened."""
    shift = np.array([[1, 0, 0.022 * _WORK_SIDE_PX], [0, 1, 0.03 * _WORK_SIDE_PX]])
    moved = cv2.warpAffine(silhouette, shift, silhouette.shape[::-1]).astype(np.float32, copy=False)
    return np.float32(0.6) * _blur(moved, 0.012) + np.float32(0.4) * _blur(moved, 0.035)


def _cast_on_ground(silhouette: Matte) -> Matte:
    """Laid on the ground, back and to the right; softer and fainter the farther from where it stands."""
    ground = _ground_line(silhouette)
    rows, columns = silhouette.shape
    x, y = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    source_x = x
    for _ in range(3):
        column = np.clip(source_x, 0, columns - 1).astype(np.intp)
        height = (ground[column] - y) / _FLATTEN
        source_x = x - _LEAN * height
    source_y = (ground[column] - height).astype(np.float32)
    laid = cv2.remap(silhouette, source_x.astype(np.float32), source_y, cv2.INTER_LINEAR)
    far = np.clip(height / (rows - 2 * _ROOM_PX), 0, 1)
    soft = _blur_by(laid.astype(np.float32, copy=False), far, (0.004, 0.01, 0.02, 0.034))
    fallen = soft * (1 - 0.7 * far)
    contact = _contact(silhouette, ground, 0.03)
    return _layers((0.85, fallen), (0.9, _blur(contact, 0.012, 0.007)))


def _car(silhouette: Matte) -> Matte:
    """Beneath a car: nearly black where tyres touch, dark under the body, a wide faint rim around."""
    ground = _ground_line(silhouette)
    rows = silhouette.shape[0]
    height = rows - 2 * _ROOM_PX
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
    return (1 - light).astype(np.float32, copy=False)


def _blur_by(picture: Matte, far: Matte, shares: tuple[float, ...]) -> Matte:
    """Blurred more and more with `far` (0-1), between copies blurred by each of `shares`."""
    level = far * (len(shares) - 1)
    blurred = np.zeros_like(picture)
    for index, share in enumerate(shares):
        blurred += np.clip(1 - np.abs(level - np.float32(index)), 0, 1) * _blur(picture, share)
    return blurred


def _lower_edge(silhouette: Matte) -> Line:
    """Where the subject ends below in each column, to a fraction of a pixel; -1 where there is none."""
    # Softened a little first, so that single pixels at a toe or a tyre do not decide by themselves.
    silhouette = _blur(silhouette, 0.004)
    solid = silhouette > 0.5
    below = silhouette.shape[0] - np.argmax(solid[::-1], axis=0)
    column = np.arange(silhouette.shape[1])
    inner = silhouette[below - 1, column]
    outer = silhouette[np.minimum(below, silhouette.shape[0] - 1), column]
    # Half covered is the edge: exact where the covered share falls evenly from one row to the next.
    edge = below - 0.5 + (inner - 0.5) / np.maximum(inner - outer, 1e-6)
    return np.where(solid.any(axis=0), edge, -1).astype(np.float32)


def _ground_line(silhouette: Matte) -> Line:
    """Where the ground runs under the subject: lines from one point of contact to the next.

    These are the lower edge's convex hull. Its ends that climb to a bumper or an elbow are no ground, and are
    replaced by carrying on level.
    """
    lower = _lower_edge(silhouette)
    columns = np.flatnonzero(lower >= 0)
    if not columns.size:
        return np.full(silhouette.shape[1], silhouette.shape[0] - _ROOM_PX, np.float32)
    hull = _lower_hull(np.stack([columns, lower[columns]], axis=1).astype(np.float32))
    width = float(columns[-1] - columns[0])
    lowest = int(np.argmax(hull[:, 1]))
    last = _last_contact(hull[lowest:], width) + lowest
    first = lowest - _last_contact(hull[lowest::-1], width)
    kept = hull[first : last + 1]
    return np.interp(np.arange(silhouette.shape[1]), kept[:, 0], kept[:, 1]).astype(np.float32)


def _last_contact(hull: NDArray[np.float32], width: float) -> int:
    """How far along `hull`, from its lowest point outwards, the subject still touches ground.

    A line from contact to contact is flat, or it is long, as from tyre to tyre of a car seen from a corner.
    What climbs steeply over a short way is an overhang; a tyre's own roundness does not count.
    """
    contact = 0
    for index in range(1, len(hull)):
        run, rise = np.abs(hull[index] - hull[contact])
        if rise <= (0.7 if run >= 0.25 * width else 0.35) * run:
            contact = index
        elif run > 0.06 * width:
            break
    return contact


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


def _contact(silhouette: Matte, ground: Line, reach: float) -> Matte:
    """A thin band on the ground wherever the lower edge comes within `reach` of it."""
    lower = _lower_edge(silhouette)
    reach_px = reach * _WORK_SIDE_PX
    touch = np.where(lower >= 0, np.clip(1 - (ground - lower) / reach_px, 0, 1), 0)
    y = np.arange(silhouette.shape[0], dtype=np.float32)[:, None]
    band = np.clip(1.5 - np.abs(y + 0.5 - lower[None]) / (0.008 * _WORK_SIDE_PX), 0, 1)
    contact: Matte = (band * touch[None]).astype(np.float32)
    return contact
