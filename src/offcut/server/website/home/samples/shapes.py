"""Solid shapes as signed distances: how far each point is from the surface, negative inside.

Points are float32 arrays N×3 (x right, y up, z towards the camera, in decimetres); distances are N. The
formulas are those of J. C. Hart, "Sphere tracing: a geometric method for the antialiased ray tracing of
implicit surfaces", The Visual Computer 12 (1996).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
Distances = NDArray[np.float32]
Place = tuple[float, float, float]


def length(vectors: Points) -> Distances:
    """The length of each vector, over the last axis."""
    return np.sqrt(np.einsum("...i,...i->...", vectors, vectors))


def box(points: Points, center: Place, half: Place, rounding: float) -> Distances:
    """A box of half sizes `half` (rounding included) with round edges."""
    beyond = np.abs(points - np.float32(center)) - (np.float32(half) - np.float32(rounding))
    outside = length(np.maximum(beyond, 0))
    return outside + np.minimum(beyond.max(axis=1), 0) - np.float32(rounding)


def upright(points: Points, center: Place, radius: float, half_height: float, rounding: float) -> Distances:
    """A standing cylinder with round edges."""
    moved = points - np.float32(center)
    return _capped(np.hypot(moved[:, 0], moved[:, 2]), moved[:, 1], radius, half_height, rounding)


def wheel(points: Points, center: Place, radius: float, half_width: float, rounding: float) -> Distances:
    """A cylinder that lies along z, with round edges."""
    moved = points - np.float32(center)
    return _capped(np.hypot(moved[:, 0], moved[:, 1]), moved[:, 2], radius, half_width, rounding)


def cone(points: Points, base: float, top: float, lower: float, upper: float, rounding: float) -> Distances:
    """A standing cone frustum around the y axis: radius `base` at y = `base` end, `upper` at the `top`."""
    half = (top - base) / 2
    along = np.clip((points[:, 1] - base) / (top - base), 0, 1)
    radius = lower + (upper - lower) * along
    slope = np.float32(half * 2 / np.hypot(half * 2, upper - lower))
    around = (np.hypot(points[:, 0], points[:, 2]) - radius + rounding) * slope
    above = np.abs(points[:, 1] - (base + half)) - half + rounding
    outside = np.hypot(np.maximum(around, 0), np.maximum(above, 0))
    return outside + np.minimum(np.maximum(around, above), 0) - np.float32(rounding)


def ring(points: Points, center: Place, radius: float, thickness: float, flatten: float = 1.0) -> Distances:
    """A torus that stands in the plane z = 0; `flatten` < 1 makes it narrower than high."""
    moved = (points - np.float32(center)) / np.float32([flatten, 1, 1])
    around = np.hypot(moved[:, 0], moved[:, 1]) - radius
    return (np.hypot(around, moved[:, 2]) - thickness) * np.float32(min(flatten, 1))


def rod(points: Points, start: Place, end: Place, thickness: float) -> Distances:
    """A stick with round ends."""
    direction = np.float32(end) - np.float32(start)
    moved = points - np.float32(start)
    along = np.clip(moved @ direction / (direction @ direction), 0, 1)
    return length(moved - along[:, None] * direction) - np.float32(thickness)


def joined(first: Distances, second: Distances, softness: float) -> Distances:
    """Two shapes as one, with a fillet of about `softness` between them."""
    nearness = np.maximum(softness - np.abs(first - second), 0) / softness
    return np.minimum(first, second) - nearness * nearness * np.float32(softness / 4)


def _capped(around: Distances, along: Distances, radius: float, half: float, rounding: float) -> Distances:
    beyond_radius = around - (radius - rounding)
    beyond_half = np.abs(along) - (half - rounding)
    outside = np.hypot(np.maximum(beyond_radius, 0), np.maximum(beyond_half, 0))
    return outside + np.minimum(np.maximum(beyond_radius, beyond_half), 0) - np.float32(rounding)
