"""The subject's own colours under soft edges.

A pixel of a soft edge shows a mixture, photo = α·F + (1 − α)·B. Put on a new background with the photo's
colour it brings the old background along: a fringe. `estimate` finds F.

F and B are smooth where the photo does not say otherwise, so they are solved on a small copy of the photo,
from coarse to fine, and only the mixture equation itself is applied at full size, to the partial pixels.
The coarse-to-fine relaxation follows Germer, Uelwer, Conrad, Harmeling, "Fast Multi-Level Foreground
Estimation", 2020; the closing step at full size follows Forte, "Approximate Fast Foreground Colour
Estimation", 2021.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from numpy.typing import NDArray

from offcut.engine import sampling
from offcut.engine.types import Alpha, Rgb

_Colours = NDArray[np.float32]
"""H×W×3 colours, 0-255."""

SOLVE_PIXELS = 36_000
"""Size of the copy that the colours are solved on. Five times as many lower the error by an eighth only."""

SAMPLES_PER_SIDE = 2
COARSEST_SIZE_PX = 16
RELAXATIONS = 8
PRIOR_WEIGHT = 1e-3
"""How much the surrounding colour counts against the mixture equation. Larger leaves a fringe behind."""

FILL_MARGIN_PX = 4
"""Transparent pixels get colours this far from the subject, in pixels of the small copy; beyond, one plain
colour, which says nothing about the old background and costs nothing in a PNG."""

STRIP_PIXELS = 1 << 18
THREADS = 2


def estimate(rgb: Rgb, alpha: Alpha) -> Rgb:
    """Return the photo with the subject's true colours where `alpha` is partial.

    `rgb` is H×W×3 uint8, `alpha` H×W uint8; the result is a new H×W×3 uint8 array, not premultiplied.
    Opaque pixels (255) keep the photo's colour bit for bit. Transparent pixels (0) get the colour that the
    subject would have there, so that resizing or filtering the cut-out makes no rim, and one plain colour
    far away from it. Deterministic. Extra memory beside the result: about 25 MB, whatever the photo's size.

    Raises `ValueError` if the two do not have the same height and width.
    """
    if rgb.shape != (*alpha.shape, 3):
        raise ValueError(f"photo {rgb.shape} and matte {alpha.shape} do not fit each other")
    if int(alpha.min(initial=255)) == 255:
        return rgb.copy()
    height, width = alpha.shape
    small_rgb, small_alpha = _shrink(rgb, alpha)
    subject, background = _solve(small_rgb, small_alpha)
    filled = _plain_far_away(subject, small_alpha)
    result = _resize(filled, width, height, cv2.INTER_LINEAR)
    rows = max(1, STRIP_PIXELS // width)

    def finish(top: int) -> None:
        strip = slice(top, top + rows)
        opaque = (alpha[strip] == 255).view(np.uint8)
        cv2.copyTo(rgb[strip], opaque, result[strip])
        _unmix(rgb[strip], alpha[strip], result[strip], subject, background, top, height)

    with ThreadPoolExecutor(THREADS, thread_name_prefix="foreground") as threads:
        for _ in threads.map(finish, range(0, height, rows)):
            pass
    return result


def _shrink(rgb: Rgb, alpha: Alpha) -> tuple[Rgb, Alpha]:
    """The small copy. Averaging every pixel of a large photo would cost a third of the whole step, so only
    a regular few of them are averaged."""
    height, width = alpha.shape
    scale = (height * width / SOLVE_PIXELS) ** 0.5
    skip = max(1, int(scale / SAMPLES_PER_SIDE))
    rgb, alpha = _every(rgb, skip), _every(alpha, skip)
    scale = max(scale, 1.0)
    return _resized(rgb, alpha, max(1, round(width / scale)), max(1, round(height / scale)))


def _every(picture: NDArray[np.uint8], skip: int) -> NDArray[np.uint8]:
    """Every so manyeth pixel of every so manyeth row. Copied as one item of three bytes each, which takes a
    third of the time of three items."""
    picture = np.ascontiguousarray(picture)
    pixels = picture.view(f"V{picture.shape[2]}")[:, :, 0] if picture.ndim == 3 else picture
    few = np.ascontiguousarray(pixels[skip // 2 :: skip, skip // 2 :: skip])
    return few.view(np.uint8).reshape(*few.shape, *picture.shape[2:])


def _resized(rgb: Rgb, alpha: Alpha, width: int, height: int) -> tuple[Rgb, Alpha]:
    if (height, width) == alpha.shape:
        return rgb, alpha
    return _resize(rgb, width, height, cv2.INTER_AREA), _resize(alpha, width, height, cv2.INTER_AREA)


def _resize(image: NDArray[np.uint8], width: int, height: int, how: int) -> NDArray[np.uint8]:
    resized = cv2.resize(image, (width, height), interpolation=how)
    return np.asarray(resized, dtype=np.uint8).reshape(height, width, *image.shape[2:])


def _levels(rgb: Rgb, alpha: Alpha) -> Iterator[tuple[Rgb, Alpha]]:
    """The photo and its matte from the coarsest copy to the one given, each twice the one before."""
    pyramid = [(rgb, alpha)]
    while max(pyramid[-1][1].shape) > COARSEST_SIZE_PX:
        height, width = pyramid[-1][1].shape
        pyramid.append(_resized(*pyramid[-1], (width + 1) // 2, (height + 1) // 2))
    return reversed(pyramid)


def _solve(rgb: Rgb, alpha: Alpha) -> tuple[_Colours, _Colours]:
    """Colours of subject and background for every pixel of the small photo."""
    weight = alpha.astype(np.float32)
    subject = _mean_colour(rgb, weight)
    background = _mean_colour(rgb, 255 - weight)
    for level_rgb, level_alpha in _levels(rgb, alpha):
        subject = _at_size(subject, level_alpha.shape)
        background = _at_size(background, level_alpha.shape)
        _relax(subject, background, level_rgb, level_alpha)
    return subject, background


def _mean_colour(rgb: Rgb, weight: NDArray[np.float32]) -> _Colours:
    total = max(float(weight.sum()), 1e-6)
    mean = np.tensordot(weight, rgb.astype(np.float32), axes=2) / total
    return mean.astype(np.float32).reshape(1, 1, 3)


def _at_size(colours: _Colours, shape: tuple[int, ...]) -> _Colours:
    height, width = shape
    return np.asarray(cv2.resize(colours, (width, height)), np.float32).reshape(height, width, 3)


def _relax(subject: _Colours, background: _Colours, rgb: Rgb, alpha: Alpha) -> None:
    """Even out both layers and pull them back to the mixture equation, in turns, in place."""
    photo = rgb.astype(np.float32)
    # One opacity for each colour, because NumPy is several times slower where it must spread one over three.
    opacity = np.asarray(cv2.merge([alpha] * 3)).reshape(rgb.shape).astype(np.float32) / 255
    clarity = 1 - opacity
    gain = 1 / (opacity * opacity + clarity * clarity + PRIOR_WEIGHT)
    subject_pull, background_pull = opacity * gain, clarity * gain
    for _ in range(RELAXATIONS):
        cv2.blur(subject, (3, 3), dst=subject, borderType=cv2.BORDER_REPLICATE)
        cv2.blur(background, (3, 3), dst=background, borderType=cv2.BORDER_REPLICATE)
        unexplained = photo - opacity * subject
        unexplained -= clarity * background
        subject += subject_pull * unexplained
        background += background_pull * unexplained
        np.clip(subject, 0, 255, out=subject)
        np.clip(background, 0, 255, out=background)


def _plain_far_away(subject: _Colours, alpha: Alpha) -> Rgb:
    """The subject's colours, 8-bit, with their mean in place of what lies far from the subject."""
    reach = 2 * FILL_MARGIN_PX + 1
    near = cv2.dilate(alpha, np.ones((reach, reach), np.uint8)) > 0
    colours = np.rint(subject).astype(np.uint8)
    edge = near & (alpha < 255)
    plain = colours[edge].mean(axis=0) if edge.any() else np.zeros(3)
    colours[~near] = np.rint(plain).astype(np.uint8)
    return colours


