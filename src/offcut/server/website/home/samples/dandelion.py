"""A dandelion clock over a blurred meadow: thousands of fine hairs, the hard case of every cut-out."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from offcut.server.website.home.samples.tracing import Image, developed, noise

SAMPLES = 3
SEEDS = 150
HAIRS = 34


def photograph(width: int, height: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The photo, height×width×3 uint8 RGB, and the true alpha of the flower, height×width uint8."""
    size = (width * SAMPLES, height * SAMPLES)
    color = np.zeros((size[1], size[0], 3), np.float32)
    alpha = np.zeros((size[1], size[0]), np.float32)
    drawing = _Drawing(color, alpha, unit=size[1] / 100)
    drawing.stem()
    drawing.head()
    color = cv2.resize(color, (width, height), interpolation=cv2.INTER_AREA)
    alpha = cv2.resize(alpha, (width, height), interpolation=cv2.INTER_AREA)
    photo = developed(color + _meadow(width, height) * (1 - alpha[..., None]), seed=5)
    return photo, np.round(np.clip(alpha, 0, 1) * 255).astype(np.uint8)


class _Drawing:
    """Lines over lines, from back to front; `unit` is a hundredth of the photo's height in pixels."""

    middle = (66.0, 40.0)
    radius = 29.0

    def __init__(self, color: Image, alpha: NDArray[np.float32], unit: float) -> None:
        self._color, self._alpha, self._unit = color, alpha, unit

    def stem(self) -> None:
        """The hollow stem, a little bent, lit from the left."""
        for layer in range(7):
            across = (layer - 3) * 0.42
            shade = np.float32([0.62, 0.6, 0.3]) * (1.3 - 0.17 * layer)
            along = np.linspace(0, 1, 60)
            x = self.middle[0] + 5.0 * along**2 - 1.2 * np.sin(along * 2.4) + across
            self._line(np.stack([x, self.middle[1] + along * 64], axis=1), shade, 0.75, 1.0)

    def head(self) -> None:
        """Seeds on thin beaks around the middle, each with a parasol of hairs; the farthest first."""
        random = np.random.default_rng(31)
        index = np.arange(SEEDS)
        height = 1 - 2 * (index + 0.5) / SEEDS
        turn = index * 2.399963 + random.normal(0, 0.08, SEEDS)
        flat = np.sqrt(1 - height**2)
        directions = np.stack([flat * np.cos(turn), height, flat * np.sin(turn)], axis=1)
        directions = directions[np.argsort(directions[:, 2])]
        half = SEEDS // 2
        for direction in directions[:half]:
            self._seed(direction, random)
        self._core(random)
        for direction in directions[half:]:
            self._seed(direction, random)

    def _core(self, random: np.random.Generator) -> None:
        for _ in range(240):
            angle, far = random.uniform(0, 2 * np.pi), 4.6 * np.sqrt(random.uniform())
            place = np.float32([np.cos(angle), np.sin(angle)]) * far
            shade = np.float32([0.3, 0.2, 0.1]) * random.uniform(0.5, 1.5) * (1.2 - place[0] / 12)
            start = np.float32(self.middle) + place
            self._line(np.stack([start, start + place * 0.25]), shade, 0.42, 1.0)

    def _seed(self, direction: NDArray[np.float64], random: np.random.Generator) -> None:
        depth = 0.5 + 0.5 * float(direction[2])
        far = self.radius * random.uniform(0.72, 0.79)
        flat = np.float32([direction[0], -direction[1]])
        start, end = np.float32(self.middle) + flat * 4.2, np.float32(self.middle) + flat * far
        light = 0.55 + 0.6 * depth - 0.25 * flat[0]
        self._line(np.stack([start, end]), np.float32([0.55, 0.45, 0.33]) * light, 0.13, 0.85)
        self._line(np.stack([start, start + flat * 2.6]), np.float32([0.2, 0.11, 0.05]) * light, 0.5, 1.0)
        # The hairs spread like a parasol around the direction: sideways vectors and a little outwards.
        first = np.cross(direction, [0.31, 0.83, 0.46])
        first /= np.linalg.norm(first)
        second = np.cross(direction, first)
        for hair in range(HAIRS):
            angle = 2 * np.pi * hair / HAIRS + random.normal(0, 0.07)
            spread = first * np.cos(angle) + second * np.sin(angle)
            reach = random.uniform(5.4, 7.2)
            bend = np.linspace(0, 1, 5)[:, None]
            path = bend * spread * reach + bend**1.6 * direction * reach * 0.42
            points = end + np.stack([path[:, 0], -path[:, 1]], axis=1)
            tone = np.float32([0.98, 0.96, 0.92]) * light * random.uniform(0.85, 1.1)
            self._line(points, tone, 0.075, 0.62)

    def _line(
        self, points: NDArray[np.float64], color: NDArray[np.float32], width: float, cover: float
    ) -> None:
        """Lays a line over what is drawn: `width` in units, `cover` its opacity."""
        pixels = self._pixels(points)
        thick = max(1, round(width * self._unit))
        cover *= min(1.0, width * self._unit / thick)
        margin = thick + 2
        left, top = np.maximum(np.floor(pixels.min(axis=0)).astype(int) - margin, 0)
        right, bottom = np.ceil(pixels.max(axis=0)).astype(int) + margin
        area = np.s_[top:bottom, left:right]
        if self._alpha[area].size == 0:
            return
        drawn = np.zeros(self._alpha[area].shape, np.uint8)
        shifted = np.round((pixels - [left, top]) * 16).astype(np.int32)
        cv2.polylines(drawn, [shifted], False, 255, thick, cv2.LINE_AA, shift=4)
        share = drawn.astype(np.float32) * np.float32(cover / 255)
        self._color[area] = self._color[area] * (1 - share[..., None]) + color * share[..., None]
        self._alpha[area] = self._alpha[area] * (1 - share) + share

    def _pixels(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(points, np.float64) * self._unit


def _meadow(width: int, height: int) -> Image:
    """Grass and evening sky far out of focus."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    hill = np.clip((y - 0.55 + 0.12 * noise(x * 2, y * 0.5, 2)) * 3 + 0.5, 0, 1)[..., None]
    sky = np.float32([0.16, 0.27, 0.30]) + (0.25 * (1 - y) * x)[..., None] * np.float32([1.0, 0.75, 0.4])
    grass = np.float32([0.03, 0.085, 0.035]) * (1.2 + 0.7 * noise(x * 4, y * 3, 8))[..., None]
    light = sky * (1 - hill) + grass * hill
    random = np.random.default_rng(4)
    for _ in range(30):
        spot = np.zeros((height, width), np.float32)
        place = (int(random.uniform(0, width)), int(random.uniform(0.35, 0.95) * height))
        cv2.circle(spot, place, int(random.uniform(0.015, 0.045) * width), 1.0, -1, cv2.LINE_AA)
        tint = np.float32([0.16, 0.2, 0.06]) * np.float32(random.uniform(0.15, 0.9))
        light += cv2.GaussianBlur(spot, (0, 0), width / 300)[..., None] * tint
    return cv2.GaussianBlur(light, (0, 0), width / 240)
