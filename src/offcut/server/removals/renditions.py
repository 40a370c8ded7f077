"""What a screen shows of an image: small copies of photo, colours and matte, made once and kept as files."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import cv2
import numpy as np

from offcut.engine import foreground
from offcut.engine.decode import decode
from offcut.engine.encode import encode
from offcut.engine.types import Alpha, Rgb
from offcut.server.removals import files
from offcut.server.removals.models import Image

SCREEN_SIDE_PX = 1600
QUALITY = 88
ORIGINAL = "screen.jpg"


@dataclass(frozen=True, slots=True)
class Screen:
    """The size of the copies for the screen, in pixels."""

    width: int
    height: int


def screen_of(width: int, height: int) -> Screen:
    """The size for the screen of a photo of this size: its longest side is at most 1600 pixels."""
    ratio = min(1.0, SCREEN_SIDE_PX / max(width, height))
    return Screen(max(1, round(width * ratio)), max(1, round(height * ratio)))


def write_first(image_id: uuid.UUID, rgb: Rgb, alpha: Alpha) -> None:
    """Make all copies from the arrays at hand: H×W×3 and H×W uint8, of one size."""
    screen = screen_of(alpha.shape[1], alpha.shape[0])
    small, matte = shrunk(rgb, screen), shrunk(alpha, screen)
    files.write(image_id, ORIGINAL, encode(small, None, "jpg", quality=QUALITY))
    files.write(image_id, _matte_name(0), encode(matte, None, "png"))
    files.write(image_id, _colours_name(0), _colours(small, matte))


def original(image: Image) -> bytes:
    """A JPEG of the upright photo. Raises PhotoError, FileNotFoundError."""
    kept = files.find(image.pk, ORIGINAL)
    if kept is not None:
        return kept
    screen = screen_of(image.width, image.height)
    photo = decode(files.read(image.original_file), shrink_to_px=screen.width * screen.height)
    content = encode(shrunk(photo.pixels, screen), None, "jpg", quality=QUALITY)
    files.write(image.pk, ORIGINAL, content)
    return content


def matte(image: Image) -> bytes:
    """A gray PNG of the present matte. Raises FileNotFoundError."""
    kept = files.find(image.pk, _matte_name(image.matte_number))
    return write_matte(image, gray(files.read(image.matte_file))) if kept is None else kept


def write_matte(image: Image, alpha: Alpha) -> bytes:
    """Make the copy of the present matte, which is `alpha` at full size (H×W uint8); the gray PNG."""
    content = encode(shrunk(alpha, screen_of(image.width, image.height)), None, "png")
    files.write(image.pk, _matte_name(image.matte_number), content)
    return content


def colours(image: Image) -> bytes:
    """A JPEG of the subject's own colours, under the present matte. Raises FileNotFoundError."""
    name = _colours_name(image.matte_number)
    kept = files.find(image.pk, name)
    if kept is not None:
        return kept
    content = _colours(decode(original(image)).pixels, gray(matte(image)))
    files.write(image.pk, name, content)
    return content


def forget_older(image: Image) -> None:
    """Delete the copies of mattes before the present one."""
    for number in range(max(0, image.matte_number - 3), image.matte_number):
        for name in (_matte_name(number), _colours_name(number)):
            files.remove_named(image.pk, name)


def gray(png: bytes) -> Alpha:
    """The pixels of a gray PNG that we wrote: H×W uint8."""
    return np.ascontiguousarray(decode(png).pixels[:, :, 0])


def shrunk(picture: Rgb | Alpha, screen: Screen) -> Rgb | Alpha:
    """At the size of the screen; as it is when it has that size."""
    if picture.shape[:2] == (screen.height, screen.width):
        return picture
    size = (screen.width, screen.height)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _colours(rgb: Rgb, alpha: Alpha) -> bytes:
    """The subject's own colours where the matte is partial, the photo elsewhere."""
    found = foreground.estimate(rgb, alpha)
    np.copyto(found, rgb, where=(alpha == 0)[:, :, None])
    return encode(found, None, "jpg", quality=QUALITY)


def _matte_name(number: int) -> str:
    return f"screen-matte-{number}.png"


def _colours_name(number: int) -> str:
    return f"screen-colours-{number}.jpg"
