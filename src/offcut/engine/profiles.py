"""Colour: whatever a photo's numbers mean, make them sRGB.

Lazy pipelines of libvips (`pyvips.Image`): nothing is computed before the pixels are asked for, and then in
strips, so a 45-megapixel photo costs no second copy here.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any, Final

from offcut.engine.readers import PROFILE_FIELD, vips_errors
from offcut.engine.types import Note

BROKEN_COLOR_PROFILE: Final = Note(
    "broken_color_profile",
    "The photo's colour profile is broken and was ignored; its colours may differ slightly.",
)

_COLOR_BANDS: Final = {"b-w": 1, "grey16": 1, "srgb": 3, "rgb": 3, "rgb16": 3, "cmyk": 4, "lab": 3, "labs": 3}
_SPACES: Final = {"GRAY": 1, "RGB": 3, "CMYK": 4}


def to_srgb(image: Any, notes: list[Note]) -> Any:
    """An 8-bit sRGB image of 3 bands, or 4 with alpha, from any `pyvips.Image` of 8 or 16 bits.

    Uses the embedded profile; where that is broken a note is added and the numbers are taken as sRGB (or as
    common print inks, for CMYK). Raises pyvips.Error when the pixels cannot be understood.
    """
    image = _named(image)
    colors = _COLOR_BANDS[image.interpretation]
    if image.bands > colors + 1:
        image = image.extract_band(0, n=colors + 1)
    image = _apply_profile(image, colors, notes)
    if image.interpretation == "cmyk":
        image = image.icc_transform("srgb", input_profile="cmyk", intent="relative")
    return image if image.interpretation == "srgb" else image.colourspace("srgb")


def _named(image: Any) -> Any:
    """Give an image whose meaning is not named, or not rightly, the one that its bands and depth suggest."""
    deep = image.format == "ushort"
    known = _COLOR_BANDS.get(image.interpretation, 99) <= image.bands
    if known and not (deep and image.interpretation in ("b-w", "srgb", "rgb")):
        return image
    if image.bands < 3:
        return image.copy(interpretation="grey16" if deep else "b-w")
    return image.copy(interpretation="rgb16" if deep else "srgb")


def _apply_profile(image: Any, colors: int, notes: list[Note]) -> Any:
    """Convert by the embedded profile, when there is one, it is whole, and it is not sRGB already."""
    if image.get_typeof(PROFILE_FIELD) == 0 or image.interpretation in ("lab", "labs"):
        return image
    profile = bytes(image.get(PROFILE_FIELD))
    space = _space(profile)
    if space == colors:
        if space == 3 and _is_srgb(profile):
            return image
        try:
            return image.icc_transform(
                "srgb", embedded=True, intent="relative", black_point_compensation=True
            )
        except vips_errors():
            space = 0
    notes.append(BROKEN_COLOR_PROFILE)
    image = image.copy()
    image.remove(PROFILE_FIELD)
    return image


@lru_cache(maxsize=64)
def _space(profile: bytes) -> int:
    """How many inks or lights the profile describes; 0 when it cannot be read."""
    from PIL import ImageCms

    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return _SPACES.get(opened.profile.xcolor_space.strip(), 0)
    except (OSError, ImageCms.PyCMSError):
        return 0


@lru_cache(maxsize=64)
def _is_srgb(profile: bytes) -> bool:
    """Whether the profile moves no colour by more than one step, as the many sRGB variants do not.

    Tried on 4913 colours, because names lie and the conversion of a large photo costs more than this.
    """
    import numpy as np
    from PIL import Image, ImageCms

    steps = np.linspace(0, 255, 17).astype(np.uint8)
    colors = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    try:
        transform = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            "RGB",
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        moved = ImageCms.applyTransform(Image.fromarray(colors), transform)
    except (OSError, ImageCms.PyCMSError):
        return False
    return bool(np.abs(np.asarray(moved).astype(np.int16) - colors).max() <= 1)
