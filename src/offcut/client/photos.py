"""Photos on their way to the server: streamed from where they are, and rewound for another try."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import IO, Any

from offcut.errors import EmptyPhotoError, PhotoNotFoundError, PhotoTypeError, PhotoUnreadableError

Upload = tuple[str, Any]
"""The name that the server sees, and bytes or an open file."""


@dataclass(frozen=True, slots=True)
class Body:
    """What one request carries: form fields, and files that can be sent more than once."""

    fields: Mapping[str, str]
    files: Mapping[str, Upload] = field(default_factory=dict)


@contextmanager
def opened(fields: Mapping[str, str], photos: Mapping[str, Any]) -> Iterator[Body]:
    """The body with its photos open. `photos` maps "image" or "bg_image" to a path, bytes, an open binary
    file or an http(s) address, which the server then fetches by itself.

    A file is sent from where it stands, in pieces, and never held in memory; only what cannot be rewound (a
    pipe) is read into memory first, because another try would find it empty. Raises a PhotoError.
    """
    with ExitStack() as stack:
        texts, files = dict(fields), {}
        for name, photo in photos.items():
            if is_address(photo):
                texts[f"{name}_url"] = photo.strip()
            else:
                files[f"{name}_file"] = _upload(photo, stack)
        yield Body(texts, files)


def is_address(photo: Any) -> bool:
    """Whether this is a web address."""
    return isinstance(photo, str) and photo.strip().lower().startswith(("http://", "https://"))


def _upload(photo: Any, stack: ExitStack) -> Upload:
    if isinstance(photo, bytes | bytearray | memoryview):
        return _named("", bytes(photo), len(photo))
    if isinstance(photo, str | os.PathLike):
        path = Path(photo)
        file = stack.enter_context(_open(path))
        return _file(path.name, file)
    if not callable(getattr(photo, "read", None)) or isinstance(photo, io.TextIOBase):
        raise PhotoTypeError(
            f"A photo cannot be a {type(photo).__name__}.",
            hint="Give a path, bytes, a file that was opened with mode 'rb', or an address.",
        )
    name = getattr(photo, "name", "")
    return _file(name if isinstance(name, str) else "", photo)


def _file(name: str, file: Any) -> Upload:
    if getattr(file, "seekable", bool)():
        rest = FileFromHere(file)
        return _named(name, rest, rest.size)
    content = file.read()
    return _named(name, content, len(content))


def _open(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise PhotoNotFoundError(f"There is no file {path}.") from None
    except OSError as error:
        raise PhotoUnreadableError(f"{path} cannot be read: {error.strerror}.") from error


def _named(name: str, content: Any, size: int) -> Upload:
    """With the suffix as the only part of the name: the rest is nobody's business."""
    if size == 0:
        raise EmptyPhotoError("The photo has no bytes.")
    suffix = PurePath(name).suffix.lower()
    return f"photo{suffix if suffix.isascii() else ''}", content


class FileFromHere:
    """The part of an open file from where it stands; position 0 is that place."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._start: int = file.tell()
        self.size: int = file.seek(0, os.SEEK_END) - self._start
        file.seek(self._start)

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes."""
        content: bytes = self._file.read(size)
        return content

    def tell(self) -> int:
        """Bytes from the start of this part."""
        return int(self._file.tell()) - self._start

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves, and says where to."""
        self._file.seek(offset + self._start if whence == os.SEEK_SET else offset, whence)
        return self.tell()
