"""Made scenes to stand a subject in: drawn from noise and curves, so that they are ours and of any size.

Every scene is drawn at one working size and enlarged: they are soft, as what lies behind the sharp plane of a
photo is. The same name and size give the same picture, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from offcut.engine.styling import SceneName
from offcut.engine.types import Rgb

_Floats: TypeAlias = NDArray[np.float32]

WORK_SIDE_PX = 1280


def draw(name: SceneName, width: int, height: int) -> Rgb:
    """The scene on a canvas of this size: H×W×3 uint8. A new array at every call."""
    ratio = min(1.0, WORK_SIDE_PX / max(width, height))
    small = _drawn(name, max(1, round(width * ratio)), max(1, round(height * ratio)))
    how = cv2.INTER_CUBIC if ratio < 1 else cv2.INTER_AREA
    return np.array(cv2.resize(small, (width, height), interpolation=how), np.uint8)


@lru_cache(maxsize=16)
def _drawn(name: SceneName, width: int, height: int) -> Rgb:
    picture = _SCENES[name](_Ground(width, height))
    # A grain that cannot be seen keeps wide gradients from showing bands.
    grain = np.random.default_rng(1).normal(0, 0.8, picture.shape[:2]).astype(np.float32)
    picture = picture + grain[..., None]
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


class _Ground:
    """Where each pixel is: x from 0 left to 1 right, y from 0 top to 1 bottom; and noise to draw with."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.x = np.linspace(0, 1, width, dtype=np.float32)[None, :].repeat(height, 0)
        self.y = np.linspace(0, 1, height, dtype=np.float32)[:, None].repeat(width, 1)

    def noise(self, across: float, down: float, seed: int, octaves: int = 5) -> _Floats:
        """Smooth noise from 0 to 1, with `across` × `down` bumps in a square of the picture's longer side."""
        long = max(self.width, self.height)
        total = np.zeros((self.height, self.width), np.float32)
        strength, sum_ = 1.0, 0.0
        for octave in range(octaves):
            columns = max(2, round(across * 2**octave * self.width / long) + 2)
            rows = max(2, round(down * 2**octave * self.height / long) + 2)
            random = np.random.default_rng(seed * 100 + octave).random((rows, columns), dtype=np.float32)
            total += strength * cv2.resize(random, (self.width, self.height), interpolation=cv2.INTER_CUBIC)
            sum_, strength = sum_ + strength, strength * 0.5
        return np.asarray(np.clip(total / sum_, 0, 1), np.float32)

    def glow(self, x: float, y: float, reach: float) -> _Floats:
        """Light around a place: 1 there, falling off softly; `reach` in longer sides."""
        long = max(self.width, self.height)
        across, down = (self.x - x) * (self.width / long), (self.y - y) * (self.height / long)
        return np.asarray(np.exp(-(across**2 + down**2) / (2 * reach**2)), np.float32)


def _mixed(share: _Floats, *colours: tuple[int, int, int]) -> _Floats:
    """Colours by a share from 0 to 1, evenly spaced."""
    stops = np.linspace(0, 1, len(colours))
    planes = [np.interp(share, stops, [colour[channel] for colour in colours]) for channel in range(3)]
    return np.stack(planes, axis=-1).astype(np.float32)


def _shelf(ground: _Ground, line: float, softness: float) -> _Floats:
    """0 on the wall, 1 on the table before it, whose far edge runs at height `line`."""
    step = np.clip((ground.y - line) / softness + 0.5, 0, 1)
    return np.asarray(step * step * (3 - 2 * step), np.float32)


def _studio(ground: _Ground) -> _Floats:
    """A sweep of pale paper, lit from above."""
    wall = _mixed(ground.y, (226, 226, 224), (240, 240, 238))
    floor = _mixed(ground.y, (228, 228, 226), (250, 250, 249))
    sweep = wall + (floor - wall) * _shelf(ground, 0.68, 0.22)[..., None]
    shade = 1 - 0.10 * ground.glow(0.5, 0.70, 0.20) + 0.05 * ground.glow(0.45, 0.30, 0.45)
    return sweep * shade[..., None]


def _wood(ground: _Ground) -> _Floats:
    """A table of warm boards before a pale wall."""
    boards = 7.0
    depth = np.clip((ground.y - 0.58) / 0.42, 0, 1)
    # Boards run to a far point, so they are narrower far away.
    across = (ground.x - 0.5) / (0.55 + 0.45 * depth) + 0.5
    board = np.floor(across * boards)
    tone = np.sin(board * 12.9898) * 43758.5453
    tone = (tone - np.floor(tone)).astype(np.float32)
    grain = ground.noise(48, 2.5, 3, 4)
    rings = 0.5 + 0.5 * np.sin((across * boards * 3 + grain * 5 + tone * 6) * 2 * np.pi)
    share = np.clip(0.30 * rings + 0.45 * grain + 0.25 * tone, 0, 1)
    table = _mixed(share, (122, 79, 46), (172, 120, 76), (205, 158, 110))
    gap = np.abs(across * boards - np.round(across * boards))
    table *= (1 - 0.45 * np.exp(-((gap / 0.012) ** 2)))[..., None]
    table *= (0.82 + 0.22 * depth)[..., None]
    wall = _mixed(ground.y / 0.58, (214, 205, 193), (233, 226, 216))
    wall *= (0.96 + 0.06 * ground.glow(0.3, 0.2, 0.4))[..., None]
    table = np.asarray(cv2.GaussianBlur(table, (0, 0), 1.2), np.float32)
    return np.asarray(wall + (table - wall) * _shelf(ground, 0.60, 0.02)[..., None], np.float32)


