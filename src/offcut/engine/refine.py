"""The matte at the photo's full resolution: hair, fur and mesh drawn, hard edges crisp, solid solid.

In a small window the matte is close to a linear function of the photo's colours (He, Sun, Tang, "Guided Image
Filtering", 2010/2013; Levin et al., "A Closed-Form Solution to Natural Image Matting", 2008). The function is
fitted on a small copy, mostly to what is certainly in or out, and applied to the photo's own pixels (He, Sun,
"Fast Guided Filter", 2015). Where colours do not tell subject and background apart the fit explains little,
and the network's own edge is kept there; so the filter helps where it can and does no harm elsewhere.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from offcut.engine import sampling
from offcut.engine.types import Alpha, Mask, Matte, Rgb

Plane: TypeAlias = NDArray[np.float32]

FIT_SIDE = 384
"""Longer side of the copy on which the fit is made, in pixels."""
RADIUS = 0.024
"""Radius of a window, as a share of the longer side."""
RADIUS_MIN_PX = 3
RIDGE = 4e-4
"""Keeps the fit from following colour differences that are mere noise (colours 0.0-1.0, squared)."""
OPEN_WEIGHT = 0.1
"""What an open pixel counts in the fit, against 1 for one that is certainly in or out."""
OPEN = (0.05, 0.92)
"""Between these the matte is open; beyond, it is certainly out or in."""

SOFT_WIDTH = (5.0, 10.0)
"""Mean width of the open band, in thousandths of the longer side, from which an edge counts as somewhat and
as wholly soft (hair, fur)."""
BELIEF_HARD = (0.80, 0.95)
BELIEF_SOFT = (0.50, 0.90)
"""Explained share of the matte's variance from which the fit is believed a little and wholly."""
STEEPER_HARD = 1.3
STEEPER_SOFT = 1.05
CRISP_MAX = 4.0

RIM_PX = 5
"""Around what is open on the small copy, so much more is drawn (half on each side)."""

THIN_PX = 11
"""What a disc of this width on the small copy does not fit into is thin: poles, legs, strings."""
THIN_RIDGE = (0.4, 0.6)
"""How far a thin thing must stand out from what is around it to be raised a little and wholly."""
THIN_PEAK = (0.7, 0.8)
"""How sure the network must be of its middle. Below, it may well be hair, and as faint as it looks."""
THIN_PEAK_TO = 1.05

STRIP_PIXELS = 1 << 19
THREADS = 2


@dataclass(frozen=True, slots=True)
class _Fit:
    """`open`: H×W on the small copy, where to draw. On half its size: `function`, ×4, the matte is the colour
    (0-255) times the first three plus the fourth; `blend`, ×3, belief in the function, softness, and how far
    to pass from what is plainly in or out to what is drawn, 0.0-1.0. `matte`: the given one, at its own
    size."""

    function: Plane
    blend: Plane
    open: NDArray[np.uint8]
    matte: Matte


