"""A small camera for made scenes: sphere tracing, one soft light, a window's reflection, depth of field.

It draws two layers, the subject and what is behind it, so the true alpha of the subject is known exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from offcut.server.website.home.samples.shapes import Distances, Place, Points, length

Image = NDArray[np.float32]
STEPS = 90
NEAR = 0.0012
SAMPLES = 2
"""Rays for each pixel along each side."""


@dataclass(frozen=True)
class Surface:
    """What a shape is made of, for N points: colours N×3 (linear, 0 to 1), gloss 0 to 1, mirror 0 to 1."""

    color: Points
    gloss: Distances
    mirror: Distances


@dataclass(frozen=True)
class Scene:
    """A subject on a floor at y = 0 before a backdrop.

    `shape` gives distances, `made_of` the surface at points and `floor` the colour of the floor at x, z.
    `backdrop` gives colours for the pixel coordinates u, v (0 to 1, from the top left). `reach` is a radius
    around `middle` that holds the whole subject.
    """

    shape: Callable[[Points], Distances]
    made_of: Callable[[Points], Surface]
    floor: Callable[[Distances, Distances], Points]
    backdrop: Callable[[Distances, Distances], Points]
    eye: Place
    target: Place
    view: float
    middle: Place
    reach: float
    light: Place = (-0.55, 0.75, 0.45)
    sharp_to: float = 1.0
    floor_mirror: float = 0.08


def photograph(scene: Scene, width: int, height: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The photo, height×width×3 uint8 RGB, and the subject's true alpha, height×width uint8."""
    eye, rays = _rays(scene, width * SAMPLES, height * SAMPLES)
    hit, distance = _march(scene, np.broadcast_to(eye, rays.shape), rays)
    behind, depth = _behind(scene, eye, rays, width * SAMPLES, height * SAMPLES)
    subject = np.zeros_like(rays)
    points = eye + rays[hit] * distance[hit, None]
    subject[hit] = _lit(scene, points, rays[hit])
    shape = (height * SAMPLES, width * SAMPLES)
    small = (width, height)
    alpha = cv2.resize(hit.astype(np.float32).reshape(shape), small, interpolation=cv2.INTER_AREA)
    front = cv2.resize(subject.reshape(*shape, 3), small, interpolation=cv2.INTER_AREA)
    back = cv2.resize(behind.reshape(*shape, 3), small, interpolation=cv2.INTER_AREA)
    back = _defocused(back, cv2.resize(depth.reshape(shape), small, interpolation=cv2.INTER_AREA), scene)
    photo = developed(front + back * (1 - alpha[..., None]))
    return photo, np.round(alpha * 255).astype(np.uint8)


def developed(light: Image, seed: int = 7) -> NDArray[np.uint8]:
    """What a camera makes of linear light: a soft shoulder, a darker corner, grain, sRGB bytes."""
    height, width = light.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    light = light * (1 - 0.16 * (x * x + y * y))[..., None]
    light = light * (1 + light / 5.0) / (1 + light * 0.62)
    bytes_ = 255 * np.where(
        light < 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-6) ** (1 / 2.4) - 0.055
    )
    grain = np.random.default_rng(seed).normal(0, 1.6, (height, width, 1)).astype(np.float32)
    return np.clip(bytes_ + cv2.GaussianBlur(grain, (3, 3), 0.6)[..., None], 0, 255).astype(np.uint8)


def noise(x: Distances, y: Distances, seed: int, octaves: int = 4) -> Distances:
    """Smooth noise around 0, about -1 to 1, at the given places."""
    table = np.random.default_rng(seed).uniform(-1, 1, (64, 64)).astype(np.float32)
    total = np.zeros_like(x)
    for octave in range(octaves):
        u, v = x * 2**octave, y * 2**octave
        left, top = np.floor(u), np.floor(v)
        fu, fv = u - left, v - top
        fu, fv = fu * fu * (3 - 2 * fu), fv * fv * (3 - 2 * fv)
        i, j = left.astype(np.int64) % 64, top.astype(np.int64) % 64
        i1, j1 = (i + 1) % 64, (j + 1) % 64
        upper = table[j, i] * (1 - fu) + table[j, i1] * fu
        lower = table[j1, i] * (1 - fu) + table[j1, i1] * fu
        total += (upper * (1 - fv) + lower * fv) / 2**octave
    return total


def unit(vectors: Points) -> Points:
    """The vectors with length 1."""
    return vectors / np.maximum(length(vectors), 1e-9)[..., None]