def _marble(ground: _Ground) -> _Floats:
    """White stone with grey veins."""
    bend = ground.noise(3, 3, 11)
    veins = np.zeros_like(bend)
    for seed, strength in ((12, 0.55), (13, 0.35), (14, 0.25)):
        field = ground.noise(2.2, 2.2, seed, 6) + 0.5 * bend
        veins = np.maximum(veins, strength * np.exp(-(((field - 0.75) / 0.016) ** 2)))
    veins *= 0.4 + 0.6 * ground.noise(4, 4, 15)
    cloud = ground.noise(2, 2, 16, 4)
    stone = _mixed(cloud, (228, 228, 230), (246, 246, 246), (252, 251, 249))
    veins = np.asarray(cv2.GaussianBlur(veins, (0, 0), 1.0), np.float32)
    return np.asarray(stone * (1 - 0.5 * veins)[..., None], np.float32)


def _sky(ground: _Ground) -> _Floats:
    """A bright day: blue above, pale towards the horizon, soft clouds."""
    blue = _mixed(ground.y, (84, 148, 214), (146, 193, 234), (222, 236, 246))
    clouds = np.clip((ground.noise(3, 7, 21, 6) - 0.50) / 0.22, 0, 1) * np.clip(1.2 - ground.y, 0, 1)
    clouds = cv2.GaussianBlur(clouds.astype(np.float32), (0, 0), 4)[..., None] * 0.8
    return np.asarray(blue + (np.float32(252) - blue) * clouds, np.float32)


def _pastel(ground: _Ground) -> _Floats:
    """Lights far out of focus, in pale colours."""
    base = _mixed(0.6 * ground.y + 0.4 * ground.x, (247, 222, 226), (233, 226, 245), (217, 236, 240))
    random = np.random.default_rng(31)
    long = max(ground.width, ground.height)
    tints = ((255, 244, 214), (255, 226, 236), (226, 240, 255), (240, 232, 255))
    for index in range(34):
        x, y = random.random() * ground.width / long, random.random() * ground.height / long
        radius = 0.025 + 0.06 * random.random()
        away = np.hypot(ground.x * (ground.width / long) - x, ground.y * (ground.height / long) - y)
        disc = np.clip((radius - away) / 0.008 + 0.5, 0, 1) * (0.10 + 0.22 * random.random())
        base += (np.array(tints[index % 4], np.float32) - base) * disc[..., None].astype(np.float32)
    return np.asarray(base, np.float32)


def _concrete(ground: _Ground) -> _Floats:
    """A grey wall of bare concrete, lit from the left."""
    cloud, fine = ground.noise(3, 3, 41, 4), ground.noise(60, 60, 42, 3)
    pores = np.clip((ground.noise(70, 70, 43, 1) - 0.93) / 0.05, 0, 1)
    share = np.clip(0.65 * cloud + 0.35 * fine, 0, 1)
    wall = _mixed(share, (148, 148, 146), (176, 176, 173), (196, 195, 192))
    wall *= (1 - 0.18 * pores)[..., None]
    return wall * (0.86 + 0.2 * ground.glow(0.25, 0.25, 0.5))[..., None]


def _spotlight(ground: _Ground) -> _Floats:
    """A dark room with one light on the wall."""
    share = np.clip(ground.glow(0.5, 0.42, 0.30) * 0.9 + 0.25 * ground.glow(0.5, 0.95, 0.35), 0, 1)
    return _mixed(share, (22, 24, 28), (62, 66, 74), (122, 127, 137))


def _ash(ground: _Ground) -> _Floats:
    """A board of pale wood, seen from above."""
    waves = ground.noise(1.6, 4, 51, 3)
    ripple = 0.5 + 0.5 * np.sin((ground.y * 26 + waves * 14) * 2 * np.pi / 2)
    fine = ground.noise(120, 120, 52, 2)
    share = np.clip(0.25 + 0.35 * waves + 0.25 * ripple + 0.15 * fine, 0, 1)
    board = _mixed(share, (184, 148, 108), (219, 187, 147), (241, 219, 186))
    return board * (0.94 + 0.1 * ground.glow(0.7, 0.2, 0.5))[..., None]


_SCENES: Mapping[SceneName, Callable[[_Ground], _Floats]] = MappingProxyType(
    {
        "studio": _studio,
        "wood": _wood,
        "marble": _marble,
        "sky": _sky,
        "pastel": _pastel,
        "concrete": _concrete,
        "spotlight": _spotlight,
        "ash": _ash,
    }
)
