"""The three ways to run: one photo through a pipe or to a named file, a batch, a watched folder."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from offcut import library
from offcut.cli import remote, report
from offcut.cli.batch import Batch, Here, Record, Remover, Task
from offcut.cli.destinations import Destination, destinations
from offcut.cli.photos import Found, Lost, find
from offcut.cli.watch import arrivals
from offcut.engine.photo_files import FILE_SIZE_MAX, FORMATS_BY_SUFFIX, read_bounded, read_file
from offcut.errors import (
    BackgroundImageError,
    DeviceError,
    ModelError,
    OptionError,
    OutputIsTerminalError,
    PhotoNotFoundError,
    UsageError,
)

if TYPE_CHECKING:
    from offcut.engine.models.networks import Networks
    from offcut.engine.options import Options

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143
SAME_INTERRUPTION_S = 1.0
ENDS_THE_RUN = (ModelError, DeviceError, BackgroundImageError, *remote.ENDS_THE_RUN)
"""Errors that would befall every other photo too."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asked for, as it was written."""

    photos: tuple[str, ...]
    strings: Mapping[str, str]
    extra: Mapping[str, str]
    bg_image_file: Path | None = None
    output: Path | None = None
    output_folder: Path | None = None
    recursive: bool = False
    reprocess_existing: bool = False
    confirm_over: int = 50
    jobs: int = 2
    watch: Path | None = None
    as_json: bool = False
    quiet: bool = False
    model: str | None = None
    device: str | None = None
    precision: str | None = None
    api_url: str | None = None
    api_key: str | None = None
    dry_run: bool = False
    large_png: bool = True


def start(asked: Asked) -> int:
    """Runs what was asked and returns the exit status."""
    _refuse_contradictions(asked)
    options = _options(asked)
    with remote.remover(
        asked.api_url, asked.api_key, _strings(asked), options, large_png=asked.large_png
    ) as server:
        if server is not None:
            _refuse_what_is_a_servers(asked)
        remover = server or Here(asked.model, _networks(asked))
        if asked.watch is not None:
            return _watch(asked, options, remover)
        if asked.photos == ("-",) or str(asked.output) == "-":
            return _pipe(asked, options, remover)
        tasks, lost = _plan(asked, options)
        if asked.dry_run:
            batch = _batch_of(asked, options, remover)
            return remote.tell_plan(batch, tasks, lost, server, as_json=asked.as_json)
        return _batch(asked, options, tasks, lost, remover)


def _refuse_contradictions(asked: Asked) -> None:
    if asked.watch is None and not asked.photos:
        raise UsageError("No photo was named.", hint="offcut dog.jpg, or offcut --help.")
    if asked.watch is not None and asked.photos:
        raise UsageError("--watch works on its folder alone.", hint="Leave out the photos.")
    if "-" in asked.photos and len(asked.photos) > 1:
        raise UsageError("Standard input (-) is one photo: it goes with no other.")
    if asked.output is not None and (asked.output_folder is not None or asked.watch is not None):
        raise UsageError("--output names one file and goes with neither --output-directory nor --watch.")
    if asked.photos == ("-",) and asked.output_folder is not None:
        raise UsageError(
            "Standard input has no name to give its result in a folder.", hint="Use --output FILE."
        )
    if asked.as_json and _prints_picture(asked):
        raise UsageError("--json and a picture cannot share standard output.", hint="Use --output FILE.")
    if asked.dry_run and (asked.watch is not None or "-" in (*asked.photos, str(asked.output))):
        raise UsageError("--dry-run works on files that are there already: neither on - nor with --watch.")


def _refuse_what_is_a_servers(asked: Asked) -> None:
    for flag in ("model", "device", "precision"):
        if getattr(asked, flag) is not None:
            hint = "Leave out one of them."
            raise UsageError(f"--{flag} is for this machine; a server has its own.", hint=hint)


def _networks(asked: Asked) -> Networks | None:
    """Made at once where a device or a precision is asked for: what cannot be had is said before any photo
    is read. None for the library's, which are made when they are needed."""
    if not library.wanted(asked.device, asked.precision):
        return None
    return library.make_networks(asked.device, asked.precision)


