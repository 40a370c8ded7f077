"""A random walk that decides what belongs to the subject, from a few marks and a matte that may be wrong.

Every pixel is tied to its neighbours, the more alike the stronger, to its marks, and, loosely, to a belief
made of the present matte and of the colours of what is sure. The probability that a walker who starts at a
pixel ends in the subject is the solution of one sparse system: Grady, "Multilabel Random Walker Image
Segmentation Using Prior Models", 2005. Behind the magic of `brush`.
"""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from offcut.engine.types import Alpha, Mask, Rgb

_Floats: TypeAlias = NDArray[np.float32]

# How the walk weighs what it knows. Set on a plateau: halving or doubling any one moves the mean IoU < .005.
EDGE_CONTRAST = 5.0
OPACITY_CONTRAST = 60.0
PRIOR_TRUST = 0.02
MARK_SHARE = 0.8
COLOUR_SHARE = 0.5
DOUBT_FADES = 0.001
CERTAIN = 100.0
RARE = 1e-4
BINS = 16
WALK_STEPS = 60

NEAR = 0.85
"""How far a contradicting stroke speaks, in its own lengths. Twice this takes larger parts, and floods
five holes in seventeen instead of three."""


def subject_after(rgb: Rgb, alpha: Alpha, restore: Mask, erase: Mask, *, local: bool) -> Mask:
    """What belongs to the subject once marks are heeded, given the present matte.

    All four are H×W and small (the time grows with the pixels: 50 000 take about 30 ms). Marks are certain;
    where they contradict the matte, it is doubted as far as a walk from there comes easily; with `local`,
    no further than a few times the length of the contradicting mark.
    """
    opacity = np.asarray(alpha, dtype=np.float32) / np.float32(255)
    lab = np.asarray(cv2.cvtColor(rgb.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2Lab), np.float32)
    walk = _Walk(lab, opacity)
    inside, marked = opacity > 0.5, restore | erase
    wrong = (restore & ~inside) | (erase & inside)
    near = _nearness(wrong) if local else np.ones(wrong.shape, np.float32)
    belief = _belief(lab, opacity, restore, erase, near)
    trust = PRIOR_TRUST * np.abs(2 * belief - 1) + 1e-4
    if wrong.any():
        doubt = walk.settle(wrong, np.where(marked, CERTAIN, DOUBT_FADES))
        trust = trust * (1 - near * np.clip(doubt, 0, 1)) + 1e-5
    wish = np.where(marked, restore, belief)
    return np.asarray(walk.settle(wish, np.where(marked, CERTAIN, trust)) > 0.5)


