"""Bytes, an array or a Pillow image in; an upright sRGB photo out.

The order matters: the kind is told from the bytes, the size is read from the header and held against the
limits, and only then is any pixel decoded. Hostile files end before they cost anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from offcut.engine.exif import BrokenExifError, Exif, read_exif, sane_dpi
from offcut.engine.png_chunks import check_png_chunks
from offcut.engine.profiles import BROKEN_COLOR_PROFILE, to_srgb
from offcut.engine.readers import (
    PROFILE_FIELD,
    Strictness,
    bitmap_header,
    image_of,
    is_cut_off,
    open_photo,
    pillow_pixels,
    read_bitmap,
    read_heic,
    stated_dpi,
    unreadable,
    vips_errors,
)
from offcut.engine.sniff import Format, kind_name, sniff
from offcut.engine.types import Alpha, Note, Rgb
from offcut.errors import (
    EmptyPhotoError,
    FileTooLargeError,
    GigapixelPhotoError,
    InvalidPixelsError,
    NotAnImageError,
    PhotoTooLongError,
    PhotoTooNarrowError,
    PhotoTooSmallError,
    TooManyPixelsError,
    TruncatedPhotoError,
    UnsupportedPhotoError,
)

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

BROKEN_EXIF: Final = Note(
    "broken_exif",
    "The photo's EXIF data is broken and was ignored; if the photo lies on its side, turn it first.",
)
DAMAGED_PHOTO: Final = Note(
    "damaged_photo", "The photo's file is slightly damaged; part of the picture may look wrong."
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a photo may be at most and at least; all of it is checked before a pixel is decoded."""

    bytes_max: int = 400_000_000
    pixels_max: int = 50_000_000
    side_px_max: int = 30_000
    side_px_min: int = 8
    aspect_max: float = 50.0


DEFAULT_LIMITS: Final = Limits()

GIGAPIXEL: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Header:
    """What the header says. `width` and `height` are those of the upright photo, in pixels."""

    format: Format
    width: int
    height: int
    exif: Exif
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Photo:
    """A decoded photo.

    `pixels` H×W×3 uint8 sRGB, upright; `alpha` H×W uint8, None when absent or opaque everywhere; `dpi` is
    (across, down) of the upright photo; `source_size` is (width, height) before any shrinking; `format` is
    None for pixels that never were a file.
    """

    pixels: Rgb
    alpha: Alpha | None
    dpi: tuple[float, float] | None
    format: Format | None
    source_size: tuple[int, int]
    notes: tuple[Note, ...] = ()


def probe(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Header:
    """Read kind and size from the first bytes and refuse what cannot or should not be decoded.

    Raises EmptyPhotoError, FileTooLargeError, NotAnImageError, UnsupportedPhotoError, TooManyPixelsError,
    InvalidDimensionsError, DecompressionBombError, TruncatedPhotoError or BrokenPhotoError.
    """
    photo = _check_kind(data, limits)
    chunks = check_png_chunks(data) if photo == "png" else {}
    if photo == "bmp":
        width, height, dpi = bitmap_header(data)
        check_size(width, height, limits)
        return Header(photo, width, height, Exif(1, dpi))
    image = open_photo(photo, data)
    # Before EXIF and all else, for a header can claim more than anything here should look at.
    check_size(image.width, image.height, limits)
    if photo == "tiff":
        _check_tiff(image)
    notes: list[Note] = []
    exif = _exif_of(photo, image, chunks.get(b"eXIf"), notes)
    if b"iCCP" in chunks and b"sRGB" not in chunks and not image.get_typeof(PROFILE_FIELD):
        notes.append(BROKEN_COLOR_PROFILE)  # libpng leaves out what is broken and says nothing.
    width, height = _upright(image.width, image.height, exif.orientation)
    return Header(photo, width, height, exif, tuple(notes))


def decode(data: bytes, *, limits: Limits = DEFAULT_LIMITS, shrink_to_px: int | None = None) -> Photo:
    """Decode a photo: upright, sRGB, its own alpha kept.

    shrink_to_px: about how many pixels (area) are needed. A JPEG is then decoded at 1/2, 1/4 or 1/8 of its
        sides, which is faster; the result never has fewer pixels than asked unless the photo has.
    Raises what `probe` raises.
    """
    header = probe(data, limits)
    notes = list(header.notes)
    shrink = _shrink_factor(header, shrink_to_px)
    pixels = _decode_pixels(data, header, shrink, notes)
    rgb, alpha = _split_alpha(turn(pixels, header.exif.orientation))
    dpi = _upright_dpi(header.exif.dpi, header.exif.orientation)
    return Photo(rgb, alpha, dpi, header.format, (header.width, header.height), tuple(dict.fromkeys(notes)))


def photo_from_array(array: NDArray[Any], *, limits: Limits = DEFAULT_LIMITS) -> Photo:
    """Take decoded pixels as a photo.

    array: H×W (gray), H×W×3 (RGB) or H×W×4 (RGB and straight alpha); uint8, uint16 (0-65535) or float
        (0.0-1.0); taken as sRGB. uint8 RGB is used as it is, without a copy.
    Raises InvalidPixelsError, TooManyPixelsError or InvalidDimensionsError.
    """
    if (
        not isinstance(array, np.ndarray)
        or array.ndim not in (2, 3)
        or array.shape[2:] not in ((), (3,), (4,))
    ):
        raise InvalidPixelsError(f"An array of shape {getattr(array, 'shape', ())} is not a photo.")
    height, width = array.shape[:2]
    check_size(width, height, limits)
    pixels = _as_bytes(array)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[:, :, None], 3, axis=2)
    rgb, alpha = _split_alpha(pixels)
    return Photo(rgb, alpha, None, None, (width, height))


