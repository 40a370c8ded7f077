"""Photo files on disk: which they are, and their bytes, bounded. Imports nothing heavy."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO, TYPE_CHECKING

from offcut.errors import FileTooLargeError, PhotoNotFoundError, PhotoTypeError, PhotoUnreadableError

if TYPE_CHECKING:
    from offcut.engine.options import Format

PHOTO_SUFFIXES = frozenset(
    (
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".webp",
        ".heic",
        ".heif",
        ".avif",
        ".tif",
        ".tiff",
        ".bmp",
        ".gif",
    )
)
"""What is taken from a folder. A file that is named is tried whatever its name ends in."""

FORMATS_BY_SUFFIX: Mapping[str, Format] = MappingProxyType(
    {
        ".png": "png",
        ".jpg": "jpg",
        ".jpeg": "jpg",
        ".webp": "webp",
        ".zip": "zip",
        ".tif": "tiff",
        ".tiff": "tiff",
        ".psd": "psd",
    }
)
"""Which format a file name asks for."""

FILE_SIZE_MAX = 400_000_000
"""Most bytes of one photo file, the same as `decode.Limits` allows; told here before they are read."""


def photos_in(folder: Path) -> list[Path]:
    """The photos directly in a folder, by name; hidden files are left out."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in PHOTO_SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


def read_file(path: Path, size_max: int = FILE_SIZE_MAX) -> bytes:
    """The bytes of a photo file. Raises `PhotoError` when it is missing, unreadable or too large."""
    try:
        with path.open("rb") as opened:
            return read_bounded(opened, str(path), size_max)
    except FileNotFoundError:
        raise PhotoNotFoundError(f"There is no file {path}.") from None
    except OSError as error:
        raise PhotoUnreadableError(f"{path} cannot be read: {error.strerror}.") from error


def read_bounded(opened: IO[bytes], name: str, size_max: int) -> bytes:
    """All that an open binary file still holds. Raises `PhotoError` when that is more than `size_max`, or
    when the file is closed or not open for reading bytes."""
    as_text = PhotoTypeError(f"{name} was opened as text.", hint="Open it with mode 'rb'.")
    if isinstance(opened, io.TextIOBase):
        raise as_text  # Before it is read: the bytes of a photo are no text, and reading would fail on them.
    try:
        content = opened.read(size_max + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise PhotoUnreadableError(f"{name} cannot be read: {why}.") from error
    if not isinstance(content, bytes):
        raise as_text
    if len(content) > size_max:
        raise FileTooLargeError(f"{name} is larger than {size_max // 1_000_000} MB.")
    return content
