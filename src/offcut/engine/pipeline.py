"""The steps of a removal, in order: this is the file to read first.

A first form: one look of one network, the matte brought to the size of the result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from offcut.engine.cutout import Cutout
from offcut.engine.decode import Photo
from offcut.engine.options import Options, output_size
from offcut.engine.types import Alpha, Box, Note, Rgb
from offcut.errors import NoForegroundError

if TYPE_CHECKING:
    from offcut.engine.models.networks import Networks

SIDE_PX = 1024
STRENGTH_MIN = 0.5


def cut_out(
    photo: Photo, options: Options, networks: Networks, *, on_step: Callable[[str], None] | None = None
) -> Cutout:
    """Cuts the subject out of a decoded photo.

    `on_step` is told the name of each step as it begins. Raises `NoForegroundError` when nothing stands out,
    `OptionError` when an option does not fit this photo, `ModelError` when the network cannot be had.
    """
    tell = on_step or (lambda _step: None)
    tell("segment")
    matte = networks.segmenter("isnet").matte(photo.pixels, SIDE_PX)
    if float(matte.max()) < STRENGTH_MIN:
        raise NoForegroundError("Nothing in this photo stands out from its background.")
    tell("compose")
    size = output_size(*photo.source_size, options)
    rgb = photo.pixels
    if size != (rgb.shape[1], rgb.shape[0]):
        rgb = cast(Rgb, cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))
    alpha = np.rint(cv2.resize(matte, size, interpolation=cv2.INTER_CUBIC).clip(0, 1) * 255).astype(np.uint8)
    return Cutout(
        rgb=rgb,
        alpha=alpha,
        box=_box(alpha),
        subject="other" if options.type == "auto" else options.type,
        confidence=0.0,
        source_size=photo.source_size,
        options=options,
        notes=(
            *photo.notes,
            Note("first_form", "This result was made by the first, simple form of the pipeline."),
        ),
        dpi=photo.dpi,
    )


def _box(alpha: Alpha) -> Box | None:
    left, top, width, height = cv2.boundingRect((alpha >= 128).astype(np.uint8))
    return (left, top, left + width, top + height) if width else None