def _rays(scene: Scene, width: int, height: int) -> tuple[Points, Points]:
    eye = np.float32(scene.eye)
    forward = unit(np.float32(scene.target) - eye)
    right = unit(np.cross(forward, np.float32([0, 1, 0])).astype(np.float32))
    up = np.cross(right, forward).astype(np.float32)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    across = ((x + 0.5) / width * 2 - 1) * scene.view
    upwards = (1 - (y + 0.5) / height * 2) * scene.view * height / width
    rays = forward + across.reshape(-1, 1) * right + upwards.reshape(-1, 1) * up
    return eye, unit(rays.astype(np.float32))


def _march(
    scene: Scene, starts: Points, rays: Points, begin: float = 0.0
) -> tuple[NDArray[np.bool_], Distances]:
    """Which rays meet the subject, and where along them."""
    to_middle = np.float32(scene.middle) - starts
    nearest = np.einsum("ni,ni->n", to_middle, rays)
    gap = np.einsum("ni,ni->n", to_middle, to_middle) - nearest**2
    within = np.sqrt(np.maximum(scene.reach**2 - gap, 0))
    active = np.flatnonzero((gap < scene.reach**2) & (nearest + within > begin))
    travelled = np.maximum(nearest - within, begin).astype(np.float32)
    limit = nearest + within
    hit = np.zeros(len(rays), np.bool_)
    for _ in range(STEPS):
        if not active.size:
            break
        free = scene.shape(starts[active] + rays[active] * travelled[active, None])
        reached = free < NEAR
        hit[active[reached]] = True
        travelled[active] += np.where(reached, 0, free * 0.92)
        active = active[~reached & (travelled[active] < limit[active])]
    return hit, travelled


def _behind(scene: Scene, eye: Points, rays: Points, width: int, height: int) -> tuple[Points, Distances]:
    """Floor and backdrop as if the subject were of air, but with its shadow and its reflection."""
    v, u = np.mgrid[0:height, 0:width].astype(np.float32)
    color = scene.backdrop(u.ravel() / width, v.ravel() / height).astype(np.float32)
    depth = np.full(len(rays), 60, np.float32)
    down = np.flatnonzero(rays[:, 1] < -0.02)
    along = -eye[1] / rays[down, 1]
    down, along = down[along < 40], along[along < 40]
    points = eye + rays[down] * along[:, None]
    depth[down] = along
    base = scene.floor(points[:, 0], points[:, 2])
    normal = np.broadcast_to(np.float32([0, 1, 0]), points.shape)
    lit = base * _light_on(scene, points, normal)
    mirrored = rays[down] * np.float32([1, -1, 1])
    fresnel = scene.floor_mirror * (0.35 + 0.65 * (1 - mirrored[:, 1]) ** 4)
    reflected = _sky(mirrored)
    lit += fresnel[:, None] * reflected
    # The far floor melts into the backdrop, as it does in a room.
    far = np.clip((along - 14) / 22, 0, 1)[:, None] ** 1.5
    color[down] = lit * (1 - far) + color[down] * far
    return color, depth


def _lit(scene: Scene, points: Points, rays: Points) -> Points:
    normal = _normal(scene, points)
    surface = scene.made_of(points)
    light = unit(np.float32(scene.light))
    facing = np.clip(-np.einsum("ni,ni->n", normal, rays), 0, 1)
    half = unit(light - rays)
    sharpness = 12 + 500 * surface.gloss**2
    shine = np.clip(np.einsum("ni,ni->n", normal, half), 0, 1) ** sharpness * surface.gloss * 1.6
    mirrored = rays + 2 * facing[:, None] * normal
    fresnel = surface.mirror * (0.25 + 0.75 * (1 - facing) ** 4)
    # A reflection that would meet the subject itself sees its colour, not the window.
    own, _ = _march(scene, points + normal * 0.01, mirrored, 0.02)
    reflected = np.where(own[:, None], surface.color * 0.25, _sky(mirrored))
    floor_seen = (mirrored[:, 1] < 0) & ~own
    reflected[floor_seen] = scene.floor(points[floor_seen, 0], points[floor_seen, 2]) * 0.45
    shadow = _shadow(scene, points + normal * 0.006)
    lit = surface.color * _light_on(scene, points + normal * 0.006, normal)
    return lit + fresnel[:, None] * reflected + (shine * shadow)[:, None]


