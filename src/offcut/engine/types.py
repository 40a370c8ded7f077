"""Array types that the engine's steps share.

Colours are RGB order everywhere in the engine. Shapes are rows first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Rgb: TypeAlias = NDArray[np.uint8]
"""H×W×3, sRGB, 0-255."""

Rgba: TypeAlias = NDArray[np.uint8]
"""H×W×4, sRGB, straight (not premultiplied) alpha, 0-255."""

Alpha: TypeAlias = NDArray[np.uint8]
"""H×W alpha matte: 0 background, 255 subject."""

Matte: TypeAlias = NDArray[np.float32]
"""H×W alpha matte while it is being worked on, 0.0-1.0."""

Mask: TypeAlias = NDArray[np.bool_]
"""H×W, True inside."""

Subject: TypeAlias = Literal[
    "person", "product", "animal", "car", "car_interior", "car_part", "transportation", "graphic", "other"
]
"""What the photo shows. Level 1 reports person, product, animal, car or other; level 2 all of them."""

Box: TypeAlias = tuple[int, int, int, int]
"""left, top, right, bottom in pixels; right and bottom are exclusive."""


@dataclass(frozen=True, slots=True)
class Detection:
    """A thing that a detector found: its everyday name, how sure (0.0-1.0), and its box in pixels."""

    label: str
    confidence: float
    box: Box


@dataclass(frozen=True, slots=True)
class Note:
    """Something a person should know about a result that is otherwise good: a step that was degraded, a
    broken colour profile that was ignored. `code` is stable; `message` is one plain sentence."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A layer of a picture that is kept in parts. `rgb` H×W×3 uint8; `alpha` H×W uint8, its own transparency
    (None: opaque); `mask` H×W uint8, what shows of it (None: all)."""

    name: str
    rgb: Rgb
    alpha: Alpha | None = None
    mask: Alpha | None = None
