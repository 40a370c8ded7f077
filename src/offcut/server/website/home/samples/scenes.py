"""What stands before the camera: a mug, a plant in a pot, a toy car."""

from __future__ import annotations

import itertools

import cv2
import numpy as np

from offcut.server.website.home.samples import shapes
from offcut.server.website.home.samples.shapes import Distances, Points
from offcut.server.website.home.samples.tracing import Scene, Surface, noise


def mug() -> Scene:
    """A glazed mug of coffee on a wooden table."""
    return Scene(
        shape=_mug_shape,
        made_of=_mug_surface,
        floor=_wood,
        backdrop=lambda u, v: _lights(u, v, (0.34, 0.27, 0.2), (0.62, 0.55, 0.46), seed=3),
        eye=(0.9, 3.0, 5.4),
        target=(0.12, 0.82, 0.0),
        view=0.36,
        middle=(0.2, 0.85, 0.0),
        reach=1.75,
    )


def plant() -> Scene:
    """A leafy plant on thin stems in a clay pot."""
    return Scene(
        shape=lambda points: np.minimum(_pot(points), _foliage(points)),
        made_of=_plant_surface,
        floor=_linen,
        backdrop=lambda u, v: _lights(u, v, (0.50, 0.56, 0.58), (0.86, 0.87, 0.84), seed=11, strength=0.12),
        eye=(0.0, 2.5, 8.6),
        target=(0.0, 1.62, 0.0),
        view=0.3,
        middle=(0.0, 1.6, 0.0),
        reach=2.5,
        light=(-0.65, 0.7, 0.5),
    )


def car() -> Scene:
    """A red toy car on a grey floor."""
    return Scene(
        shape=lambda points: np.minimum(_body(points), np.minimum(_wheels(points), _trim(points))),
        made_of=_car_surface,
        floor=_concrete,
        backdrop=lambda u, v: _lights(u, v, (0.30, 0.40, 0.52), (0.72, 0.78, 0.84), seed=21, strength=0.3),
        eye=(-2.6, 2.3, 6.6),
        target=(0.0, 0.62, 0.0),
        view=0.36,
        middle=(0.0, 0.7, 0.0),
        reach=2.35,
        floor_mirror=0.16,
    )


# The mug


def _mug_shape(points: Points) -> Distances:
    wall = shapes.upright(points, (0, 0.92, 0), 0.78, 0.9, 0.1)
    hollow = shapes.upright(points, (0, 1.05, 0), 0.68, 0.92, 0.12)
    handle = shapes.ring(points, (0.82, 0.95, 0), 0.46, 0.105, flatten=0.82)
    body = shapes.joined(wall, handle, 0.14)
    cup = np.maximum(body, -hollow)
    coffee = shapes.upright(points, (0, 1.36, 0), 0.7, 0.05, 0.02)
    return np.minimum(cup, coffee)


def _mug_surface(points: Points) -> Surface:
    glaze = np.float32([0.045, 0.22, 0.25])
    clay = np.float32([0.62, 0.5, 0.37])
    angle = np.arctan2(points[:, 0], points[:, 2])
    dip = 0.5 + 0.035 * np.sin(angle * 3 + 1) + 0.02 * np.sin(angle * 7)
    is_clay = np.clip((dip - points[:, 1]) / 0.015, 0, 1)[:, None]
    cloud = noise(angle * 3, points[:, 1] * 3, 5)[:, None]
    speck = (noise(angle * 22, points[:, 1] * 22, 9, octaves=2) > 0.78)[:, None]
    color = glaze * (1 + 0.25 * cloud) * (1 - is_clay) + clay * (1 + 0.1 * cloud) * is_clay
    color = np.where(speck, color * 0.55, color)
    radius = np.hypot(points[:, 0], points[:, 2])
    inside = (radius < 0.7) & (points[:, 1] > 0.4)
    color[inside] = np.float32([0.75, 0.7, 0.6])
    coffee = (radius < 0.69) & (np.abs(points[:, 1] - 1.36) < 0.06)
    froth = np.clip((radius - 0.56) / 0.1 + 0.5 * noise(points[:, 0] * 5, points[:, 2] * 5, 4), 0, 1)[:, None]
    color[coffee] = (np.float32([0.06, 0.025, 0.012]) + froth * np.float32([0.26, 0.14, 0.07]))[coffee]
    gloss = np.where(is_clay[:, 0] > 0.5, 0.12, 0.85).astype(np.float32)
    return Surface(
        color.astype(np.float32), gloss, np.where(is_clay[:, 0] > 0.5, 0.03, 0.4).astype(np.float32)
    )