def _light_on(scene: Scene, points: Points, normal: Points) -> Points:
    light = unit(np.float32(scene.light))
    lambert = np.clip(normal @ light, 0, 1) * _shadow(scene, points)
    open_ = _openness(scene, points, normal)
    sky = (0.62 + 0.38 * normal[:, 1]) * open_
    bounce = np.clip(0.5 - 0.5 * normal[:, 1], 0, 1) * open_
    warm = np.float32([2.5, 2.28, 1.98])
    cool = np.float32([0.4, 0.45, 0.53])
    below = np.float32([0.26, 0.22, 0.18])
    return lambert[:, None] * warm + sky[:, None] * cool + bounce[:, None] * below


def _shadow(scene: Scene, points: Points) -> Distances:
    """How much of a broad light is seen from the points, 0 to 1 (penumbra by the closest pass)."""
    light = unit(np.float32(scene.light))
    to_middle = np.float32(scene.middle) - points
    nearest = to_middle @ light
    gap = np.einsum("ni,ni->n", to_middle, to_middle) - nearest**2
    seen = np.ones(len(points), np.float32)
    wide = scene.reach * 1.5
    active = np.flatnonzero((gap < wide**2) & (nearest > -scene.reach))
    travelled = np.full(len(points), 0.02, np.float32)
    for _ in range(46):
        if not active.size:
            break
        free = scene.shape(points[active] + light * travelled[active, None])
        seen[active] = np.minimum(seen[active], 0.5 + 0.5 * free / (0.16 * travelled[active] + 0.004))
        travelled[active] += np.clip(free, 0.03, 0.35)
        active = active[(seen[active] > 0.01) & (travelled[active] < nearest[active] + wide)]
    seen = np.clip(seen, 0, 1)
    return seen * seen * (3 - 2 * seen)


def _openness(scene: Scene, points: Points, normal: Points) -> Distances:
    """How little the subject and the floor stand in the way of the sky, 0 to 1."""
    closed = np.zeros(len(points), np.float32)
    near = np.flatnonzero(length(points - np.float32(scene.middle)) < scene.reach * 1.8)
    for step, weight in ((0.06, 1.0), (0.18, 0.8), (0.4, 0.6), (0.8, 0.35)):
        probe = points[near] + normal[near] * np.float32(step)
        free = np.minimum(scene.shape(probe), np.maximum(probe[:, 1], 0) + 0.01)
        closed[near] += np.float32(weight) * np.clip(step - free, 0, step) / np.float32(step)
    return np.clip(1 - closed / 2.2, 0.06, 1)


def _normal(scene: Scene, points: Points) -> Points:
    offset = np.float32(0.002)
    slopes = []
    for axis in range(3):
        step = np.zeros(3, np.float32)
        step[axis] = offset
        slopes.append(scene.shape(points + step) - scene.shape(points - step))
    return unit(np.stack(slopes, axis=1))


def _sky(directions: Points) -> Points:
    """What a glossy surface mirrors: a pale room with a window on the left and a lamp above."""
    up = np.clip(directions[:, 1], -0.2, 1)
    room = np.float32([0.55, 0.52, 0.48]) + up[:, None] * np.float32([0.25, 0.32, 0.42])
    angle = np.arctan2(directions[:, 0], directions[:, 2])
    height = directions[:, 1]
    window = _band(angle, -1.5, -0.75, 0.03) * _band(height, 0.12, 0.72, 0.02)
    bars = 1 - 0.9 * _band(angle, -1.14, -1.1, 0.01) - 0.9 * _band(height, 0.4, 0.43, 0.008)
    lamp = _band(height, 0.9, 1.1, 0.05) * 2.0
    return room + (window * np.clip(bars, 0, 1) * 6 + lamp)[:, None] * np.float32([1, 0.98, 0.94])


def _band(values: Distances, low: float, high: float, soft: float) -> Distances:
    return np.clip((values - low) / soft, 0, 1) * np.clip((high - values) / soft, 0, 1)


def _defocused(image: Image, depth: Image, scene: Scene) -> Image:
    """Blurs what is farther or nearer than the subject, the more the farther, in four stages."""
    focus = float(np.linalg.norm(np.float32(scene.eye) - np.float32(scene.middle)))
    spread = np.abs(1 / np.maximum(depth, 1e-3) - 1 / focus) * focus * image.shape[1] * 0.03 / scene.sharp_to
    spread = cv2.GaussianBlur(spread, (0, 0), image.shape[1] * 0.004)
    result = image
    previous = 0.0
    for sigma in (1.2, 3.0, 7.0, 15.0, 28.0):
        blurred = cv2.GaussianBlur(image, (0, 0), sigma * image.shape[1] / 1200)
        share = np.clip((spread - previous) / (sigma * 1.3 - previous), 0, 1)[..., None]
        result = result * (1 - share) + blurred * share
        previous = sigma * 1.3
    return result
