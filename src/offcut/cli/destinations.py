"""Where each result goes: the official client's names, never two photos on one name, never over a photo.

Beside the photo the result is `<name>-removebg.<ext>`; in an output folder it is `<name>.<ext>`, below the
same folders as its photo. An output folder that photos of the run lie in is no such folder: there the results
keep `-removebg`, or the next run would take them for photos. Photos that share a name (`dog.jpg` and
`dog.png`) all carry their own suffix (`dog-jpg-removebg.png`, `dog-png-removebg.png`), so that a result never
depends on which of them came first.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from offcut.cli.photos import OUTPUT_MARK, Found
from offcut.engine.photo_files import PHOTO_SUFFIXES
from offcut.errors import OutputInUseError, UnwritableOutputError

TAKEOVER_S = 0.2
"""How long to try for a result's lock: the first try removes what a dead run left, the next one gets it."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where one result goes. `suffixes` are the endings it may get: two for `format=auto`, which writes PNG
    or JPEG, whichever the result needs."""

    folder: Path
    stem: str
    suffixes: tuple[str, ...]

    def path(self, suffix: str) -> Path:
        """The file of the result when it ends in `suffix` (no dot)."""
        return self.folder / f"{self.stem}.{suffix}"

    def path_for(self, result_format: str) -> Path:
        """The file of a result of this format."""
        return self.path(result_format if result_format in self.suffixes else self.suffixes[0])

    def existing(self) -> Path | None:
        """The result of an earlier run, if there is one."""
        return next((path for path in map(self.path, self.suffixes) if path.exists()), None)

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Keeps other runs off this result while the block runs.

        A lock file beside the result says who works on it; one left behind by a run that died is taken
        over. Raises `OutputInUseError` when a living run holds it, `UnwritableOutputError` when the folder
        cannot be made or written.
        """
        from filelock import SoftFileLock, Timeout

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = SoftFileLock(
                self.folder / f".{self.stem}.offcut.lock", timeout=TAKEOVER_S, poll_interval=TAKEOVER_S / 4
            )
            lock.acquire()
        except Timeout:
            raise OutputInUseError(f"Another run is making {self.path(self.suffixes[0])}.") from None
        except OSError as error:
            raise UnwritableOutputError(
                f"The folder {self.folder} cannot be written: {error.strerror}."
            ) from error
        try:
            yield
        finally:
            lock.release()


def destinations(
    photos: Sequence[Found], *, output_folder: Path | None, suffixes: tuple[str, ...]
) -> list[Destination]:
    """One destination a photo, in the same order, all different and none of them one of the photos."""
    siblings = _Siblings()
    folders = [_folder(photo, output_folder) for photo in photos]
    places = [_place(folder) for folder in folders]
    own = {_place(photo.location.parent) for photo in photos if isinstance(photo.location, Path)}
    is_apart = [output_folder is not None and place not in own for place in places]
    stems = [
        _stem(photo, folder, "" if apart else OUTPUT_MARK, suffixes, siblings)
        for photo, folder, apart in zip(photos, folders, is_apart, strict=True)
    ]
    sources = {photo.identity for photo in photos}

    def written_over(number: int, stem: str) -> bool:
        target = Destination(folders[number], stem, suffixes)
        return any(Found(target.path(suffix)).identity in sources for suffix in suffixes)

    stems = [f"{stem}{OUTPUT_MARK}" if written_over(at, stem) else stem for at, stem in enumerate(stems)]
    for rename in (_with_parent, _with_digest):
        # Upper and lower case count as the same, because on many disks they are.
        taken = Counter((place, stem.casefold()) for place, stem in zip(places, stems, strict=True))
        stems = [
            rename(photos[at], stem)
            if taken[places[at], stem.casefold()] > 1 or written_over(at, stem)
            else stem
            for at, stem in enumerate(stems)
        ]
    return [Destination(folder, stem, suffixes) for folder, stem in zip(folders, stems, strict=True)]


def _place(folder: Path) -> str:
    """The same for the same folder, however its path was written."""
    return str(folder.resolve()).casefold()


def _folder(photo: Found, output_folder: Path | None) -> Path:
    if output_folder is not None:
        return output_folder / photo.folder
    return photo.location.parent if isinstance(photo.location, Path) else Path()


def _stem(photo: Found, folder: Path, mark: str, suffixes: tuple[str, ...], siblings: _Siblings) -> str:
    """The plain name and the mark, with the photo's own suffix between if photos beside it share the name.

    A file that this very photo's result would be is no such photo: it is the result of an earlier run.
    """
    if not isinstance(photo.location, Path):
        return f"{photo.stem}{mark}"
    results = {Found(folder / f"{photo.stem}{mark}.{suffix}").identity for suffix in suffixes}
    if any(Found(sibling).identity not in results for sibling in siblings.of(photo.location)):
        return f"{photo.stem}-{photo.suffix}{mark}"
    return f"{photo.stem}{mark}"


class _Siblings:
    """Photos that share folder and name and differ in the suffix; each folder is listed once."""

    def __init__(self) -> None:
        self._folders: dict[Path, dict[str, list[Path]]] = {}

    def of(self, path: Path) -> list[Path]:
        if path.parent not in self._folders:
            by_stem: dict[str, list[Path]] = {}
            for entry in path.parent.iterdir() if path.parent.is_dir() else ():
                if entry.suffix.lower() in PHOTO_SUFFIXES:
                    by_stem.setdefault(entry.stem.casefold(), []).append(entry)
            self._folders[path.parent] = by_stem
        same_stem = self._folders[path.parent].get(path.stem.casefold(), [])
        return [other for other in same_stem if other.name != path.name]


def _with_parent(photo: Found, stem: str) -> str:
    if isinstance(photo.location, str):
        return _with_digest(photo, stem)
    parent = photo.location.parent.resolve().name
    return f"{parent}-{stem}" if parent else stem


def _with_digest(photo: Found, stem: str) -> str:
    return f"{stem}-{hashlib.sha256(photo.identity.encode()).hexdigest()[:8]}"
