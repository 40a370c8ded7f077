"""What a run says while it works and when it ends: a live bar, plain lines, or one JSON object a line.

Words go to the error channel, so that pictures and JSON have the output channel to themselves.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from typing import Any, Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from offcut.cli.batch import Record
from offcut.errors import OffcutError


class Report(Protocol):
    """What a run tells its user."""

    def begin(self, total: int | None) -> None:
        """The run starts; `total` photos, None when nobody knows (a folder is watched)."""

    def add(self, record: Record) -> None:
        """One photo is through."""

    def end(self, *, interrupted: bool) -> None:
        """The run is over: the sum of it."""


class Tally:
    """How many photos ended how, and how long the run has taken."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self.counts: Counter[str] = Counter()

    def add(self, record: Record) -> None:
        """Counts one photo."""
        self.counts[record.status] += 1

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.perf_counter() - self._started

    @property
    def rate(self) -> float:
        """Photos cut out a second."""
        return self.counts["done"] / max(self.seconds, 1e-9)

    def sentence(self, *, interrupted: bool) -> str:
        """The sum of the run, one line."""
        parts = [
            f"{self.counts['done']} done",
            f"{self.counts['skipped']} skipped",
            f"{self.counts['failed']} failed",
        ]
        if self.counts["stopped"]:
            parts.append(f"{self.counts['stopped']} stopped")
        begun = "Interrupted: " if interrupted else ""
        return f"{begun}{', '.join(parts)} in {self.seconds:.1f} s ({self.rate:.2f} photos a second)."


class LineReport(Report):
    """One line a photo, for logs and pipes."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._tally = Tally()
        self._quiet = quiet
        self._total: int | None = None

    def begin(self, total: int | None) -> None:
        self._total = total

    def add(self, record: Record) -> None:
        self._tally.add(record)
        if self._quiet and record.status != "failed":
            return
        number = sum(self._tally.counts.values())
        place = f"[{number}/{self._total}] " if self._total and self._total > 1 else ""
        for line in lines_of(record):
            print(f"{place}{line}", file=sys.stderr, flush=True)

    def end(self, *, interrupted: bool) -> None:
        if interrupted or (not self._quiet and sum(self._tally.counts.values()) != 1):
            print(self._tally.sentence(interrupted=interrupted), file=sys.stderr, flush=True)


class LiveReport(Report):
    """A bar with the rate and the time left; lines scroll above it."""

    def __init__(self, console: Console) -> None:
        self._tally = Tally()
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
        )
        self._bar: Any = None

    def begin(self, total: int | None) -> None:
        self._bar = self._progress.add_task("Cutting out", total=total, rate="")
        self._progress.start()

    def add(self, record: Record) -> None:
        self._tally.add(record)
        colour = {"done": "green", "skipped": "yellow", "failed": "red"}.get(record.status, "dim")
        for line in lines_of(record):
            self._progress.print(f"[{colour}]{escape(line)}[/]", highlight=False)
        self._progress.update(self._bar, advance=1, rate=f"{self._tally.rate:.2f} photos/s")

    def end(self, *, interrupted: bool) -> None:
        self._progress.stop()
        if interrupted or sum(self._tally.counts.values()) != 1:
            self._console.print(self._tally.sentence(interrupted=interrupted), highlight=False)


class JsonReport(Report):
    """One JSON object a photo on the output channel, and one at the end with the sum."""

    def __init__(self) -> None:
        self._tally = Tally()

    def begin(self, total: int | None) -> None:
        self._total = total

    def add(self, record: Record) -> None:
        self._tally.add(record)
        self._print(json_of(record))

    def end(self, *, interrupted: bool) -> None:
        counts = {status: self._tally.counts[status] for status in ("done", "skipped", "failed", "stopped")}
        seconds = round(self._tally.seconds, 3)
        self._print({"status": "summary", **counts, "interrupted": interrupted, "seconds": seconds})

    @staticmethod
    def _print(values: dict[str, Any]) -> None:
        print(json.dumps(values), flush=True)


def choose(*, as_json: bool, quiet: bool) -> Report:
    """The report that fits: JSON when asked for, a live bar on a terminal, lines otherwise."""
    if as_json:
        return JsonReport()
    console = Console(stderr=True)
    return LiveReport(console) if console.is_terminal and not quiet else LineReport(quiet=quiet)


def lines_of(record: Record) -> list[str]:
    """A record in words; notes about the result follow on lines of their own."""
    photo = printable(record.photo)
    if record.status == "failed" and record.error is not None:
        return [f"{photo}: {sentence_of(record.error)}"]
    if record.status == "skipped":
        return [f"{photo}: skipped, {record.reason}."]
    if record.status == "stopped":
        return [f"{photo}: stopped{', ' if record.reason else ''}{record.reason}."]
    subject = record.facts.get("subject", "")
    first = f"{photo} → {printable(str(record.output))} ({subject}, {record.seconds:.1f} s)"
    return [first, *(f"{photo}: {note['message']}" for note in record.facts.get("notes", ()))]


def sentence_of(error: OffcutError) -> str:
    """An error on one line: the sentence, the hint, the code."""
    # A server's sentence may end with the very hint.
    hint = "" if error.hint in str(error) else error.hint
    return printable(" ".join(part for part in (str(error), hint, f"({error.code})") if part))


def json_of(record: Record) -> dict[str, Any]:
    """A record for programs."""
    values: dict[str, Any] = {
        "photo": record.photo,
        "status": record.status,
        "output": None if record.output is None else str(record.output),
        "seconds": round(record.seconds, 3),
        **record.facts,
    }
    if record.reason:
        values["reason"] = record.reason
    if record.error is not None:
        values["error"] = {"code": record.error.code, "message": str(record.error), "hint": record.error.hint}
    return values


def printable(text: str) -> str:
    """The text without what could steer a terminal: a file name may hold any byte."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