def _prints_picture(asked: Asked) -> bool:
    """Whether the result itself goes to standard output."""
    return str(asked.output) == "-" or (asked.photos == ("-",) and asked.output is None)


def _options(asked: Asked) -> Options:
    """The options of the engine; what is not given is the official client's default, PNG at full size."""
    from offcut.engine.options import Options

    strings = _strings(asked)
    bg_image = None if asked.bg_image_file is None else read_file(asked.bg_image_file)
    return Options.from_strings(strings, bg_image=bg_image)


def _strings(asked: Asked) -> dict[str, str]:
    return {"format": _format_by_name(asked), **asked.strings, **asked.extra}


def _format_by_name(asked: Asked) -> str:
    if asked.output is None or str(asked.output) == "-":
        return "png"
    suffix = asked.output.suffix.lower()
    if suffix not in FORMATS_BY_SUFFIX:
        raise OptionError(
            "format",
            f"No format is known by the name {asked.output}.",
            hint=f"Use one of {' '.join(FORMATS_BY_SUFFIX)}.",
        )
    given = asked.strings.get("format", FORMATS_BY_SUFFIX[suffix])
    if given != FORMATS_BY_SUFFIX[suffix]:
        raise UsageError(f"{asked.output} is no name for a result in {given}.", hint="Leave out --format.")
    return given


def _pipe(asked: Asked, options: Options, remover: Remover) -> int:
    """One photo in, one result out, without a word unless it fails; with `--json` the record of it."""
    if not asked.as_json:
        _piped(asked, options, remover)
        return 0
    told = report.choose(as_json=True, quiet=asked.quiet)
    told.begin(1)
    started = time.perf_counter()
    name = "".join(asked.photos)
    try:
        facts = remover.facts_of(_piped(asked, options, remover))
        record = Record(name, "done", asked.output, seconds=time.perf_counter() - started, facts=facts)
    except Exception as error:
        seconds = time.perf_counter() - started
        record = Record(name, "failed", error=library.as_offcut_error(error), seconds=seconds)
    told.add(record)
    told.end(interrupted=False)
    return EXIT_FAILED if record.status == "failed" else 0


def _piped(asked: Asked, options: Options, remover: Remover) -> Any:
    """Writes the result where it was asked for, and returns the cut-out."""
    if _prints_picture(asked) and sys.stdout.isatty():
        raise OutputIsTerminalError("The result would be printed on the screen.")
    if asked.photos == ("-",):
        content = read_bounded(sys.stdin.buffer, "Standard input", FILE_SIZE_MAX)
    else:
        content = _single(asked).read(FILE_SIZE_MAX)
    cutout = remover.cut_out(content, options)
    encoded = cutout.encode()
    if asked.output is None or _prints_picture(asked):
        sys.stdout.buffer.write(encoded)
        sys.stdout.buffer.flush()
    else:
        from offcut.engine.files import write_file

        write_file(asked.output, encoded)
    return cutout


def _single(asked: Asked) -> Found:
    found = list(find(asked.photos, recursive=asked.recursive))
    if len(found) != 1:
        raise UsageError(
            f"--output names one file, and {len(found)} photos were found.", hint="Use --output-directory."
        )
    first = found[0]
    if isinstance(first, Lost):
        raise first.error
    return first


def _plan(asked: Asked, options: Options) -> tuple[list[Task], list[Record]]:
    """What to work on, and what was named and is not there."""
    if asked.output is not None:
        photo = _single(asked)
        if Found(asked.output).identity == photo.identity:
            raise UsageError(
                "The result would be written over the photo.", hint="Give --output another name."
            )
        target = Destination(asked.output.parent, asked.output.stem, (asked.output.suffix.lstrip("."),))
        return [Task(photo, target)], []
    photos: list[Found] = []
    lost: list[Record] = []
    for found in find(asked.photos, recursive=asked.recursive, beside=asked.output_folder):
        if isinstance(found, Found):
            photos.append(found)
        else:
            lost.append(Record(found.argument, "failed", error=found.error))
    if not photos and not lost:
        raise PhotoNotFoundError(f"No photos in {' '.join(asked.photos)}.")
    targets = destinations(photos, output_folder=asked.output_folder, suffixes=_suffixes(options))
    return [Task(photo, target) for photo, target in zip(photos, targets, strict=True)], lost


