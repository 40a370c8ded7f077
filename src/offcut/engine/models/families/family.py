"""What the loader must know about an architecture that turns a photo into a matte."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from offcut.engine.types import Rgb
from offcut.errors import OptionError


@dataclass(frozen=True, slots=True)
class Family:
    """An architecture: square photo in, one matte out.

    side       the square's side in pixels that it was trained at
    step       any multiple of this can be the side; 0 if only `side` can
    mean, deviation
               what its input was normalised with, R G B, on the 0-255 scale
    logits     whether its output still lacks the sigmoid
    stretched  whether its training divided each photo by its brightest value
    """

    side: int
    step: int
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    logits: bool = False
    stretched: bool = False
    side_max: int = 2048

    def check_side(self, side: int) -> int:
        """`side` if the network can run at it. Raises OptionError."""
        fits = 0 < side <= self.side_max and side % self.step == 0 if self.step else side == self.side
        if not fits:
            allowed = f"a multiple of {self.step} up to {self.side_max}" if self.step else str(self.side)
            raise OptionError("size", f"This network runs at {allowed} pixels, not at {side}.")
        return side

    def prepare(self, rgb: Rgb, side: int) -> Rgb:
        """The photo (H×W×3 uint8) stretched to side×side×3 uint8, as the network's graph wants it; the
        normalisation is part of the graph."""
        shrinks = rgb.shape[0] * rgb.shape[1] > side * side
        square = cv2.resize(rgb, (side, side), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        brightest = int(square.max()) if self.stretched else 255
        if 0 < brightest < 255:
            square = cv2.convertScaleAbs(square, alpha=255.0 / brightest)
        return np.ascontiguousarray(square, dtype=np.uint8)
