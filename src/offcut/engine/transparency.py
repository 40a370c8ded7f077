"""What the networks are shown of a photo that is transparent in places.

They see colours alone. Under transparent pixels most programs leave black or white, so dark or light artwork
is black on black there, or white on white. Laid over a plain colour that stands out from what can be seen, it
shows. That is not always better: a photo in a round frame becomes one round thing. So it is done where the
photo hides its subject, and where nothing was found in the photo as it is.
docs/decisions/transparent-photos.md has the measurements.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from offcut.engine import compose
from offcut.engine.options import Options
from offcut.engine.types import Alpha, Mask, Rgb
from offcut.engine.values import Color

SAMPLE_SIDE = 256
"""Colours are weighed on at most so many pixels along each side."""

GROUNDS = (Color(255, 255, 255), Color(60, 140, 90), Color(128, 128, 128), Color(0, 0, 0))
"""What a photo may be laid over. The first of those that do equally well is taken; the networks find artwork
on white and on this green more often than on gray and black."""

CONTRAST_MAX = 96.0
"""A difference of colours (0-441) above which more is no clearer."""

CLEARED_MAX = 8
"""Transparent pixels as dark as this in every channel were cleared by a program."""
CLEARED_SHARE_MIN = 0.97
LOST_MAX = 16
"""As dark as this, a visible pixel cannot be told from cleared ones."""
LOST_SHARE_MIN = 0.3


def hides(rgb: Rgb, alpha: Alpha) -> bool:
    """Whether a good part of what `alpha` (H×W uint8) leaves of a photo (H×W×3 uint8) is as black as what it
    hides. Of cut-outs of photographs a fifth at most is so, of dark artwork nearly all."""
    darkest, strength = _sample(rgb).max(axis=2), _sample(alpha)
    hidden, visible = strength < 8, strength > 127
    if not hidden.any() or not visible.any():
        return False
    cleared, lost = _share(darkest <= CLEARED_MAX, hidden), _share(darkest <= LOST_MAX, visible)
    return cleared >= CLEARED_SHARE_MIN and lost >= LOST_SHARE_MIN


def laid_out(rgb: Rgb, alpha: Alpha) -> Rgb:
    """The photo (H×W×3 uint8, not premultiplied) over the plain colour on which what `alpha` (H×W uint8)
    leaves of it shows best; a new array. What is faint all over is shown as if it were not."""
    strongest = int(alpha.max())
    strength = alpha if strongest in (0, 255) else cv2.convertScaleAbs(alpha, alpha=255 / strongest)
    placed = compose.Placement(rgb, strength.astype(np.uint8, copy=False), None)
    laid = compose.compose(placed, Options(bg_color=ground(rgb, alpha))).rgb
    assert laid is not None
    return laid


def ground(rgb: Rgb, alpha: Alpha) -> Color:
    """That of `GROUNDS` from which what can be seen differs most on average."""
    seen, weight = _sample(rgb).astype(np.float32), _sample(alpha).astype(np.float32)

    def contrast(color: Color) -> float:
        distance = np.linalg.norm(seen - np.array(color[:3], np.float32), axis=2)
        return float((np.minimum(distance, CONTRAST_MAX) * weight).sum())

    return max(GROUNDS, key=contrast)


def _sample(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Single pixels of it, not means: a mean would mix what is hidden into what is seen beside it."""
    down, across = (-(-side // SAMPLE_SIDE) for side in picture.shape[:2])
    return picture[down // 2 :: down, across // 2 :: across]


def _share(mask: Mask, of: Mask) -> float:
    return float(np.count_nonzero(mask & of) / np.count_nonzero(of))