def _suffixes(options: Options) -> tuple[str, ...]:
    return ("png", "jpg") if options.format == "auto" else (options.format,)


def _batch_of(asked: Asked, options: Options, remover: Remover) -> Batch:
    # One file that is named outright is made again; the skip rule is for names that we choose.
    again = asked.reprocess_existing or asked.output is not None
    return Batch(options, reprocess_existing=again, jobs=asked.jobs, remover=remover)


def _batch(asked: Asked, options: Options, tasks: list[Task], lost: list[Record], remover: Remover) -> int:
    batch = _batch_of(asked, options, remover)
    waiting = [task for task in tasks if not batch.is_done_already(task)]
    _confirm(len(waiting), asked.confirm_over)
    remote.check_balance(remover, waiting, may_ask=asked.confirm_over >= 0)
    told = report.choose(as_json=asked.as_json, quiet=asked.quiet)
    with _interruptible(batch) as interruption:
        told.begin(len(tasks) + len(lost))
        failed = False
        for record in chain(lost, batch.run(tasks)):
            told.add(record)
            failed = failed or record.status == "failed"
            if isinstance(record.error, ENDS_THE_RUN):
                batch.stop()  # It would befall every other photo too.
        told.end(interrupted=interruption.status != 0)
    remote.tell_charged(remover, quiet=asked.quiet or asked.as_json)
    return interruption.status or (EXIT_FAILED if failed else 0)


def _confirm(count: int, over: int) -> None:
    if over < 0 or count <= over:
        return
    hint = "Say --confirm-batch-over -1 to work on any number without being asked."
    if not sys.stdin.isatty():
        raise UsageError(f"These are {count} photos, and nobody is there to confirm.", hint=hint)
    if not typer.confirm(f"Cut out {count} photos?", err=True):
        raise UsageError("Nothing was done.", hint=hint)


def _watch(asked: Asked, options: Options, remover: Remover) -> int:
    folder = asked.watch or Path()
    if not folder.is_dir():
        raise PhotoNotFoundError(f"There is no folder {folder}.", hint="Make it first, then watch it.")
    batch = _batch_of(asked, options, remover)
    told = report.choose(as_json=asked.as_json, quiet=asked.quiet)
    with _interruptible(batch) as interruption:
        told.begin(None)
        written: set[str] = set()
        looks = arrivals(
            folder, recursive=asked.recursive, beside=asked.output_folder, written=written, wait=batch.wait
        )
        for photos in looks:
            targets = destinations(photos, output_folder=asked.output_folder, suffixes=_suffixes(options))
            for record in batch.run([Task(*pair) for pair in zip(photos, targets, strict=True)]):
                told.add(record)
                if record.output is not None:
                    written.add(Found(record.output).identity)
                if isinstance(record.error, ENDS_THE_RUN):
                    batch.stop()
                    interruption.status = EXIT_FAILED
        told.end(interrupted=True)
    remote.tell_charged(remover, quiet=asked.quiet or asked.as_json)
    return interruption.status


class _Interruption:
    """Remembers that the run was told to end, and the exit status that says so."""

    status = 0
    at = 0.0


@contextmanager
def _interruptible(batch: Batch) -> Iterator[_Interruption]:
    """Ctrl-C and a polite kill end the run in good order: what is being written, or may be paid for, is
    finished, nothing else is begun. Another one, a second later or more, ends the program at once: sooner it
    is the same one, which some programs send to a process and to its group."""
    interruption = _Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def stop(number: int, _frame: Any) -> None:
        now = time.monotonic()
        if interruption.status and now - interruption.at > SAME_INTERRUPTION_S:
            _end_at_once(number)
        elif not interruption.status:
            interruption.status = EXIT_INTERRUPTED if number == signal.SIGINT else EXIT_TERMINATED
            interruption.at = now
            batch.stop(by_hand=True)

    for number in before:
        signal.signal(number, stop)
    try:
        yield interruption
    finally:
        restore()


def _end_at_once(number: int) -> None:
    """Dies of the signal. An exception would wait for the threads, and so for what they are computing."""
    if sys.stderr.isatty():
        os.write(sys.stderr.fileno(), b"\x1b[?25h\n")  # The bar has hidden the cursor.
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
