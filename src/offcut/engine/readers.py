"""One reader for each kind of photo, all of them ending in a lazy libvips image.

The kind is told from the bytes first, so only the reader that belongs to it ever sees them. Each library's
errors are caught here, where it is known which ones it raises, and leave as errors of our own.
"""

from __future__ import annotations

import io
import logging
import struct
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from offcut.engine.exif import sane_dpi
from offcut.engine.sniff import Format, ends_early
from offcut.errors import BrokenPhotoError, InvalidPixelsError, PhotoError, TruncatedPhotoError

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

Strictness: TypeAlias = Literal["warning", "error"]
"""What ends the decoding of a damaged photo: already a warning of its reader, or only an error."""

PROFILE_FIELD: Final = "icc-profile-data"

# What libvips says where a file ends before its pixels do though its container looks whole.
_CUT_OFF: Final = ("premature end", "Unexpected end", "Read error", "Seek error", "IO error during reading")
_NOT_SAID_PX_PER_MM: Final = (1.0, 2.834)


def libvips() -> Any:
    """The pyvips module, loaded when first needed: it takes 50 ms.

    Its cache of past operations is turned off, because it would keep photos alive that are done with. Its
    warnings, which quote the photo, go to whoever listens to the "pyvips" logger and not to the terminal.
    """
    import pyvips

    pyvips.cache_set_max(0)
    logger = logging.getLogger("pyvips")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    return pyvips


def vips_errors() -> tuple[type[Exception], ...]:
    """What an operation of libvips may raise: its own error, or one for a message that is not UTF-8.

    Such a message comes from a hostile photo, whose bytes libvips quotes.
    """
    return (libvips().Error, UnicodeDecodeError)


def open_photo(photo: Format, data: bytes, *, shrink: int = 1, strictness: Strictness = "error") -> Any:
    """Open with libvips, reading the header only. `shrink` is 1, 2, 4 or 8, and for JPEG alone.

    Raises TruncatedPhotoError or BrokenPhotoError; computing the image later may raise pyvips.Error.
    """
    load = getattr(libvips().Image, f"{'heif' if photo in ('heic', 'avif') else photo}load_buffer")
    options = {"shrink": shrink} if shrink > 1 else {}
    try:
        return load(data, access="sequential", fail_on=strictness, **options)
    except vips_errors() as error:
        raise unreadable(photo, data, str(error)) from error


def unreadable(photo: Format, data: bytes, message: str = "") -> PhotoError:
    """The error for a photo that its reader gave up on, with what the reader said."""
    if ends_early(photo, data) or is_cut_off(message):
        return TruncatedPhotoError("The photo's file ends before the picture does.")
    return BrokenPhotoError("The photo's file is damaged.")


def is_cut_off(message: str) -> bool:
    """Whether libvips' message says that pixels are missing at the end."""
    return any(words in message for words in _CUT_OFF)


def stated_dpi(photo: Format, image: Any) -> tuple[float, float] | None:
    """The resolution that the file itself states, and not one that libvips puts where nothing is said."""
    if photo == "jpeg" and not image.get_typeof("resolution-unit"):
        return None
    if image.xres in _NOT_SAID_PX_PER_MM and image.yres == image.xres:
        return None
    return sane_dpi(image.xres, image.yres, 25.4)


def image_of(array: NDArray[Any], profile: bytes | None = None) -> Any:
    """A lazy image over H×W or H×W×C uint8 or uint16 pixels, which it keeps alive."""
    image = libvips().Image.new_from_array(np.ascontiguousarray(array))
    if profile:
        image = image.copy()
        image.set_type(libvips().GValue.blob_type, PROFILE_FIELD, profile)
    return image


def bitmap_header(data: bytes) -> tuple[int, int, tuple[float, float] | None]:
    """Width, height and resolution of a Windows bitmap, from its header of 12 or at least 40 bytes."""
    if len(data) < 26:
        raise TruncatedPhotoError("The photo's file ends before the picture does.")
    if int.from_bytes(data[14:18], "little") == 12:
        width, height = struct.unpack_from("<HH", data, 18)
        return width, height, None
    width, height = struct.unpack_from("<ii", data, 18)
    dpi = None
    if len(data) >= 46:
        across, down = struct.unpack_from("<ii", data, 38)
        dpi = sane_dpi(across, down, 0.0254)
    # A height below zero means that the rows go from the top down.
    return width, abs(height), dpi


def read_bitmap(data: bytes) -> Any:
    """A Windows bitmap, read by its own class of Pillow: `Image.open` has limits of its own, which warn."""
    from PIL import BmpImagePlugin

    try:
        return image_of(pillow_pixels(BmpImagePlugin.BmpImageFile(io.BytesIO(data))))
    except (OSError, ValueError, SyntaxError, KeyError, IndexError, TypeError, struct.error) as error:
        raise unreadable("bmp", data) from error


def read_heic(data: bytes, pixels_max: int) -> Any:
    """HEIC, read by pillow-heif: the libvips in the wheel reads its header but cannot decode it.

    pixels_max: what libvips found in the header; nothing is decoded if pillow-heif finds more.
    """
    import pillow_heif

    try:
        heif = pillow_heif.open_heif(data, convert_hdr_to_8bit=True)
        if heif.size[0] * heif.size[1] > pixels_max:
            raise BrokenPhotoError("The photo's file states two different sizes.")
        pixels = np.asarray(heif)
    except (ValueError, RuntimeError, EOFError, OSError, SyntaxError, IndexError) as error:
        raise unreadable("heic", data) from error
    return image_of(pixels, heif.info.get("icc_profile"))


def pillow_pixels(image: PillowImage) -> NDArray[Any]:
    """Pixels of a Pillow image of any mode as gray, gray and alpha, RGB, RGBA or CMYK."""
    if image.mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)
    if image.mode in ("I", "F"):
        raise InvalidPixelsError(f"A Pillow image of mode {image.mode} is not understood.")
    if "transparency" in image.info or image.mode in ("PA", "La", "RGBa"):
        image = image.convert("LA" if image.mode in ("L", "La") else "RGBA")
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode not in ("L", "LA", "RGB", "RGBA", "CMYK"):
        image = image.convert("RGB")
    return np.asarray(image)