def refine(rgb: Rgb, matte: Matte) -> Alpha:
    """The alpha matte of a photo at its full resolution.

    `rgb` H×W×3 uint8; `matte` any size, float32 0.0-1.0, of the photo stretched to that size. Returns H×W
    uint8. Where `matte` is certainly in or out the result is exactly 255 or 0. Extra memory beside the
    result: about 40 MB, whatever the photo's size.
    """
    height, width = rgb.shape[:2]
    fit = _fit(rgb, matte)
    alpha = _hard(matte, width, height)

    columns = (np.arange(width) * 2 + 1) * fit.open.shape[1] // (2 * width)
    wide = fit.open.view(np.bool_).take(columns, axis=1)
    rows = max(1, STRIP_PIXELS // width)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="refine") as threads:
        for _ in threads.map(lambda top: _draw(rgb, fit, wide, alpha, top, rows), range(0, height, rows)):
            pass
    return alpha


def _hard(matte: Matte, width: int, height: int) -> NDArray[np.uint8]:
    """In or out, at full size, in bytes all the way: a float copy of a large photo would cost too much."""
    level = np.rint(matte * 255).astype(np.uint8)
    large = cv2.resize(level, (width, height), interpolation=cv2.INTER_LINEAR)
    return cast(NDArray[np.uint8], cv2.threshold(large, 127, 255, cv2.THRESH_BINARY, dst=large)[1])


def _mean(plane: Plane, window: int) -> Plane:
    return cast(Plane, cv2.blur(plane, (window, window)))


def _coarse(plane: Plane) -> Plane:
    """Half the size: what is averaged over a window anyway needs no more places."""
    size = (plane.shape[1] + 1) // 2, (plane.shape[0] + 1) // 2
    return cast(Plane, cv2.resize(plane, size, interpolation=cv2.INTER_AREA))


def _fit(rgb: Rgb, matte: Matte) -> _Fit:
    small, guess = _shrunk(rgb, matte)
    guess = _with_thin_things(guess)
    window = 2 * max(RADIUS_MIN_PX, round(RADIUS / 2 * max(guess.shape))) + 1
    is_open = ((guess > OPEN[0]) & (guess < OPEN[1])).view(np.uint8)
    sure = cv2.erode(1 - is_open, np.ones((3, 3), np.uint8)).astype(np.float32)
    factors, offset, explained = _linear(small, guess, sure * (1 - OPEN_WEIGHT) + OPEN_WEIGHT, window)
    trust = np.square(np.square(explained)) + np.float32(1e-3)
    total = _mean(trust, window)
    factors = [_mean(f * trust, window) / total for f in factors]
    offset = _mean(offset * trust, window) / total
    explained = _mean(explained * trust, window) / total
    softness = _softness(guess, is_open, window)
    belief = _ramp(
        explained, *(h + (s - h) * softness for h, s in zip(BELIEF_HARD, BELIEF_SOFT, strict=True))
    )
    drawn = np.asarray(cv2.dilate(is_open, np.ones((RIM_PX, RIM_PX), np.uint8)), np.uint8)
    # From 0 at the rim to 1 where something is open: a faint haze that ended at once would be seen.
    passing = _coarse(_mean(drawn.astype(np.float32), 3) * 2 - 1)
    return _Fit(
        cast(Plane, cv2.merge([*(f * np.float32(1 / 255) for f in factors), offset])),
        cast(Plane, cv2.merge([belief, softness, np.clip(passing, 0, 1)])),
        drawn,
        matte,
    )


def _shrunk(rgb: Rgb, matte: Matte) -> tuple[Rgb, Matte]:
    height, width = rgb.shape[:2]
    scale = min(1.0, FIT_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    # Halving is ten times quicker than any other reduction.
    while max(rgb.shape) >= 2 * FIT_SIDE:
        rgb = cast(Rgb, cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    how = cv2.INTER_AREA if max(size) < max(matte.shape) else cv2.INTER_CUBIC
    return cast(Rgb, small), cast(Matte, cv2.resize(matte, size, interpolation=how).clip(0, 1))


def _with_thin_things(guess: Matte) -> Matte:
    """The matte with the middle of thin things brought up to 1.

    The network's blur takes from a thin thing what it takes from an edge, so nothing of it is certainly in,
    and the fit would learn from it that the subject's colour is half transparent. Told by their height above
    an opening (top-hat; Meyer, 1979)."""
    disc, near = (cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (n, n)) for n in (THIN_PX, 5))
    ridge = cv2.dilate(cv2.morphologyEx(guess, cv2.MORPH_TOPHAT, disc), near)
    if float(ridge.max()) <= THIN_RIDGE[0]:
        return guess
    peak = cast(Plane, cv2.dilate(guess, near))
    share = _ramp(cast(Plane, ridge), *THIN_RIDGE) * _ramp(peak, *THIN_PEAK)
    raised = guess * (1 + share * (THIN_PEAK_TO / np.maximum(peak, np.float32(1e-3)) - 1))
    return cast(Matte, np.minimum(raised, 1).astype(np.float32))


def _linear(rgb: Rgb, guess: Matte, weight: Plane, window: int) -> tuple[list[Plane], Plane, Plane]:
    """Weighted least squares in every window: the factors of red, green and blue (0.0-1.0), the offset, and
    the share of the matte's variance that they explain."""
    norm = _mean(_coarse(weight), window) + np.float32(1e-6)

    def mean(plane: Plane) -> Plane:
        return _mean(_coarse(plane), window) / norm

    colours = [c.astype(np.float32) * np.float32(1 / 255) for c in cv2.split(rgb)]
    weighted = [c * weight for c in colours]
    means = [mean(c) for c in weighted]
    mean_guess = mean(guess * weight)
    spread = mean(guess * guess * weight) - mean_guess * mean_guess
    shared = [mean(c * guess) - m * mean_guess for c, m in zip(weighted, means, strict=True)]
    rr, gg, bb = (mean(weighted[i] * colours[i]) - means[i] * means[i] + np.float32(RIDGE) for i in range(3))
    rg, rb, gb = (mean(weighted[i] * colours[j]) - means[i] * means[j] for i, j in ((0, 1), (0, 2), (1, 2)))
    factors = _solve(rr, gg, bb, rg, rb, gb, shared)
    offset = mean_guess - sum(f * m for f, m in zip(factors, means, strict=True))
    explained = sum(f * s for f, s in zip(factors, shared, strict=True)) / np.maximum(
        spread, np.float32(1e-4)
    )
    return factors, cast(Plane, offset), cast(Plane, np.clip(explained, 0, 1))


def _solve(
    rr: Plane, gg: Plane, bb: Plane, rg: Plane, rb: Plane, gb: Plane, right: list[Plane]
) -> list[Plane]:
    """Three equations in three unknowns at every pixel, by the adjugate of the symmetric matrix."""
    a00, a01, a02 = gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg
    a11, a12, a22 = rr * bb - rb * rb, rg * rb - rr * gb, rr * gg - rg * rg
    scale = 1 / (rr * a00 + rg * a01 + rb * a02)
    r, g, b = right
    solved = (
        (a00 * r + a01 * g + a02 * b) * scale,
        (a01 * r + a11 * g + a12 * b) * scale,
        (a02 * r + a12 * g + a22 * b) * scale,
    )
    return [cast(Plane, s) for s in solved]


def _softness(guess: Matte, is_open: NDArray[np.uint8], window: int) -> Plane:
    """How soft the edge is near each pixel: area of the open band over the length of the outline, 0.0-1.0."""
    inside = (guess > 0.5).view(np.uint8)
    outline = inside - cv2.erode(inside, np.ones((3, 3), np.uint8))
    length = _mean(_coarse(outline.astype(np.float32)), window) + np.float32(1e-3)
    width = _mean(_coarse(is_open.astype(np.float32)), window) / length
    return _ramp(width * np.float32(1000 / max(guess.shape)), *SOFT_WIDTH)


def _ramp(value: Plane, low: Any, high: Any) -> Plane:
    return cast(Plane, np.clip((value - low) / (high - low), 0, 1).astype(np.float32))


def _draw(rgb: Rgb, fit: _Fit, wide: Mask, alpha: NDArray[np.uint8], top: int, rows: int) -> None:
    """Draws the open pixels of one strip into `alpha`."""
    height, width = rgb.shape[:2]
    pixels = _open_pixels(wide, height, range(top, min(top + rows, height)))
    if not pixels.size:
        return

    def at_pixels(planes: NDArray[Any]) -> list[Plane]:
        where = sampling.places(pixels, width, top, height, cast(tuple[int, int], planes.shape[:2]))
        return sampling.read(planes, where, pixels.size)

    *factors, drawn = at_pixels(fit.function)
    belief, softness, passing = at_pixels(fit.blend)
    [own] = at_pixels(fit.matte)
    colours = rgb[top : top + rows].reshape(-1, 3)[pixels]
    for channel, factor in enumerate(factors):
        drawn += factor * colours[:, channel]
    drawn = _steeper(drawn, STEEPER_HARD + (STEEPER_SOFT - STEEPER_HARD) * softness)
    crisp = min(CRISP_MAX, max(1.0, max(height, width) / max(fit.matte.shape)))
    own = _steeper(own, crisp + (1 - crisp) * softness)
    result = np.rint((own + belief * (drawn - own)) * 255)
    strip = alpha[top : top + rows].reshape(-1)
    below = strip[pixels]
    strip[pixels] = (below + passing * (result - below)).astype(np.uint8)


def _open_pixels(wide: Mask, height: int, strip: range) -> NDArray[np.intp]:
    """The pixels of a strip of the full photo where something is open, as flat indices into the strip. `wide`
    is the map of what is open, as wide as the photo and as high as its small copy."""
    rows = (np.asarray(strip) * 2 + 1) * wide.shape[0] // (2 * height)
    return np.flatnonzero(wide[rows])


def _steeper(value: Plane, by: Any) -> Plane:
    return cast(Plane, np.clip((value - np.float32(0.5)) * by + np.float32(0.5), 0, 1))
