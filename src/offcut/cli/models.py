"""`offcut models`: the weights of the networks on this machine."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from offcut import library
from offcut.errors import UsageError, WeightsCorruptError

if TYPE_CHECKING:
    from offcut.engine.models.sources import Progress as Follow
    from offcut.engine.models.weights import Weights

INSTALLED = ("present", "corrupt")

app = typer.Typer(
    no_args_is_help=True,
    help="The weights of the networks: what is known, what is here, get them, check them.",
)


def complete_names() -> list[str]:
    """Names of all weights, for the shell."""
    return list(_weights().catalog.entries)


Names = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", autocompletion=complete_names, show_default=False)
]


def _weights() -> Weights:
    from offcut.engine.models.weights import Weights

    return Weights()


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False) -> None:
    """List all known weights: what they are, their licence, whether they are here."""
    store = _weights()
    table = Table("name", "what", "size", "licence", "here", box=None, pad_edge=False)
    for entry in store.catalog:
        state = store.state(entry.name)
        default = entry.name in store.catalog.default
        licence = entry.licence if entry.commercial else f"{entry.licence} (no commercial use)"
        if as_json:
            values = {
                "name": entry.name,
                "title": entry.title,
                "bytes": entry.bytes,
                "licence": entry.licence,
            }
            typer.echo(
                json.dumps({**values, "commercial": entry.commercial, "state": state, "default": default})
            )
        else:
            name = f"{entry.name} *" if default else entry.name
            table.add_row(name, entry.title, f"{entry.bytes / 1e6:.0f} MB", licence, state)
    if not as_json:
        console = Console(width=None if sys.stdout.isatty() else 200)
        console.print(table)
        console.print("* fetched by a plain 'offcut models pull'", highlight=False)


@app.command()
def pull(
    names: Names = None,
    accept_licence: Annotated[
        list[str] | None,
        typer.Option(
            "--accept-licence", metavar="NAME", help="Accept a licence that forbids commercial use."
        ),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Take the package or the file from this machine."),
    ] = None,
) -> None:
    """Fetch weights once and prepare them for this machine; without a name, the default set. Afterwards no
    network is needed."""
    store = _weights()
    chosen = names or list(store.catalog.default)
    if source is not None and len(chosen) != 1:
        raise UsageError(
            "--from is the source of one set of weights.",
            hint="Name it: offcut models pull NAME --from FILE.",
        )
    for name in chosen:
        entry = store.catalog.entry(name)
        was_here = store.state(name) == "present"
        with _followed() as follow:
            store.pull(name, accept_licences=accept_licence or (), source_path=source, progress=follow)
        fetched = "is here already" if was_here else f"fetched from {entry.source}"
        typer.echo(
            f"{name}: {entry.title}, {fetched}. Licence of the weights: {entry.licence}, {entry.licence_url}"
        )
    _prepare(chosen)


def _prepare(names: list[str]) -> None:
    """Makes the networks ready for this machine now, so that the first photo need not wait for it."""
    with library.make_networks() as networks:
        for name in names:
            if networks.is_prepared(name):
                continue
            typer.echo(f"{name}: preparing it for this machine, once …", err=True)
            started = time.perf_counter()
            networks.prepare(name)
            seconds = time.perf_counter() - started
            typer.echo(f"{name}: prepared ({networks.precision(name)}, {seconds:.1f} s).")


@app.command()
def path(names: Names = None) -> None:
    """Print where weights lie; without a name, the folder of them all."""
    store = _weights()
    if not names:
        typer.echo(str(store.folder))
    for name in names or ():
        for file in store.paths(name):
            typer.echo(str(file))


@app.command()
def verify(names: Names = None) -> None:
    """Read every byte of the weights that are here and compare it with the catalogue."""
    store = _weights()
    # Weights whose licence was not accepted are not here either: nothing of this installation runs them.
    chosen = names or [entry.name for entry in store.catalog if store.state(entry.name) in INSTALLED]
    if not chosen:
        typer.echo("No weights are on this machine: 'offcut models pull' fetches the default set.")
    damaged = []
    for name in chosen:
        try:
            store.verify(name)
            typer.echo(f"{name}: intact.")
        except WeightsCorruptError as error:
            damaged.append(error)
            typer.echo(f"{name}: damaged.")
    if damaged:
        raise damaged[0]


@app.command()
def prune() -> None:
    """Delete what is not needed: broken-off downloads and networks that can be prepared again."""
    pruned = _weights().prune()
    typer.echo(f"{len(pruned.paths)} removed, {pruned.bytes / 1e6:.0f} MB freed.")


@app.command()
def remove(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", autocompletion=complete_names)],
) -> None:
    """Delete weights from this machine."""
    store = _weights()
    for name in names:
        store.remove(name)
        typer.echo(f"{name}: removed.")


@contextmanager
def _followed() -> Iterator[Follow]:
    """A bar for each step of fetching, on a terminal; elsewhere nothing."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        steps: dict[str, TaskID] = {}

        def follow(step: str, done: int, total: int) -> None:
            if step and step not in steps:
                steps[step] = bars.add_task(step, total=total)
            if step:
                bars.update(steps[step], completed=done, total=total)

        yield follow
