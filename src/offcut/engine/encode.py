"""Final arrays in, a file's bytes out: PNG, JPG, WebP, TIFF, ZIP (colour and alpha apart) and Photoshop.

PNG is written by engine/png.py, Photoshop by engine/psd.py, all others by libvips, lazily and in strips, so
45 megapixels cost little beyond the bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, Literal, TypeAlias, get_args

import numpy as np

from offcut.engine.png import png_bytes
from offcut.engine.psd import SIDE_PX_MAX as PSD_SIDE_PX_MAX
from offcut.engine.psd import write_psd
from offcut.engine.readers import libvips, vips_errors
from offcut.engine.types import Alpha, Layer, Rgb
from offcut.errors import OptionError, OutputError, OutputTooLargeError

OutputFormat: TypeAlias = Literal["png", "jpg", "webp", "tiff", "zip", "psd"]
"""What a cut-out can be written as."""

DEFAULT_QUALITY: Final = 92
UNKNOWN_DPI: Final = (72.0, 72.0)
COLOR_NAME: Final = "color.jpg"
ALPHA_NAME: Final = "alpha.png"

_SIDE_PX_MAX: Final = {"jpg": 65_500, "zip": 65_500, "webp": 16_383, "psd": PSD_SIDE_PX_MAX}
_MM_PER_INCH: Final = 25.4


def encode(
    rgb: Rgb | Alpha,
    alpha: Alpha | None,
    format: OutputFormat,  # noqa: A002 (the word that every user of it knows)
    *,
    dpi: tuple[float, float] | None = None,
    quality: int = DEFAULT_QUALITY,
    layers: Sequence[Layer] | None = None,
) -> bytes:
    """Encode a cut-out.

    rgb: H×W×3 uint8 sRGB with the edge colours corrected, or H×W for a gray picture (the matte alone).
    alpha: H×W uint8; None for an opaque picture. Colours where it is 0 are not written (ZIP excepted, whose
        colour file is meant to be used with any matte); JPG, which has no alpha, shows white there.
    dpi: (across, down), written where the format can say it; 72 when unknown.
    quality: 1-100, for JPG, WebP and the ZIP's colours.
    layers: of a Photoshop file, bottom first; the picture alone when None.
    Raises OptionError for an unknown format or quality, OutputTooLargeError above the format's largest side.
    """
    if format not in get_args(OutputFormat):
        raise OptionError("format", f"There is no output format {format!r}.")
    if not 1 <= quality <= 100:
        raise OptionError("quality", f"Quality goes from 1 to 100, not {quality}.")
    side, most = max(rgb.shape[:2]), _SIDE_PX_MAX.get(format)
    if most is not None and side > most:
        raise OutputTooLargeError(f"The {format} format holds at most {most} pixels a side, not {side}.")
    if format == "zip":
        return _zip(rgb, alpha, dpi, quality)
    if format == "psd":
        return _psd(rgb, alpha, dpi, layers)
    if format == "png":
        return _png(rgb, alpha, dpi)
    return _save(_image(rgb, alpha, dpi), format, quality)


def _png(rgb: Rgb | Alpha, alpha: Alpha | None, dpi: tuple[float, float] | None) -> bytes:
    across, down = (round(number / _MM_PER_INCH * 1000) for number in dpi or UNKNOWN_DPI)
    profile = b"" if rgb.ndim == 2 else _srgb_profile()
    return png_bytes(rgb, alpha, dots_per_metre=(across, down), profile=profile)


@cache
def _srgb_profile() -> bytes:
    """libvips' own small sRGB profile, the same in all formats."""
    return bytes(libvips().Image.profile_load("srgb") or b"")


def _save(image: Any, format: str, quality: int) -> bytes:  # noqa: A002
    try:
        return bytes(_SAVERS[format](image, quality))
    except vips_errors() as error:
        raise OutputError(f"The picture cannot be written as {format}.") from error


def _save_jpg(image: Any, quality: int) -> Any:
    if image.hasalpha():
        image = image.flatten(background=255)
    # JPEG and WebP say the resolution in EXIF, which libvips makes for us and which holds nothing else.
    # Colour at full resolution (4:4:4): cut edges are where halved colour shows.
    return image.jpegsave_buffer(Q=quality, subsample_mode="off", profile=_profile_of(image), keep="exif")


def _save_webp(image: Any, quality: int) -> Any:
    # The alpha is kept exactly (alpha_q 100); effort 0 and plain 4:2:0: the next steps
    # double the time, and libwebp's sharper subsampling takes five times as long and 1.1 GB at 45 megapixels.
    return image.webpsave_buffer(Q=quality, alpha_q=100, effort=0, profile=_profile_of(image), keep="exif")


def _save_tiff(image: Any, _quality: int) -> Any:
    return image.tiffsave_buffer(
        compression="deflate", predictor="horizontal", level=1, resunit="inch",
        profile=_profile_of(image), keep="none",
    )  # fmt: skip


_SAVERS: Final = {"jpg": _save_jpg, "webp": _save_webp, "tiff": _save_tiff}


def _image(rgb: Rgb | Alpha, alpha: Alpha | None, dpi: tuple[float, float] | None) -> Any:
    """A lazy libvips image of gray, RGB or RGBA; colours under a zero alpha are cleared as it is computed."""
    pyvips = libvips()
    image = pyvips.Image.new_from_array(np.ascontiguousarray(rgb))
    if alpha is not None:
        matte = pyvips.Image.new_from_array(np.ascontiguousarray(alpha))
        # `>` gives 0 or 255, so the bitwise `and` keeps a colour or clears it.
        image = (image & (matte > 0)).bandjoin(matte)
    across, down = dpi or UNKNOWN_DPI
    gray = rgb.ndim == 2
    return image.copy(
        interpretation="b-w" if gray else "srgb", xres=across / _MM_PER_INCH, yres=down / _MM_PER_INCH
    )


def _profile_of(image: Any) -> str:
    """libvips' own small sRGB profile; none for gray, which has no colour to name."""
    return "none" if image.interpretation == "b-w" else "srgb"


def _zip(rgb: Rgb | Alpha, alpha: Alpha | None, dpi: tuple[float, float] | None, quality: int) -> bytes:
    """Exactly two files, stored: both are packed already."""
    if alpha is None:
        alpha = np.full(rgb.shape[:2], 255, np.uint8)
    if rgb.ndim == 2:
        rgb = np.repeat(rgb[:, :, None], 3, axis=2)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        # ZipInfo's fixed date, so that the same cut-out is the same bytes.
        archive.writestr(zipfile.ZipInfo(COLOR_NAME), _save(_image(rgb, None, dpi), "jpg", quality))
        archive.writestr(zipfile.ZipInfo(ALPHA_NAME), _png(alpha, None, dpi))
    return out.getvalue()


def _psd(
    rgb: Rgb | Alpha,
    alpha: Alpha | None,
    dpi: tuple[float, float] | None,
    layers: Sequence[Layer] | None,
) -> bytes:
    if rgb.ndim == 2:
        rgb = np.repeat(rgb[:, :, None], 3, axis=2)
    out = io.BytesIO()
    merged = np.full(rgb.shape[:2], 255, np.uint8) if alpha is None else alpha
    write_psd(out, layers or [Layer("Photo", rgb, mask=alpha)], rgb, merged, dpi=dpi, profile=_srgb_profile())
    return out.getvalue()
