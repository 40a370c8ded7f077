"""Bytes, an array or a Pillow image in; an upright sRGB photo out.

The order matters: the kind is told from the bytes, the size is read from the header and held against the
limits, and only then is any pixel decoded. Hostile files end before they cost anything.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from offcut.engine.exif import BrokenExifError, Exif, read_exif, sane_dpi
from offcut.engine.profiles import to_srgb
from offcut.engine.sniff import Format, ends_early, kind_name, sniff
from offcut.engine.types import Alpha, Note, Rgb
from offcut.errors import (
    BrokenPhotoError,
    DecompressionBombError,
    EmptyPhotoError,
    FileTooLargeError,
    InvalidDimensionsError,
    InvalidPixelsError,
    NotAnImageError,
    PhotoError,
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


@dataclass(frozen=True, slots=True)
class Limits:
    """What a photo may be at most and at least; all of it is checked before a pixel is decoded."""

    bytes_max: int = 400_000_000
    pixels_max: int = 50_000_000
    side_px_max: int = 30_000
    side_px_min: int = 8
    aspect_max: float = 50.0


DEFAULT_LIMITS: Final = Limits()


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
    if photo == "png":
        _check_png_chunks(data)
    if photo == "bmp":
        return _probe_bitmap(data, limits)
    image = _open(photo, data)
    # Before EXIF and all else, for a header can claim more than anything here should look at.
    check_size(image.width, image.height, limits)
    if photo == "tiff":
        _check_tiff(image)
    notes: list[Note] = []
    exif = _exif_of(photo, image, notes)
    width, height = _upright(image.width, image.height, exif.orientation)
    return Header(photo, width, height, exif, tuple(notes))


def decode(data: bytes, *, limits: Limits = DEFAULT_LIMITS, shrink_to_px: int | None = None) -> Photo:
    """Decode a photo: upright, sRGB, its own alpha kept.

    shrink_to_px: about how many pixels (area) are needed. A JPEG is then decoded at 1/2, 1/4 or 1/8 of its
        sides, which is faster; the result never has fewer pixels than asked unless the photo has.
    Raises what `probe` raises.
    """
    header = probe(data, limits)
    if header.format == "bmp":
        opened: Any = _vips_from_array(_read_bitmap(data))
    elif header.format == "heic":
        opened = _read_heic(data, limits)
    else:
        opened = _open(header.format, data, _shrink_factor(header, shrink_to_px))
    return _finish(data, header, opened)


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
        opened = _vips_from_array(_pillow_pixels(image))
    except (OSError, SyntaxError) as error:
        raise TruncatedPhotoError("The photo ends before its last row.") from error
    profile = image.info.get("icc_profile")
    if image.mode == "CMYK":
        opened = opened.copy(interpretation="cmyk")
    if profile:
        opened = opened.copy()
        opened.set_type(_vips().GValue.blob_type, "icc-profile-data", profile)
    width, height = _upright(image.width, image.height, exif.orientation)
    rgb, alpha = _split_alpha(turn(_pixels_of(to_srgb(opened, notes)), exif.orientation))
    dpi = image.info.get("dpi")
    resolution = sane_dpi(float(dpi[0]), float(dpi[1])) if dpi else exif.dpi
    resolution = _upright_dpi(resolution, exif.orientation)
    return Photo(rgb, alpha, resolution, None, (width, height), tuple(notes))


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

    Raises TooManyPixelsError or InvalidDimensionsError.
    """
    short, long = sorted((width, height))
    if short < limits.side_px_min or long > short * limits.aspect_max:
        raise InvalidDimensionsError(f"A photo of {width}×{height} pixels is too small or too narrow.")
    if width * height > limits.pixels_max:
        megapixels, most = width * height / 1e6, limits.pixels_max / 1e6
        raise TooManyPixelsError(f"The photo has {megapixels:.1f} megapixels; at most {most:g} are allowed.")
    if long > limits.side_px_max:
        raise InvalidDimensionsError(
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


def _vips() -> Any:
    """libvips, loaded when first needed: it takes 50 ms.

    Its cache of past operations is turned off, because it would keep photos alive that are done with.
    """
    import pyvips

    pyvips.cache_set_max(0)
    return pyvips


def _open(photo: Format, data: bytes, shrink: int = 1) -> Any:
    """Open with the one reader that belongs to the kind; reads the header only."""
    pyvips = _vips()
    loaders = {"heic": "heif", "avif": "heif"}
    load = getattr(pyvips.Image, f"{loaders.get(photo, photo)}load_buffer")
    options = {"shrink": shrink} if shrink > 1 else {}
    try:
        return load(data, access="sequential", fail_on="error", **options)
    except pyvips.Error as error:
        raise _unreadable(photo, data) from error


def _unreadable(photo: Format, data: bytes) -> PhotoError:
    if ends_early(photo, data):
        return TruncatedPhotoError("The photo's file ends before the picture does.")
    return BrokenPhotoError("The photo's file is damaged.")


_TEXT_CHUNKS: Final = (b"zTXt", b"iTXt", b"iCCP")
_UNPACKED_BYTES_MAX: Final = 16_000_000
_CHUNKS_MAX: Final = 100_000


def _check_png_chunks(data: bytes) -> None:
    """Refuse a PNG whose texts or profile unpack to more than any photo has: libpng would unpack them all."""
    at, budget = 8, _UNPACKED_BYTES_MAX
    for _ in range(_CHUNKS_MAX):
        if at + 8 > len(data):
            return
        length, name = int.from_bytes(data[at : at + 4], "big"), bytes(data[at + 4 : at + 8])
        if name in _TEXT_CHUNKS:
            budget -= _unpacked_bytes(name, bytes(data[at + 8 : at + 8 + length]), budget)
            if budget <= 0:
                raise DecompressionBombError("The photo's texts unpack to far more than a photo holds.")
        at += 12 + length
    raise DecompressionBombError("The photo is in far more pieces than a photo has.")


def _unpacked_bytes(name: bytes, body: bytes, budget: int) -> int:
    """How many bytes a chunk unpacks to, counted up to `budget` and never kept."""
    start = body.find(b"\0") + 2
    if name == b"iTXt":
        if body[start - 1 : start] != b"\1":
            return len(body)
        start = body.find(b"\0", body.find(b"\0", start + 1) + 1) + 1
    unpacker, packed, total = zlib.decompressobj(), body[start:], 0
    try:
        while packed and total < budget:
            total += len(unpacker.decompress(packed, 65_536))
            packed = unpacker.unconsumed_tail
    except zlib.error:
        pass  # Broken texts are not read by anyone.
    return total


def _check_tiff(image: Any) -> None:
    """Refuse what wears a TIFF header but is no photo of 8 or 16 bits a colour."""
    if image.format not in ("uchar", "ushort") and image.interpretation not in ("lab", "labs"):
        raise UnsupportedPhotoError(
            "tiff", f"This is a TIFF of numbers of type {image.format}, which is not a photo.",
            hint="Save it with 8 or 16 bits a colour first.",
        )  # fmt: skip


def _exif_of(photo: Format, image: Any, notes: list[Note]) -> Exif:
    """Which way is up and how many pixels to an inch, from wherever the format says it."""
    dpi = None
    if image.xres != 1.0 or image.yres != 1.0:  # What libvips says when the file says nothing.
        dpi = sane_dpi(image.xres, image.yres, 25.4)
    if photo == "tiff":
        given = image.get("orientation") if image.get_typeof("orientation") else 1
        return Exif(given if 1 <= given <= 8 else 1, dpi)
    exif = Exif()
    if image.get_typeof("exif-data"):
        exif = _parse_exif(bytes(image.get("exif-data")), notes)
    # The readers of HEIC and AVIF have turned the picture already, as their own header says.
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


def _finish(data: bytes, header: Header, opened: Any) -> Photo:
    """Colours to sRGB, alpha apart, upright."""
    notes = list(header.notes)
    try:
        pixels = _pixels_of(to_srgb(opened, notes))
    except _vips().Error as error:
        raise _unreadable(header.format, data) from error
    del opened
    orientation = header.exif.orientation
    rgb, alpha = _split_alpha(turn(pixels, orientation))
    dpi = _upright_dpi(header.exif.dpi, orientation)
    return Photo(rgb, alpha, dpi, header.format, (header.width, header.height), tuple(notes))


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


def _by_rows(array: NDArray[Any], convert: Any) -> NDArray[np.uint8]:
    out = np.empty(array.shape, np.uint8)
    for start in range(0, array.shape[0], 64):
        out[start : start + 64] = convert(array[start : start + 64]).astype(np.uint8)
    return out


def _vips_from_array(array: NDArray[Any]) -> Any:
    """A lazy image over H×W or H×W×C uint8 or uint16 pixels, which it keeps alive."""
    array = np.ascontiguousarray(array)
    return _vips().Image.new_from_array(array)


def _pillow_pixels(image: PillowImage) -> NDArray[Any]:
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


def _probe_bitmap(data: bytes, limits: Limits) -> Header:
    """The size of a Windows bitmap, from its header of 12 or at least 40 bytes."""
    if len(data) < 26:
        raise TruncatedPhotoError("The photo's file ends before the picture does.")
    old = int.from_bytes(data[14:18], "little") == 12
    at, size = (18, 2) if old else (18, 4)
    width = int.from_bytes(data[at : at + size], "little", signed=not old)
    height = abs(int.from_bytes(data[at + size : at + 2 * size], "little", signed=not old))
    check_size(width, height, limits)
    dpi = None
    if not old and len(data) >= 46:
        across, down = (int.from_bytes(data[i : i + 4], "little", signed=True) for i in (38, 42))
        dpi = sane_dpi(across, down, 0.0254)
    return Header("bmp", width, height, Exif(1, dpi))


def _read_bitmap(data: bytes) -> NDArray[np.uint8]:
    """Decode a Windows bitmap; with its own class, for `Image.open` has limits of its own that warn."""
    import io
    import struct

    from PIL import BmpImagePlugin

    try:
        return _u8(_pillow_pixels(BmpImagePlugin.BmpImageFile(io.BytesIO(data))))
    except (OSError, ValueError, SyntaxError, KeyError, IndexError, TypeError, struct.error) as error:
        raise _unreadable("bmp", data) from error


def _read_heic(data: bytes, limits: Limits) -> Any:
    """Decode HEIC with pillow-heif: libvips' wheel has no decoder for it, only a reader of its header."""
    import pillow_heif

    try:
        heif = pillow_heif.open_heif(data, convert_hdr_to_8bit=True)
        check_size(heif.size[0], heif.size[1], limits)
        image = _vips_from_array(np.asarray(heif))
    except (ValueError, RuntimeError, EOFError, OSError, SyntaxError, IndexError) as error:
        raise _unreadable("heic", data) from error
    profile = heif.info.get("icc_profile")
    if profile:
        image = image.copy()
        image.set_type(_vips().GValue.blob_type, "icc-profile-data", profile)
    return image


def _upright(width: int, height: int, orientation: int) -> tuple[int, int]:
    return (height, width) if orientation >= 5 else (width, height)


def _upright_dpi(dpi: tuple[float, float] | None, orientation: int) -> tuple[float, float] | None:
    return (dpi[1], dpi[0]) if dpi and orientation >= 5 else dpi


def _u8(array: Any) -> NDArray[np.uint8]:
    """For the type checker: OpenCV and Pillow return arrays of unnamed type."""
    result: NDArray[np.uint8] = np.asarray(array, np.uint8)
    return result
