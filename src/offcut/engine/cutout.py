"""What a removal gives back: colours, matte, what was found, and how to keep it as a file."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from offcut.engine.options import Format, Options
from offcut.engine.photo_files import FORMATS_BY_SUFFIX
from offcut.engine.types import Alpha, Box, Layer, Note, Rgb, Rgba, Subject
from offcut.errors import OptionError

if TYPE_CHECKING:
    from offcut.engine.encode import OutputFormat


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """One finished removal, at the size that was asked for.

    `rgb` is H×W×3 uint8 sRGB, true colours under soft edges (straight, not premultiplied); `alpha` is H×W
    uint8, 0 background to 255 subject, shadow included. `box` is where the subject is in the result, None
    when nothing of it is left in view. `confidence` (0-1) says how sure the subject's kind is. `notes` are
    the steps that were degraded, [] when all went as it should. `source_size` is the photo's width and
    height; `layers` are what a Photoshop file is made of, bottom first: the photo is on top, with the
    subject's own matte as its mask. None when keeping them would have cost a copy that nobody asked for.
    `belief` is the networks' answer before anything was decided, of the whole photo stretched to a square
    (uint8): the brush finds parts by it that were left out.
    """

    rgb: Rgb
    alpha: Alpha
    box: Box | None
    subject: Subject
    confidence: float
    source_size: tuple[int, int]
    options: Options = field(default_factory=Options)
    notes: tuple[Note, ...] = ()
    dpi: tuple[float, float] | None = None
    layers: tuple[Layer, ...] | None = None
    belief: Alpha | None = None

    @property
    def rgba(self) -> Rgba:
        """H×W×4 uint8, straight alpha. A new array at every call."""
        return np.dstack((self.rgb, self.alpha))

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.alpha.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.alpha.shape[0])

    @property
    def format(self) -> Format:
        """The format that the options ask for, never "auto"."""
        return self.options.file_format(has_transparency=self._is_transparent)

    @property
    def _is_transparent(self) -> bool:
        return bool(self.alpha.min() < 255)

    def encode(self, format: Format | None = None) -> bytes:  # noqa: A002 (the option's name)
        """The file as bytes, in `format` or in the one that the options ask for.

        Raises `OptionError` for an unknown format, or for Photoshop's when the layers were not kept, and
        `OutputTooLargeError` when the picture does not fit it.
        """
        from offcut.engine.encode import encode

        asked = self.options if format is None else replace(self.options, format=format)
        chosen = cast("OutputFormat", asked.file_format(has_transparency=self._is_transparent))
        quality, dpi = self.options.quality, self.dpi
        if self.options.channels == "alpha":
            return encode(self.alpha, None, chosen, dpi=dpi, quality=quality)
        alpha = self.alpha if self._is_transparent else None
        if chosen != "psd":
            return encode(self.rgb, alpha, chosen, dpi=dpi, quality=quality)
        if self.layers is None:
            raise OptionError(
                "format",
                "The layers of a Photoshop file were not kept with this cut-out.",
                hint='Ask for them when the background is removed: format="psd".',
            )
        return encode(self.rgb, alpha, chosen, dpi=dpi, quality=quality, layers=self.layers)

    def save(self, path: str | Path) -> Path:
        """Writes the file whole or not at all, in the format that the suffix of `path` names.

        Returns the path. Raises `OptionError` for an unknown suffix, `OutputError` when it cannot be written.
        """
        from offcut.engine.files import write_file

        path = Path(path)
        if path.suffix.lower() not in FORMATS_BY_SUFFIX:
            raise OptionError(
                "format",
                f"No format is known by the suffix {path.suffix or 'of a name without one'!r}.",
                hint=f"Use one of {' '.join(FORMATS_BY_SUFFIX)}.",
            )
        write_file(path, self.encode(FORMATS_BY_SUFFIX[path.suffix.lower()]))
        return path
