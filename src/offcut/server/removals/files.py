"""The files of images: where they lie, how they are written, and that none stays behind.

They lie in a storage of their own that no web server serves: every byte goes out through a view that has
asked whose it is. Names are ours: what a stranger calls a file never becomes part of a path.
"""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

from django.core.files.storage import storages
from django.db.models import Sum

from offcut.engine.files import write_file
from offcut.server.removals.models import Background, Image


def write(image_id: uuid.UUID, name: str, content: bytes) -> str:
    """Write a file into an image's folder, whole or not at all, in place of one of that name; its path.

    Raises OutputError.
    """
    path = f"{_folder(image_id)}/{name}"
    place = _place(path)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_file(place, content)
    return path


def read(path: str) -> bytes:
    """A file's bytes. Raises FileNotFoundError."""
    if not path:
        raise FileNotFoundError("no path")
    return _place(path).read_bytes()


def find(image_id: uuid.UUID, name: str) -> bytes | None:
    """The bytes of a file in an image's folder, None when it is not there."""
    try:
        return read(f"{_folder(image_id)}/{name}")
    except FileNotFoundError:
        return None


def remove(path: str) -> None:
    """Delete one file; nothing happens when it is gone already."""
    if path:
        _place(path).unlink(missing_ok=True)


def remove_named(image_id: uuid.UUID, name: str) -> None:
    """Delete one file of an image's folder by its name there."""
    remove(f"{_folder(image_id)}/{name}")


def remove_all(image_id: uuid.UUID) -> None:
    """Delete an image's folder with everything in it."""
    shutil.rmtree(_place(_folder(image_id)), ignore_errors=True)


def size_of(image_id: uuid.UUID) -> int:
    """How many bytes an image's files take."""
    return sum(file.stat().st_size for file in _place(_folder(image_id)).iterdir())


def total_bytes(*, of_visitors: bool = False) -> int:
    """How many bytes all kept files take, or those of visitors alone."""
    only = {"team": None} if of_visitors else {}
    sums = [
        rows.filter(**only).aggregate(sum=Sum("bytes"))["sum"] or 0
        for rows in (Image.objects.filter(gone=""), Background.objects.all())
    ]
    return sum(sums)


def _place(path: str) -> Path:
    return Path(storages["images"].path(path))


def _folder(image_id: uuid.UUID) -> str:
    name = image_id.hex
    return f"{name[:2]}/{name}"