# The plant


def _stems() -> list[tuple[np.ndarray, np.ndarray]]:
    """Each stem as a bent line of points, and the direction its leaf points in."""
    random = np.random.default_rng(12)
    stems = []
    for index in range(15):
        turn = index * 2.39996 + random.uniform(-0.2, 0.2)
        lean = 0.25 + 0.95 * (index / 14) ** 0.8
        height = 1.72 - 0.85 * (index / 14) + random.uniform(-0.12, 0.12)
        outwards = np.float32([np.cos(turn), 0, np.sin(turn) * 0.8])
        start = np.float32([0, 1.0, 0]) + outwards * 0.12
        tip = start + outwards * lean + np.float32([0, height, 0])
        bend = start + np.float32([0, height * 0.75, 0]) + outwards * lean * 0.25
        along = np.linspace(0, 1, 6, dtype=np.float32)[:, None]
        line = (1 - along) ** 2 * start + 2 * along * (1 - along) * bend + along**2 * tip
        direction = outwards * (0.5 + lean * 0.5) + np.float32([0, 0.75 - lean, 0])
        stems.append((line, direction / np.linalg.norm(direction)))
    return stems


_STEMS = _stems()


def _pot(points: Points) -> Distances:
    clay = shapes.cone(points, 0.0, 1.0, 0.48, 0.68, 0.04)
    rim = shapes.upright(points, (0, 0.98, 0), 0.74, 0.12, 0.04)
    hollow = shapes.upright(points, (0, 1.15, 0), 0.62, 0.2, 0.04)
    earth = shapes.upright(points, (0, 0.97, 0), 0.66, 0.06, 0.02)
    return np.minimum(np.maximum(np.minimum(clay, rim), -hollow), earth)


def _foliage(points: Points) -> Distances:
    nearest = np.full(len(points), 9, np.float32)
    for line, direction in _STEMS:
        # A leaf and its stem are looked at only from near: a sphere around them stands in from afar.
        middle = (line[0] + line[-1] + direction * 0.5) / 2
        radius = np.float32(np.linalg.norm(line[0] - middle) + 0.75)
        bound = shapes.length(points - middle) - radius
        close = np.flatnonzero(bound < 0.25)
        nearest = np.minimum(nearest, np.maximum(bound, 0.2))
        if close.size:
            own = _leaf(points[close], line[-1], direction)
            for start, end in itertools.pairwise(line):
                own = np.minimum(own, shapes.rod(points[close], start, end, 0.022))
            nearest[close] = np.minimum(nearest[close], own)
    return nearest


def _leaf_places(points: Points, base: Points, direction: Points) -> tuple[Distances, Distances, Distances]:
    """Along the leaf (0 at its base, 1 at its tip), across it, and above it, in leaf lengths."""
    side = np.cross(direction, np.float32([0, 1, 0.001]))
    side = side / np.linalg.norm(side)
    above = np.cross(side, direction)
    moved = (points - base) / np.float32(0.86)
    along, across = moved @ direction, moved @ side.astype(np.float32)
    over = moved @ above.astype(np.float32)
    bent = over + 0.36 * np.clip(along, 0, 1.2) ** 2 - 0.35 * np.abs(across)
    return along, across, bent


def _leaf(points: Points, base: Points, direction: Points) -> Distances:
    along, across, bent = _leaf_places(points, base, direction)
    inside = np.clip(along, 0.0, 1.0)
    half = 0.4 * np.sqrt(inside) * (1 - inside) ** 0.62 + 0.004
    beyond = np.maximum(np.abs(across) - half, 0)
    ends = np.maximum(np.maximum(-along, along - 1), 0)
    thick = np.maximum(np.abs(bent) - 0.012, 0)
    return (np.sqrt(beyond**2 + ends**2 + thick**2) * 0.62 - 0.004).astype(np.float32)


