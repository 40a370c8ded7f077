"""Which photos are meant: files, patterns, folders and addresses, each found once, in a steady order."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from offcut.cli.fetch import fetch
from offcut.engine.photo_files import PHOTO_SUFFIXES, photos_in, read_file
from offcut.errors import PhotoError, PhotoNotFoundError

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
    results, is left out, and so are results of earlier runs. An argument that leads nowhere comes back
    as `Lost`.
    """
    seen: set[str] = set()
    for argument in arguments:
        for found in _expand(argument, recursive, beside):
            key = found.identity if isinstance(found, Found) else found.argument
            if key not in seen:
                seen.add(key)
                yield found


def is_address(argument: str) -> bool:
    """Whether the argument is a web address."""
    return argument.lower().startswith(("http://", "https://"))


def is_earlier_result(path: Path) -> bool:
    """Whether the file is a result that an earlier run put beside its photo."""
    if not path.stem.endswith(OUTPUT_MARK):
        return False
    stem = path.stem.removesuffix(OUTPUT_MARK)
    names = {sibling.name.lower() for sibling in photos_in(path.parent)}
    own, _, suffix = stem.rpartition("-")
    return any(f"{stem}{ending}".lower() in names for ending in PHOTO_SUFFIXES) or (
        f".{suffix.lower()}" in PHOTO_SUFFIXES and f"{own}.{suffix}".lower() in names
    )


def _expand(argument: str, recursive: bool, beside: Path | None) -> Iterator[Found | Lost]:
    path = Path(argument)
    if is_address(argument):
        yield Found(argument)
    elif path.is_dir():
        yield from walk(path, recursive=recursive, beside=beside)
    elif path.exists():
        if not is_earlier_result(path):
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
        elif path.suffix.lower() in PHOTO_SUFFIXES and not is_earlier_result(path):
            yield Found(path)


def walk(top: Path, *, recursive: bool, beside: Path | None = None) -> Iterator[Found]:
    """The photos in a folder by name, then those of each folder in it; hidden ones are left out."""
    apart = beside.resolve() if beside else None
    for folder, inner, _ in os.walk(top):
        inner[:] = sorted(name for name in inner if not name.startswith(".")) if recursive else []
        here = Path(folder)
        if apart and here != top and here.resolve() == apart:
            inner[:] = []
            continue
        for path in photos_in(here):
            if not is_earlier_result(path):
                yield Found(path, here.relative_to(top))
