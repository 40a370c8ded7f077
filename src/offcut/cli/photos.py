"""Which photos are meant: files, patterns, folders and addresses, each found once, in a steady order."""

from __future__ import annotations

import glob
import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from urllib.parse import unquote, urlsplit

from offcut.cli.fetch import fetch
from offcut.engine.photo_files import PHOTO_SUFFIXES, read_file
from offcut.errors import PhotoError, PhotoNotFoundError, PhotoUnreadableError

OUTPUT_MARK = "-removebg"
"""Ends the name of a result that lies beside its photo."""


@dataclass(frozen=True, slots=True)
class Found:
    """One photo to work on. `location` is a path or an address; `folder` is where it lay below the folder
    that was named, so that results can keep the tree."""

    location: Path | str
    folder: Path = Path()

    @property
    def name(self) -> str:
        """What messages call it."""
        return str(self.location)

    @property
    def identity(self) -> str:
        """The same for the same photo, however its path was written; two links to one file stay two."""
        if isinstance(self.location, str):
            return self.location
        return str(self.location.parent.resolve() / self.location.name)

    @property
    def stem(self) -> str:
        """The name its result is made from."""
        if isinstance(self.location, Path):
            return self.location.stem
        last = PurePosixPath(unquote(urlsplit(self.location).path)).name
        kept = "".join(letter if letter.isalnum() or letter in "-_. " else "_" for letter in last)
        return Path(kept).stem.strip(" .") or "photo"

    @property
    def suffix(self) -> str:
        """Its suffix without the dot, lower case; "" for none."""
        name = self.location.name if isinstance(self.location, Path) else urlsplit(self.location).path
        return PurePosixPath(name).suffix.lower().lstrip(".")

    def read(self, size_max: int) -> bytes:
        """The bytes of the photo. Raises `PhotoError` when it cannot be had or is larger than `size_max`."""
        if isinstance(self.location, str):
            return fetch(self.location, size_max=size_max)
        return read_file(self.location, size_max)


@dataclass(frozen=True, slots=True)
class Lost:
    """An argument that leads to no photo, and why."""

    argument: str
    error: PhotoError


def find(
    arguments: Iterable[str], *, recursive: bool = False, beside: Path | None = None
) -> Iterator[Found | Lost]:
    """Every photo that the arguments mean, once, in the order of the arguments and then by name.

    A folder gives the photos in it (`recursive`: and below it); what lies in `beside`, the folder for the
    results, is left out, and so is what bears a result's name. A file that is named outright is left out
    only where it is the result of a photo beside it. An argument that leads nowhere comes back as `Lost`.
    """
    seen: set[str] = set()
    folders = _Folders()
    for argument in arguments:
        for found in _expand(argument, recursive, beside, folders):
            key = found.identity if isinstance(found, Found) else found.argument
            if key not in seen:
                seen.add(key)
                yield found


def is_address(argument: str) -> bool:
    """Whether the argument is a web address."""
    return argument.lower().startswith(("http://", "https://"))


def walk(top: Path, *, recursive: bool, beside: Path | None = None) -> Iterator[Found | Lost]:
    """The photos in a folder by name, then those of each folder in it; hidden ones and those with a result's
    name are left out. A folder that cannot be read is `Lost`."""
    apart = beside.resolve() if beside else None
    unread: list[OSError] = []
    for folder, inner, names in os.walk(top, onerror=unread.append):
        inner[:] = sorted(name for name in inner if not name.startswith(".")) if recursive else []
        here = Path(folder)
        if apart and here != top and here.resolve() == apart:
            inner[:] = []
            continue
        photos = sorted(name for name in names if is_photo(name))
        yield from (Found(here / name, here.relative_to(top)) for name in photos)
    for error in unread:
        reason = PhotoUnreadableError(f"The folder {error.filename} cannot be read: {error.strerror}.")
        yield Lost(str(error.filename), reason)


def is_photo(name: str) -> bool:
    """Whether a file of this name is taken from a folder: a result is not, though its photo be gone."""
    suffix = PurePath(name).suffix.lower()
    return suffix in PHOTO_SUFFIXES and not name.startswith(".") and not _is_marked(name)


def _is_marked(name: str) -> bool:
    return PurePath(name).stem.lower().endswith(OUTPUT_MARK)


class _Results:
    """Tells results that earlier runs put beside their photos, in a folder of these names (lower case)."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names

    def has(self, name: str) -> bool:
        """Whether the name is that of a result whose photo lies in the folder."""
        if not _is_marked(name):
            return False
        stem = PurePath(name).stem.lower().removesuffix(OUTPUT_MARK)
        own, _, suffix = stem.rpartition("-")
        return any(f"{stem}{ending}" in self._names for ending in PHOTO_SUFFIXES) or (
            f".{suffix}" in PHOTO_SUFFIXES and f"{own}.{suffix}" in self._names
        )


class _Folders:
    """The results in each folder; a folder is listed once, and only when a name in it looks like a result."""

    def __init__(self) -> None:
        self._seen: dict[Path, _Results] = {}

    def has_result(self, path: Path) -> bool:
        """Whether the file is a result of an earlier run."""
        if not _is_marked(path.name):
            return False
        if path.parent not in self._seen:
            self._seen[path.parent] = _Results({entry.name.lower() for entry in path.parent.iterdir()})
        return self._seen[path.parent].has(path.name)


def _expand(argument: str, recursive: bool, beside: Path | None, folders: _Folders) -> Iterator[Found | Lost]:
    path = Path(argument)
    if is_address(argument):
        yield Found(argument)
    elif path.is_dir():
        yield from walk(path, recursive=recursive, beside=beside)
    elif path.exists():
        if not folders.has_result(path):
            yield Found(path)
    elif glob.has_magic(argument):
        yield from _match(argument, recursive, beside)
    else:
        yield Lost(argument, PhotoNotFoundError(f"There is no file {argument}."))


def _match(pattern: str, recursive: bool, beside: Path | None) -> Iterator[Found | Lost]:
    matches = sorted(Path(match) for match in glob.glob(pattern, recursive=True))  # noqa: PTH207 (may be absolute)
    if not matches:
        yield Lost(pattern, PhotoNotFoundError(f"Nothing matches {pattern}."))
    for path in matches:
        if path.is_dir():
            if recursive:
                yield from walk(path, recursive=True, beside=beside)
        elif is_photo(path.name):
            yield Found(path)