def _plant_surface(points: Points) -> Surface:
    pot = _pot(points)
    is_pot = pot < 0.006
    grain = noise(points[:, 0] * 6, points[:, 1] * 6, 8)[:, None]
    color = np.float32([0.5, 0.2, 0.1]) * (1 + 0.16 * grain)
    earth = is_pot & (points[:, 1] > 0.9) & (np.hypot(points[:, 0], points[:, 2]) < 0.63)
    color[earth] = np.float32([0.05, 0.035, 0.025])
    green = np.flatnonzero(~is_pot)
    color[green] = _green(points[green])
    gloss = np.where(is_pot, 0.1, 0.45).astype(np.float32)
    return Surface(color.astype(np.float32), gloss, np.where(is_pot, 0.02, 0.14).astype(np.float32))


def _green(points: Points) -> Points:
    nearest = np.full(len(points), 9, np.float32)
    color = np.tile(np.float32([0.16, 0.3, 0.08]), (len(points), 1))
    for index, (line, direction) in enumerate(_STEMS):
        along, across, _ = _leaf_places(points, line[-1], direction)
        own = _leaf(points, line[-1], direction)
        rib = np.exp(-np.abs(across) * 60) + 0.6 * np.exp(
            -np.abs(np.sin((along - np.abs(across) * 0.9) * 26)) * 9
        )
        shade = 0.85 + 0.3 * ((index * 7) % 5) / 4
        leaf = np.float32([0.05, 0.19, 0.05]) * shade + rib[:, None] * np.float32([0.05, 0.09, 0.03])
        better = (own < nearest) & (own < 0.01)
        color[better] = leaf[better]
        nearest = np.minimum(nearest, own)
    return color


# The car


def _body(points: Points) -> Distances:
    lower = shapes.box(points, (0, 0.62, 0), (1.72, 0.3, 0.72), 0.2)
    cabin = shapes.box(points, (0.14, 1.05, 0), (0.88, 0.36, 0.62), 0.24)
    whole = shapes.joined(lower, cabin, 0.3)
    for x in (-1.0, 1.04):
        arch = shapes.wheel(points, (x, 0.36, 0), 0.46, 1.0, 0.02)
        whole = np.maximum(whole, -arch)
    return whole


def _wheels(points: Points) -> Distances:
    mirrored = points * np.float32([1, 1, 1])
    mirrored[:, 2] = np.abs(points[:, 2])
    nearest = np.full(len(points), 9, np.float32)
    for x in (-1.0, 1.04):
        tyre = shapes.wheel(mirrored, (x, 0.36, 0.56), 0.36, 0.15, 0.07)
        dish = shapes.wheel(mirrored, (x, 0.36, 0.74), 0.22, 0.06, 0.03)
        hub = shapes.wheel(mirrored, (x, 0.36, 0.66), 0.1, 0.06, 0.03)
        nearest = np.minimum(nearest, np.minimum(np.maximum(tyre, -dish), hub))
    return nearest


def _trim(points: Points) -> Distances:
    bumpers = np.minimum(
        shapes.box(points, (-1.72, 0.45, 0), (0.09, 0.08, 0.66), 0.05),
        shapes.box(points, (1.72, 0.45, 0), (0.09, 0.08, 0.66), 0.05),
    )
    lamps = points.copy()
    lamps[:, 2] = np.abs(points[:, 2])
    lamp = shapes.length(lamps - np.float32([-1.63, 0.7, 0.45])) - np.float32(0.14)
    floor_pan = shapes.box(points, (0, 0.36, 0), (1.5, 0.06, 0.45), 0.03)
    return np.minimum(np.minimum(bumpers, lamp), floor_pan)


