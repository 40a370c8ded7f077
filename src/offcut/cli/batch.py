"""Works on many photos at once: each is claimed, read, cut out and written whole, or reported."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from offcut import library
from offcut.cli.destinations import Destination
from offcut.cli.photos import Found
from offcut.engine.photo_files import FILE_SIZE_MAX
from offcut.errors import OffcutError, OutputInUseError

if TYPE_CHECKING:
    from offcut.engine.cutout import Cutout
    from offcut.engine.models.networks import Networks
    from offcut.engine.options import Options

Status = Literal["done", "skipped", "failed", "stopped"]


@dataclass(frozen=True, slots=True)
class Task:
    """One photo and where its result goes."""

    photo: Found
    destination: Destination


@dataclass(frozen=True, slots=True)
class Record:
    """What became of one photo. `facts` describe the result for programs (`--json`)."""

    photo: str
    status: Status
    output: Path | None = None
    reason: str = ""
    error: OffcutError | None = None
    seconds: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)


class Remover(Protocol):
    """What makes the cut-outs: this machine (`Here`), or a server (`offcut.cli.remote`). `is_paid`: a result
    costs money, so it is written even when the run was told to end meanwhile."""

    is_paid: bool

    def cut_out(self, content: bytes, options: Options) -> Any:
        """The cut-out of a photo that was read already: it has a `format`, and `encode()` gives its file."""

    def facts_of(self, cutout: Any) -> dict[str, Any]:
        """What `--json` says about it."""

    def stop(self, *, by_hand: bool = False) -> None:
        """The run is told to end, `by_hand` or by an error: nothing new is begun. May be called by a signal
        handler."""


class StoppedError(Exception):
    """The run was told to end: this photo is left as it was. Its text says more, if there is more to say."""


class Batch:
    """The work on a list of photos; `stop` ends it before the next photo and before the next write."""

    def __init__(
        self, options: Options, *, reprocess_existing: bool, jobs: int, remover: Remover | None = None
    ) -> None:
        self._options = options
        self._remover = remover or Here()
        self._reprocess_existing = reprocess_existing
        self._jobs = jobs
        self._stopping = threading.Event()

    def stop(self, *, by_hand: bool = False) -> None:
        """Lets what is being computed end, and writes nothing more but what was paid for."""
        self._stopping.set()
        self._remover.stop(by_hand=by_hand)

    def run(self, tasks: Iterable[Task]) -> Iterator[Record]:
        """One record a task, in their order."""
        return library.in_order(self._record, self._until_stopped(tasks), jobs=self._jobs)

    def wait(self, seconds: float) -> bool:
        """Sleeps, less when the batch is stopped meanwhile; True when it is."""
        return self._stopping.wait(seconds)

    def _until_stopped(self, tasks: Iterable[Task]) -> Iterator[Task]:
        return (task for task in tasks if not self._stopping.is_set())

    def is_done_already(self, task: Task) -> bool:
        """Whether an earlier run left a result that this one would keep."""
        return not self._reprocess_existing and task.destination.existing() is not None

    def _record(self, task: Task) -> Record:
        started = time.perf_counter()
        name = task.photo.name
        try:
            output, facts = self._make(task)
        except StoppedError as stopped:
            return Record(name, "stopped", reason=str(stopped))
        except OutputInUseError as error:
            return Record(name, "skipped", reason="another run is making it", error=error)
        except Exception as error:
            seconds = time.perf_counter() - started
            return Record(name, "failed", error=library.as_offcut_error(error), seconds=seconds)
        if facts is None:
            return Record(name, "skipped", output=output, reason="the result is there already")
        return Record(name, "done", output=output, seconds=time.perf_counter() - started, facts=facts)

    def _make(self, task: Task) -> tuple[Path, dict[str, Any] | None]:
        """The result's path and facts; no facts when it was there already."""
        from offcut.engine.files import write_file

        self._unless_stopped()
        if self.is_done_already(task):
            return task.destination.existing() or Path(), None
        with task.destination.claimed():
            # Another run may have finished it between the look above and the claim.
            if self.is_done_already(task):
                return task.destination.existing() or Path(), None
            photo = task.photo.read(FILE_SIZE_MAX)
            self._unless_stopped()
            cutout = self._remover.cut_out(photo, self._options)
            self._unless_stopped_or_paid()
            content = cutout.encode()
            self._unless_stopped_or_paid()
            path = task.destination.path_for(cutout.format)
            write_file(path, content)
            return path, self._remover.facts_of(cutout)

    def _unless_stopped(self) -> None:
        if self._stopping.is_set():
            raise StoppedError

    def _unless_stopped_or_paid(self) -> None:
        if not self._remover.is_paid:
            self._unless_stopped()


def cut_out(
    content: bytes, options: Options, model: str | None = None, networks: Networks | None = None
) -> Cutout:
    """The cut-out of a photo that was read already; `model` and `networks` as in `library.remove`."""
    from offcut.engine import pipeline
    from offcut.engine.opening import open_photo

    photo = open_photo(content, options)
    shared = networks or library.default_networks()
    return pipeline.cut_out(photo, options, shared, model=model or pipeline.FINE)


def facts_of(cutout: Cutout) -> dict[str, Any]:
    """What `--json` says about a result."""
    return {
        "width": cutout.width,
        "height": cutout.height,
        "format": cutout.format,
        "subject": cutout.subject,
        "confidence": round(cutout.confidence, 3),
        "box": cutout.box,
        "notes": [{"code": note.code, "message": note.message} for note in cutout.notes],
    }


class Here:
    """Cuts out on this machine, with the weights named `model` if not with the default ones, on `networks` if
    not on the library's.

    Raises `UnknownModelError`, `LicenceError`, `WeightsMissingError` or `ModelError` for a model that cannot
    be had."""

    is_paid = False

    def __init__(self, model: str | None = None, networks: Networks | None = None) -> None:
        self._model = model
        self._networks = networks
        if model is not None:
            (networks or library.default_networks()).segmenter(model)

    def cut_out(self, content: bytes, options: Options) -> Cutout:
        """See `Remover`."""
        return cut_out(content, options, self._model, self._networks)

    def facts_of(self, cutout: Cutout) -> dict[str, Any]:
        """See `Remover`."""
        return facts_of(cutout)

    def stop(self, *, by_hand: bool = False) -> None:
        """See `Remover`: the batch looks for itself between the steps."""