def _nearness(wrong: Mask) -> _Floats:
    """1.0 on marks that contradict the matte, fading with the distance in terms of how long they are: a short
    stroke speaks of a small part."""
    if not wrong.any():
        return np.zeros(wrong.shape, np.float32)
    _, _, across, down = cv2.boundingRect(wrong.view(np.uint8))
    distance = cv2.distanceTransform((~wrong).view(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(np.exp(-((distance / (NEAR * (np.hypot(across, down) + 4))) ** 2)), dtype=np.float32)


def _belief(lab: _Floats, opacity: _Floats, restore: Mask, erase: Mask, near: _Floats) -> _Floats:
    """How likely each pixel is the subject's, judged by the present matte and by colour alone (0.0-1.0).

    Where a mark contradicts the matte, the matte is not believed for that mark's colours either,
    as far as `near` (0.0-1.0) says that it speaks of this place.
    """
    bins = _colour_bins(lab)
    inside = opacity > 0.5
    marked_in, marked_out = _histogram(bins, restore), _histogram(bins, erase)
    wrong_out, wrong_in = _histogram(bins, restore & ~inside), _histogram(bins, erase & inside)
    like_added = (wrong_out / (wrong_out + marked_out + RARE))[bins]
    like_removed = (wrong_in / (wrong_in + marked_in + RARE))[bins]
    sure_in = _histogram(bins, (opacity > 0.9) * (1 - like_removed))
    sure_out = _histogram(bins, (opacity < 0.1) * (1 - like_added))
    front = MARK_SHARE * marked_in + (1 - MARK_SHARE) * sure_in
    back = MARK_SHARE * marked_out + (1 - MARK_SHARE) * sure_out
    by_colour = np.clip(np.log((front + RARE) / (back + RARE)), -4, 4)[bins]
    bounded = np.clip(opacity, 0.02, 0.98)
    by_matte = np.log(bounded / (1 - bounded)) + 4 * opacity * (1 - opacity)  # faint answers lean to yes
    by_matte *= 1 - near * np.where(by_matte < 0, like_added, like_removed)
    return np.asarray(1 / (1 + np.exp(-by_matte - COLOUR_SHARE * by_colour)), dtype=np.float32)


def _colour_bins(lab: _Floats) -> NDArray[np.intp]:
    steps = (lab * (BINS / 100, BINS / 128, BINS / 128) + (0, BINS / 2, BINS / 2)).clip(0, BINS - 1)
    lightness, green_red, blue_yellow = steps.astype(np.intp).transpose(2, 0, 1)
    return np.asarray((lightness * BINS + green_red) * BINS + blue_yellow)


def _histogram(bins: NDArray[np.intp], weight: NDArray[np.generic]) -> _Floats:
    """Shares of the colours, smoothed twice over neighbouring bins; all zero if nothing has weight."""
    counts = np.bincount(bins.ravel(), weights=weight.ravel(), minlength=BINS**3).astype(np.float32)
    if not counts.any():
        return counts
    cube = counts.reshape(BINS, BINS, BINS)
    for axis in (0, 1, 2, 0, 1, 2):
        edges = np.take(cube, [0, *range(BINS), BINS - 1], axis=axis)
        before, after = (np.take(edges, range(start, start + BINS), axis=axis) for start in (0, 2))
        cube = 0.5 * cube + 0.25 * (before + after)
    return np.asarray(cube.ravel() / cube.sum(), dtype=np.float32)


class _Walk:
    """A grid of pixels, each tied to its right and lower neighbour: strongly if their colours and their
    opacities are alike, or if both lie inside the present subject, whose inner edges matter less."""

    def __init__(self, lab: _Floats, opacity: _Floats) -> None:
        soft = cv2.GaussianBlur(lab, (0, 0), 0.7)
        blurred = cv2.GaussianBlur(opacity, (0, 0), 0.7)
        across, down = _squares(soft[:, 1:] - soft[:, :-1]), _squares(soft[1:] - soft[:-1])
        usual = (across.sum() + down.sum()) / max(1, across.size + down.size)
        contrast = np.float32(EDGE_CONTRAST / (usual + 1))
        lowest = np.minimum(opacity[:, 1:], opacity[:, :-1]), np.minimum(opacity[1:], opacity[:-1])
        self.right = _ties(across * contrast, lowest[0], blurred[:, 1:] - blurred[:, :-1])
        self.down = _ties(down * contrast, lowest[1], blurred[1:] - blurred[:-1])

    def settle(self, wish: NDArray[np.generic], trust: NDArray[np.generic]) -> _Floats:
        """Minimise Σ tie·(x_i − x_j)² + Σ trust·(x_i − wish_i)² by conjugate gradients."""
        pull = np.asarray(trust, dtype=np.float32)
        diagonal = pull.copy()
        diagonal[:, :-1] += self.right
        diagonal[:, 1:] += self.right
        diagonal[:-1] += self.down
        diagonal[1:] += self.down
        x = np.array(wish, dtype=np.float32)
        residual = pull * x - self._spread(x, diagonal)
        step = residual / diagonal
        size = float(np.vdot(residual, step))
        for _ in range(WALK_STEPS):
            if size < 1e-7 * x.size:
                break
            image = self._spread(step, diagonal)
            length = size / float(np.vdot(step, image))
            x += length * step
            residual -= length * image
            scaled = residual / diagonal
            size, last = float(np.vdot(residual, scaled)), size
            step = scaled + (size / last) * step
        return x

    def _spread(self, x: _Floats, diagonal: _Floats) -> _Floats:
        image = diagonal * x
        image[:, :-1] -= self.right * x[:, 1:]
        image[:, 1:] -= self.right * x[:, :-1]
        image[:-1] -= self.down * x[1:]
        image[1:] -= self.down * x[:-1]
        return image


def _squares(steps: NDArray[np.generic]) -> _Floats:
    exact = np.asarray(steps, dtype=np.float32)
    return np.asarray(np.einsum("ijk,ijk->ij", exact, exact), dtype=np.float32)


def _ties(colour: _Floats, lowest: _Floats, opacity_step: NDArray[np.generic]) -> _Floats:
    step = np.asarray(opacity_step, dtype=np.float32)
    within = 0.5 * np.clip((lowest - 0.1) / 0.2, 0, 1)
    alike = (1 - within) * np.exp(-colour) + within
    return np.asarray(alike * np.exp(-OPACITY_CONTRAST * step * step) + 1e-3, dtype=np.float32)