def _car_surface(points: Points) -> Surface:
    count = len(points)
    color = np.tile(np.float32([0.55, 0.025, 0.018]), (count, 1))
    gloss, mirror = np.full(count, 0.9, np.float32), np.full(count, 0.32, np.float32)
    x, y, z = points[:, 0], points[:, 1], np.abs(points[:, 2])
    slope = (x - 0.14) / 0.88
    side = (z > 0.5) & (np.abs(x - 0.12) < 0.64) & (np.abs(x - 0.06) > 0.045)
    front = (np.abs(slope) > 0.72) & (z < 0.46)
    glass = (y > 1.0) & (y < 1.26) & (side | front)
    color[glass], mirror[glass] = np.float32([0.02, 0.03, 0.035]), 0.65
    stripe = (z < 0.2) & ~glass & (y > 0.8)
    color[stripe] = np.float32([0.8, 0.76, 0.66])
    seam = (np.abs(np.abs(x - 0.1) - 0.72) < 0.008) & (z > 0.66) & (y > 0.5)
    color[seam] *= np.float32(0.3)
    body, trim = _body(points), _trim(points)
    wheels = _wheels(points)
    rolling = (wheels < body) & (wheels < trim)
    color[rolling], gloss[rolling], mirror[rolling] = np.float32([0.02, 0.02, 0.022]), 0.2, 0.05
    radius = np.minimum(np.hypot(x + 1.0, y - 0.36), np.hypot(x - 1.04, y - 0.36))
    rim = rolling & (radius < 0.225)
    color[rim], gloss[rim], mirror[rim] = np.float32([0.62, 0.62, 0.6]), 0.6, 0.3
    bright = (trim < body) & (trim < wheels)
    color[bright], mirror[bright] = np.float32([0.6, 0.6, 0.58]), 0.5
    color[bright & (y < 0.43) & (np.abs(x) < 1.55)] = np.float32([0.03, 0.03, 0.03])
    return Surface(color, gloss, mirror)


# Floors and backdrops


def _wood(x: Distances, z: Distances) -> Points:
    plank = np.floor(z / 1.15 + 0.35)
    shift = plank * 7.31
    grain = noise(x * 0.55 + shift, z * 9 + shift, 2, octaves=5)
    rings = np.sin((z * 6 + shift + noise(x * 0.35 + shift, z * 1.2, 6) * 3.2) * 2.4)
    tone = 0.5 + 0.22 * grain + 0.14 * rings + 0.14 * np.sin(plank * 12.9)
    gap = np.abs((z / 1.15 + 0.35) - plank - 0.5) > 0.488
    color = np.float32([0.16, 0.082, 0.04]) + tone[:, None] * np.float32([0.25, 0.15, 0.082])
    return np.where(gap[:, None], color * 0.25, color).astype(np.float32)


def _linen(x: Distances, z: Distances) -> Points:
    weave = 0.025 * (np.sin(x * 90) + np.sin(z * 90)) + 0.05 * noise(x * 2, z * 2, 3)
    return (np.float32([0.66, 0.62, 0.55]) * (1 + weave[:, None])).astype(np.float32)


def _concrete(x: Distances, z: Distances) -> Points:
    tone = 1 + 0.1 * noise(x * 0.8, z * 0.8, 14, octaves=6) + 0.05 * noise(x * 12, z * 12, 15, octaves=3)
    joint = (np.abs(z + 2.1 - 0.05 * x) < 0.02) | (np.abs(x - 3.3) < 0.02)
    color = np.float32([0.36, 0.35, 0.33]) * tone[:, None]
    return np.where(joint[:, None], color * 0.45, color).astype(np.float32)


def _lights(
    u: Distances,
    v: Distances,
    low: tuple[float, float, float],
    high: tuple[float, float, float],
    seed: int,
    strength: float = 0.5,
) -> Points:
    """A room far out of focus: a soft gradient, broad shapes, and discs of light."""
    width = 480
    height = round(width * 3 / 4)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    blend = np.clip(1.1 - y * 1.3 - 0.35 * x + 0.25 * noise(x * 2.2, y * 1.4, seed), 0, 1)[..., None]
    room = np.float32(low) * (1 - blend) + np.float32(high) * blend
    random = np.random.default_rng(seed)
    for _ in range(26):
        spot = np.zeros((height, width), np.float32)
        place = (int(random.uniform(0, width)), int(random.uniform(0, height * 0.55)))
        cv2.circle(spot, place, int(random.uniform(8, 22)), 1.0, -1, cv2.LINE_AA)
        tint = np.float32([1, random.uniform(0.75, 0.95), random.uniform(0.45, 0.8)])
        spot = cv2.GaussianBlur(spot, (0, 0), 1.4)
        room += spot[..., None] * tint * np.float32(random.uniform(0.1, 1) * strength)
    columns, rows = (u * (width - 1)).astype(np.int64), (v * (height - 1)).astype(np.int64)
    return cv2.GaussianBlur(room, (0, 0), 1.2)[rows, columns].astype(np.float32)