def _unmix(
    rgb: Rgb, alpha: Alpha, result: Rgb, subject: _Colours, background: _Colours, top: int, height: int
) -> None:
    """Write the subject's colour into the partial pixels of a strip that starts at row `top` of `height`.

    The small layers are read between their pixels, then moved together along the mixture equation until
    they explain the photo's pixel.
    """
    width = alpha.shape[1]
    partial = np.flatnonzero((alpha - np.uint8(1)) < 254)
    if not partial.size:
        return
    where = sampling.places(partial, width, top, height, subject.shape[:2])
    level = alpha.reshape(-1)[partial]
    opacity = np.arange(256, dtype=np.float32) / 255
    pull = (opacity / (opacity**2 + (1 - opacity) ** 2 + PRIOR_WEIGHT))[level]
    opacity = opacity[level]
    mixed = rgb.reshape(-1, 3)[partial]
    colours = np.empty_like(mixed)
    layers = (sampling.read(layer, where, partial.size) for layer in (subject, background))
    for channel, (here, behind) in enumerate(zip(*layers, strict=True)):
        here += pull * (mixed[:, channel] - behind - opacity * (here - behind))
        np.clip(here + 0.5, 0, 255, out=here)
        colours[:, channel] = here
    result.reshape(-1, 3)[partial] = colours
