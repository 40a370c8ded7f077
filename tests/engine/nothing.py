"""Photographs with nothing in them, made from numbers: what the engine has to refuse.

`photos(seed)` gives the same twenty-two kinds for every seed, each time with other colours, sizes and phases.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from offcut.engine.types import Rgb

Generator = np.random.Generator
Floats = NDArray[np.float64]

SENTENCE = "a page of plain text has words lines and margins but no thing that could be taken out of it"


def photos(seed: int, size: tuple[int, int] = (480, 640)) -> dict[str, Rgb]:
    """Name → H×W×3 uint8 photo of `size` (height, width)."""
    makers = (
        *(flat_white, flat_colour, night, upright_gradient, slanted_gradient, vignette),
        *(gray_noise, colour_noise, fine_blur, coarse_blur, clear_sky, cloudy_sky, sunset),
        *(text_page, two_columns, checker, stripes, polka_dots, bricks, water, grass, gravel),
    )
    return {
        make.__name__: make(np.random.default_rng([seed, number]), size) for number, make in enumerate(makers)
    }


def flat_white(_: Generator, size: tuple[int, int]) -> Rgb:
    return np.full((*size, 3), 255, np.uint8)


def flat_colour(rng: Generator, size: tuple[int, int]) -> Rgb:
    return _photo(np.broadcast_to(_colour(rng), (*size, 3)))


def night(rng: Generator, size: tuple[int, int]) -> Rgb:
    return _photo(rng.normal(6, 4, (*size, 3)))


def upright_gradient(rng: Generator, size: tuple[int, int]) -> Rgb:
    return _photo(_blend(_across(size)[0], _colour(rng), _colour(rng)))


def slanted_gradient(rng: Generator, size: tuple[int, int]) -> Rgb:
    down, right = _across(size)
    return _photo(_blend((down + right) / 2, _colour(rng), _colour(rng)))


def vignette(rng: Generator, size: tuple[int, int]) -> Rgb:
    down, right = _across(size)
    distance = np.hypot(down - 0.5, right - 0.5) / np.hypot(0.5, 0.5)
    colour = _colour(rng, 120, 230)
    return _photo(_blend(distance**2, colour, colour * 0.35) + rng.normal(0, 2, (*size, 3)))


def gray_noise(rng: Generator, size: tuple[int, int]) -> Rgb:
    return _photo(np.repeat(rng.normal(128, 50, (*size, 1)), 3, axis=2))


def colour_noise(rng: Generator, size: tuple[int, int]) -> Rgb:
    return rng.integers(0, 256, (*size, 3), dtype=np.uint8)


def fine_blur(rng: Generator, size: tuple[int, int]) -> Rgb:
    return _photo(128 + 45 * np.dstack([_cloud(rng, size, 4) for _ in range(3)]))


def coarse_blur(rng: Generator, size: tuple[int, int]) -> Rgb:
    return _photo(128 + 40 * np.dstack([_cloud(rng, size, 40) for _ in range(3)]))


def clear_sky(rng: Generator, size: tuple[int, int]) -> Rgb:
    zenith, horizon = np.array([60.0, 120, 200]), np.array([185.0, 210, 235])
    return _photo(_blend(_across(size)[0], zenith, horizon) + rng.normal(0, 1.5, (*size, 3)))


def cloudy_sky(rng: Generator, size: tuple[int, int]) -> Rgb:
    sky = _blend(_across(size)[0], np.array([70.0, 130, 205]), np.array([180.0, 205, 230]))
    return _photo(_blend(_cover(rng, size), sky, np.array([248.0, 248, 250])))


def sunset(rng: Generator, size: tuple[int, int]) -> Rgb:
    sky = _blend(_across(size)[0], np.array([60.0, 60, 120]), np.array([250.0, 160, 80]))
    return _photo(_blend(_cover(rng, size) * 0.7, sky, np.array([120.0, 70, 90])))


def text_page(rng: Generator, size: tuple[int, int]) -> Rgb:
    return _printed(rng, size, columns=1, paper=(255, 255, 255))


def two_columns(rng: Generator, size: tuple[int, int]) -> Rgb:
    page = _printed(rng, size, columns=2, paper=(246, 240, 224)).astype(np.float64)
    return _photo(cv2.GaussianBlur(page, (0, 0), 0.8) + rng.normal(0, 3, (*size, 3)))


def checker(rng: Generator, size: tuple[int, int]) -> Rgb:
    rows, columns = np.indices(size)
    side = int(rng.integers(12, 60))
    return _photo(_blend((rows // side + columns // side) % 2, _colour(rng), _colour(rng)))


def stripes(rng: Generator, size: tuple[int, int]) -> Rgb:
    rows, columns = np.indices(size)
    turn = rng.uniform(0, np.pi)
    wave = np.sin((rows * np.sin(turn) + columns * np.cos(turn)) * 2 * np.pi / rng.uniform(10, 60))
    return _photo(_blend(wave > 0, _colour(rng), _colour(rng)))


def polka_dots(rng: Generator, size: tuple[int, int]) -> Rgb:
    step = int(rng.integers(24, 64))
    rows, columns = np.indices(size) % step
    inside = np.hypot(rows - step / 2, columns - step / 2) < step * 0.28
    return _photo(_blend(inside, _colour(rng), _colour(rng)))


def bricks(rng: Generator, size: tuple[int, int]) -> Rgb:
    rows, columns = np.indices(size)
    height, width = int(rng.integers(18, 36)), int(rng.integers(50, 90))
    course = rows // height
    shifted = columns + (course % 2) * (width // 2)
    tone = rng.normal(0, 14, (size[0] // height + 1, size[1] // width + 2))[course, shifted // width]
    joint = (rows % height < 3) | (shifted % width < 3)
    wall = _blend(joint, np.array([150.0, 75, 55]), np.array([190.0, 185, 175])) + tone[..., np.newaxis]
    return _photo(wall + 9 * _cloud(rng, size, 1.5)[..., np.newaxis])


def water(rng: Generator, size: tuple[int, int]) -> Rgb:
    noise = rng.normal(size=size)
    ripples = sum(cv2.GaussianBlur(noise, (0, 0), sigma * 5, sigmaY=sigma) * sigma for sigma in (1, 2.5, 6))
    ripples = ripples / ripples.std()
    return _photo(np.array([45.0, 95, 120]) + ripples[..., np.newaxis] * np.array([14.0, 20, 22]))


def grass(rng: Generator, size: tuple[int, int]) -> Rgb:
    lawn = np.full((*size, 3), (40, 70, 25), np.uint8)
    for _ in range(size[0] * size[1] // 40):
        foot = np.array([rng.integers(0, size[1]), rng.integers(0, size[0] + 20)])
        tip = foot + np.array([rng.normal(0, 6), -rng.uniform(6, 22)])
        green = [int(value) for value in np.array([75, 125, 45]) + rng.normal(0, 22, 3)]
        cv2.line(lawn, foot.tolist(), tip.astype(int).tolist(), green, 1, cv2.LINE_AA)
    return lawn


def gravel(rng: Generator, size: tuple[int, int]) -> Rgb:
    stones = np.sin(_cloud(rng, size, 5) * 4) * 30 + _cloud(rng, size, 1.2) * 12
    return _photo(np.array([140.0, 132, 122]) + stones[..., np.newaxis])


def _photo(values: Floats) -> Rgb:
    return np.clip(values, 0, 255).astype(np.uint8)


def _colour(rng: Generator, low: int = 20, high: int = 235) -> Floats:
    return rng.uniform(low, high, 3)


def _across(size: tuple[int, int]) -> tuple[Floats, Floats]:
    """0 to 1 downwards, and 0 to 1 to the right."""
    rows, columns = np.indices(size)
    return rows / (size[0] - 1), columns / (size[1] - 1)


def _blend(share: NDArray[np.generic], first: Floats, second: Floats) -> Floats:
    share = share.astype(np.float64)[..., np.newaxis]
    return (1 - share) * first + share * second


def _cloud(rng: Generator, size: tuple[int, int], sigma: float) -> Floats:
    """Smooth noise with mean 0 and deviation 1."""
    smooth = cv2.GaussianBlur(rng.normal(size=size), (0, 0), sigma)
    return (smooth - smooth.mean()) / smooth.std()


def _cover(rng: Generator, size: tuple[int, int]) -> Floats:
    """How much of the sky a cloud hides, 0-1, soft at every scale."""
    cloud = sum(_cloud(rng, size, sigma) * sigma for sigma in (3, 8, 20, 45)) / 50
    return np.clip(cloud * 0.6 + 0.3, 0, 0.95)


def _printed(rng: Generator, size: tuple[int, int], columns: int, paper: tuple[int, int, int]) -> Rgb:
    page = Image.new("RGB", (size[1], size[0]), paper)
    pen, letters = ImageDraw.Draw(page), ImageFont.load_default(size=int(rng.integers(10, 17)))
    width = size[1] // columns
    for column in range(columns):
        for top in range(30, size[0] - 40, int(letters.size * 1.5)):
            words = list(rng.choice(SENTENCE.split(), 40))
            # A column too narrow for any word stays empty.
            while words and letters.getlength(" ".join(words)) > width - 50:
                words.pop()
            pen.text((column * width + 25, top), " ".join(words), fill=(25, 25, 28), font=letters)
    return np.asarray(page)