def photo_from_image(image: PillowImage, *, limits: Limits = DEFAULT_LIMITS) -> Photo:
    """Take a Pillow image of any mode as a photo; its EXIF turn, profile, alpha and resolution count.

    Raises InvalidPixelsError, TooManyPixelsError, InvalidDimensionsError, TruncatedPhotoError.
    """
    check_size(image.width, image.height, limits)
    notes: list[Note] = []
    exif = _parse_exif(image.info.get("exif") or b"", notes)
    try:
        opened = image_of(pillow_pixels(image), image.info.get("icc_profile"))
    except (OSError, SyntaxError) as error:
        raise TruncatedPhotoError("The photo ends before its last row.") from error
    if image.mode == "CMYK":
        opened = opened.copy(interpretation="cmyk")
    rgb, alpha = _split_alpha(turn(_pixels_of(to_srgb(opened, notes)), exif.orientation))
    stated = image.info.get("dpi")
    dpi = (sane_dpi(float(stated[0]), float(stated[1])) if stated else None) or exif.dpi
    size = _upright(image.width, image.height, exif.orientation)
    return Photo(rgb, alpha, _upright_dpi(dpi, exif.orientation), None, size, tuple(notes))


def turn(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Bring H×W×C pixels upright: `orientation` 1-8 as EXIF numbers them."""
    if orientation == 1:
        return pixels
    import cv2

    if orientation in (2, 3, 4):
        # In place, because the caller's copy is the only one.
        return _u8(cv2.flip(pixels, {2: 1, 3: -1, 4: 0}[orientation], pixels))
    if orientation in (6, 8):
        way = cv2.ROTATE_90_CLOCKWISE if orientation == 6 else cv2.ROTATE_90_COUNTERCLOCKWISE
        return _u8(cv2.rotate(pixels, way))
    turned = _u8(cv2.transpose(pixels))
    return turned if orientation == 5 else _u8(cv2.flip(turned, -1, turned))


def check_size(width: int, height: int, limits: Limits = DEFAULT_LIMITS) -> None:
    """Hold a photo's sides, in pixels, against the limits.

    Raises PhotoTooSmallError, PhotoTooNarrowError, PhotoTooLongError, TooManyPixelsError or
    GigapixelPhotoError.
    """
    short, long = sorted((width, height))
    if long > short * limits.aspect_max:
        raise PhotoTooNarrowError(f"A photo of {width}×{height} pixels is too narrow.")
    if short < limits.side_px_min:
        raise PhotoTooSmallError(f"A photo of {width}×{height} pixels is too small.")
    if width * height >= GIGAPIXEL:
        raise GigapixelPhotoError(f"The file says that it holds {width * height / 1e6:,.0f} megapixels.")
    if width * height > limits.pixels_max:
        megapixels, most = width * height / 1e6, limits.pixels_max / 1e6
        raise TooManyPixelsError(f"The photo has {megapixels:.1f} megapixels; at most {most:g} are allowed.")
    if long > limits.side_px_max:
        raise PhotoTooLongError(
            f"A photo of {width}×{height} pixels is too long; a side has at most {limits.side_px_max}."
        )


def _check_kind(data: bytes, limits: Limits) -> Format:
    if len(data) == 0:
        raise EmptyPhotoError("The photo is empty.")
    if len(data) > limits.bytes_max:
        raise FileTooLargeError(
            f"The file has {len(data) / 1e6:.1f} MB; at most {limits.bytes_max / 1e6:g} MB are allowed."
        )
    photo, kind = sniff(data)
    if photo is not None:
        return photo
    if kind:
        raise UnsupportedPhotoError(kind, f"This is {kind_name(kind)}, not a photo that can be read.")
    raise NotAnImageError("These bytes are not an image.")


def _check_tiff(image: Any) -> None:
    """Refuse what wears a TIFF header but is no photo of 8 or 16 bits a colour."""
    if image.format not in ("uchar", "ushort") and image.interpretation not in ("lab", "labs"):
        raise UnsupportedPhotoError(
            "tiff", f"This is a TIFF of numbers of type {image.format}, which is not a photo.",
            hint="Save it with 8 or 16 bits a colour first.",
        )  # fmt: skip


def _exif_of(photo: Format, image: Any, block: bytes | None, notes: list[Note]) -> Exif:
    """Which way is up and how many pixels to an inch, from wherever the format says it."""
    dpi = stated_dpi(photo, image)
    if photo == "tiff":
        given = image.get("orientation") if image.get_typeof("orientation") else 1
        return Exif(given if 1 <= given <= 8 else 1, dpi)
    if block is None and image.get_typeof("exif-data"):
        block = bytes(image.get("exif-data"))
    exif = _parse_exif(block or b"", notes)
    # The readers of HEIC and AVIF have turned the picture already, as its own header says.
    return Exif(1 if photo in ("heic", "avif") else exif.orientation, dpi or exif.dpi)


def _parse_exif(block: bytes, notes: list[Note]) -> Exif:
    if not block:
        return Exif()
    try:
        return read_exif(block)
    except BrokenExifError:
        notes.append(BROKEN_EXIF)
        return Exif()


def _shrink_factor(header: Header, shrink_to_px: int | None) -> int:
    if shrink_to_px is None or header.format != "jpeg":
        return 1
    for factor in (8, 4, 2):
        if (header.width // factor) * (header.height // factor) >= shrink_to_px:
            return factor
    return 1


def _decode_pixels(data: bytes, header: Header, shrink: int, notes: list[Note]) -> NDArray[np.uint8]:
    """All pixels as sRGB, H×W×3 or H×W×4, as they lie in the file."""
    photo = header.format

    def compute(strictness: Strictness) -> NDArray[np.uint8]:
        if photo == "bmp":
            return _pixels_of(to_srgb(read_bitmap(data), notes))
        if photo == "heic":
            return _pixels_of(to_srgb(read_heic(data, header.width * header.height), notes))
        return _pixels_of(to_srgb(open_photo(photo, data, shrink=shrink, strictness=strictness), notes))

    try:
        return compute("warning" if photo == "jpeg" else "error")
    except vips_errors() as error:
        # Of a JPEG's warnings only missing pixels are fatal; many cameras leave a few stray bytes.
        if photo != "jpeg" or is_cut_off(str(error)):
            raise unreadable(photo, data, str(error)) from error
    notes.append(DAMAGED_PHOTO)
    try:
        return compute("error")
    except vips_errors() as error:
        raise unreadable(photo, data, str(error)) from error


def _pixels_of(image: Any) -> NDArray[np.uint8]:
    """Compute a lazy image: H×W×C uint8. The array owns libvips' memory, so there is no second copy."""
    size = (image.height, image.width, image.bands)
    return np.frombuffer(image.write_to_memory(), np.uint8).reshape(size)


def _split_alpha(pixels: NDArray[np.uint8]) -> tuple[Rgb, Alpha | None]:
    """RGB and alpha of H×W×3 or H×W×4; an alpha that is opaque everywhere is none."""
    if pixels.shape[2] == 3:
        return np.ascontiguousarray(pixels), None
    alpha = np.ascontiguousarray(pixels[:, :, 3])
    return np.ascontiguousarray(pixels[:, :, :3]), None if alpha.min() == 255 else alpha


def _as_bytes(array: NDArray[Any]) -> NDArray[np.uint8]:
    """Values of an allowed type as 0-255, row by row so that no large float copy is made."""
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.uint16:
        # 257 is 65535 / 255: the nearest of the 256 steps, not the one below.
        return _by_rows(array, lambda row: (row.astype(np.uint32) + 128) // 257)
    if not np.issubdtype(array.dtype, np.floating):
        raise InvalidPixelsError(f"Values of type {array.dtype} are not understood.")
    lowest, highest = float(array.min()), float(array.max())
    if not (lowest >= 0.0 and highest <= 1.0):
        raise InvalidPixelsError(f"Floats must lie between 0 and 1; these go from {lowest:g} to {highest:g}.")
    return _by_rows(array, lambda row: row * 255 + 0.5)


def _by_rows(array: NDArray[Any], convert: Callable[[NDArray[Any]], NDArray[Any]]) -> NDArray[np.uint8]:
    out = np.empty(array.shape, np.uint8)
    for start in range(0, array.shape[0], 64):
        out[start : start + 64] = convert(array[start : start + 64]).astype(np.uint8)
    return out


def _upright(width: int, height: int, orientation: int) -> tuple[int, int]:
    return (height, width) if orientation >= 5 else (width, height)


def _upright_dpi(dpi: tuple[float, float] | None, orientation: int) -> tuple[float, float] | None:
    return (dpi[1], dpi[0]) if dpi and orientation >= 5 else dpi


def _u8(array: Any) -> NDArray[np.uint8]:
    """For the type checker: OpenCV and Pillow return arrays of unnamed type."""
    result: NDArray[np.uint8] = np.asarray(array, np.uint8)
    return result
