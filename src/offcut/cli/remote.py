"""Cutting out on a server: what `--api-url` swaps in for the networks on this machine, and what that costs.

Nothing is sent anywhere unless an address was given, by the flag or by OFFCUT_API_URL; a key alone, such as
the official client's in REMOVE_BG_API_KEY, names no server.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from offcut.cli.batch import Batch, Record, Remover, Task
from offcut.errors import (
    OptionError,
    ServiceCreditsError,
    ServiceKeyError,
    ServiceSetupError,
    ServiceUnreachableError,
    UsageError,
)

if TYPE_CHECKING:
    from offcut.client import Account, Client, RemovalResult, Server
    from offcut.engine.options import Options

API_URL = typer.Option(
    "--api-url", metavar="URL", show_default=False,
    help="Cut out on this server (or set OFFCUT_API_URL); '' cuts out on this machine.",
)  # fmt: skip
API_KEY = typer.Option(
    "--api-key", metavar="KEY", show_default=False,
    help="The key for it (or set OFFCUT_API_KEY or REMOVE_BG_API_KEY).",
)  # fmt: skip
ENDS_THE_RUN = (ServiceKeyError, ServiceCreditsError, ServiceUnreachableError, ServiceSetupError)
PREVIEW_PRICE = Decimal("0.25")
PREVIEW_PIXELS_MAX = 250_000
PNG_PIXELS_MAX = 10_000_000
"""Largest PNG that the v1.0 API gives; as a ZIP of colour and matte the same result may be larger."""
_warnings_off = threading.Lock()


@dataclass(frozen=True, slots=True)
class RemoteCutout:
    """A result that came from a server, ready to be written."""

    result: RemovalResult
    format: str
    content: bytes
    charged: Decimal | None = None
    notes: tuple[dict[str, str], ...] = ()

    def encode(self) -> bytes:
        """The file."""
        return self.content


class RemoteRemover:
    """Has a server make the cut-outs. `purchases` know what they have cost so far."""

    is_paid = True

    def __init__(
        self, server: Server, strings: Mapping[str, str], options: Options, *, large_png: bool = True
    ) -> None:
        from offcut.cli.purchases import Purchases
        from offcut.client.options import write_options

        if options.format in ("tiff", "psd"):
            raise OptionError(
                "format",
                f"A server gives no {options.format}.",
                hint="Leave out --api-url, or use png or zip.",
            )
        # The engine's spelling of the format; the rest as it was written.
        self._fields = write_options({"size": "auto", **strings, "format": options.format})
        self._large_png = large_png and options.format == "png" and options.channels == "rgba"
        self.size = options.size
        self.purchases = Purchases(server, tell=_tell)
        self.client: Client = self.purchases.client

    def stop(self, *, by_hand: bool = False) -> None:
        """See `Remover`."""
        self.purchases.stop(by_hand=by_hand)

    def cut_out(self, content: bytes, options: Options) -> RemoteCutout:
        """The result as the server gives it. Raises what `Client.remove` raises, and StoppedError."""
        pixels = _pixels(content) or 0
        fields = dict(self._fields)
        joined = self._large_png and pixels > PNG_PIXELS_MAX and self.size not in ("preview", "medium", "hd")
        if joined:
            fields["format"] = "zip"
        bought = self.purchases.buy(content, options.bg_image, fields)
        result = bought.result
        notes = (*_notes(result, options), *([REPEATED] if bought.is_repeated else []))
        if not joined:
            return RemoteCutout(result, result.format, result.data, bought.charged, notes)
        from offcut.engine.archive import zip_to_png

        return RemoteCutout(result, "png", zip_to_png(result.data), bought.charged, (*notes, JOINED))

    def facts_of(self, cutout: RemoteCutout) -> dict[str, Any]:
        """What `--json` says about a result."""
        result, charged = cutout.result, cutout.charged
        return {
            "width": result.width,
            "height": result.height,
            "format": cutout.format,
            "subject": result.type or "unknown",
            "confidence": None,
            "box": result.foreground.box if result.foreground else None,
            "notes": list(cutout.notes),
            "credits_charged": None if charged is None else float(charged),
            "request_id": result.request_id,
        }


REPEATED = {
    "code": "charged_before",
    "message": "This was paid for before, and is not charged again.",
}
JOINED = {
    "code": "joined_from_zip",
    "message": "The server gives no PNG of this size, so it was joined from a JPEG and a matte.",
}


@contextmanager
def remover(
    api_url: str | None,
    api_key: str | None,
    strings: Mapping[str, str],
    options: Options,
    *,
    large_png: bool = True,
) -> Iterator[RemoteRemover | None]:
    """What cuts out on the server that the flags or the environment name; None for this machine.

    Raises UsageError for a key without a server, ServiceSetupError for a server without a key, OptionError
    for an option that servers do not know.
    """
    server = named_server(api_url, api_key)
    if server is None:
        yield None
        return
    made = RemoteRemover(server, strings, options, large_png=large_png)
    try:
        yield made
    finally:
        made.client.close()


def named_server(api_url: str | None, api_key: str | None) -> Server | None:
    """The server of the flags, else that of the environment; None when neither names one."""
    address = os.environ.get("OFFCUT_API_URL", "") if api_url is None else api_url
    if not address.strip():
        if api_key:
            raise UsageError("--api-key goes with a server.", hint="Name it with --api-url.")
        return None
    from offcut.client import find_server

    return find_server(address, api_key)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What photos may cost: `whole` ones a credit each, `previews` a quarter, `open` ones either."""

    whole: int = 0
    previews: int = 0
    open: int = 0

    def least(self, free_calls: int = 0) -> Decimal:
        """In credits, when as much as possible is a preview; `free_calls` of those cost nothing."""
        return self.whole + PREVIEW_PRICE * max(0, self.previews + self.open - free_calls)

    def most(self, free_calls: int = 0) -> Decimal:
        """In credits, when all that is open costs a credit."""
        return self.whole + self.open + PREVIEW_PRICE * max(0, self.previews - free_calls)

    def words(self, free_calls: int = 0) -> str:
        """ "3 credits", or "from 1.5 to 3 credits"."""
        least, most = self.least(free_calls), self.most(free_calls)
        return _credits(least) if least == most else f"from {_plain(least)} to {_credits(most)}"


def estimate(tasks: Iterable[Task], size: str) -> Estimate:
    """The price of these photos at this size. `auto` depends on each photo: its header is looked at."""
    sums = Estimate()
    for task in tasks:
        if size == "preview":
            sums = replace(sums, previews=sums.previews + 1)
        elif size != "auto":
            sums = replace(sums, whole=sums.whole + 1)
        else:
            location = task.photo.location
            pixels = _pixels(location) if isinstance(location, Path) else None
            if pixels is None:
                sums = replace(sums, open=sums.open + 1)
            elif pixels <= PREVIEW_PIXELS_MAX:
                sums = replace(sums, previews=sums.previews + 1)
            else:
                sums = replace(sums, whole=sums.whole + 1)
    return sums


def check_balance(remover: Remover, waiting: list[Task], *, may_ask: bool) -> None:
    """Before a batch on a server: is there enough for all of it? Asks when there is not, or raises
    ServiceCreditsError when nobody is there to answer. One photo, and a batch that is not to be asked about,
    are left to the server."""
    if not isinstance(remover, RemoteRemover) or len(waiting) < 2 or not may_ask:
        return
    account = remover.client.account()
    sums = estimate(waiting, remover.size)
    if sums.least(account.free_calls) <= account.total:
        return
    need, left = sums.words(account.free_calls), _plain(account.total)
    sentence = f"These {len(waiting)} photos need {need}, and {left} are left."
    hint = "Say --confirm-batch-over -1 to begin anyway, or --size preview."
    if not sys.stdin.isatty():
        raise ServiceCreditsError(sentence, hint=hint)
    if not typer.confirm(f"{sentence} Begin anyway?", err=True):
        raise UsageError("Nothing was done.", hint=hint)


def tell_plan(
    batch: Batch, tasks: list[Task], lost: list[Record], server: RemoteRemover | None, *, as_json: bool
) -> int:
    """`--dry-run`: what would be made and what it would cost, one line a photo. Returns the exit status."""
    from offcut.cli.report import json_of, lines_of, printable

    waiting = [task for task in tasks if not batch.is_done_already(task)]
    for record in lost:
        typer.echo(json.dumps(json_of(record)) if as_json else "\n".join(lines_of(record)), err=not as_json)
    for task in waiting:
        target = task.destination.path(task.destination.suffixes[0])
        values = {"photo": task.photo.name, "status": "planned", "output": str(target)}
        words = f"{printable(task.photo.name)} → {printable(str(target))}"
        typer.echo(json.dumps(values) if as_json else words, err=not as_json)
    values, words = _cost(server, waiting)
    counted = {"status": "plan", "planned": len(waiting), "skipped": len(tasks) - len(waiting)}
    if as_json:
        typer.echo(json.dumps({**counted, "failed": len(lost), **values}))
    else:
        there = f", {counted['skipped']} there already" if counted["skipped"] else ""
        typer.echo(f"{len(waiting)} to make{there}: {words}", err=True)
    return 1 if lost else 0


def tell_charged(remover: Remover, *, quiet: bool) -> None:
    """Says what a run on a server cost."""
    if not isinstance(remover, RemoteRemover):
        return
    sums = remover.purchases
    if sums.unknown:
        typer.echo(
            f"Charged: {_credits(sums.charged)}, and maybe for {sums.unknown} more that the server did not "
            "answer in time. The same command again within an hour is not charged for them at an Offcut.",
            err=True,
        )
    elif not quiet:
        typer.echo(f"Charged: {_credits(sums.charged)}.", err=True)


def _tell(sentence: str) -> None:
    # Not by typer: while a bar is shown, what takes the place of the error channel puts this above it.
    print(sentence, file=sys.stderr, flush=True)


def account(
    api_url: Annotated[str | None, API_URL] = None,
    api_key: Annotated[str | None, API_KEY] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say how many credits are left on a server."""
    from offcut.client import Client

    server = named_server(api_url, api_key)
    if server is None:
        raise ServiceSetupError("No server was named.")
    with Client(server.url, server.api_key) as client:
        found = client.account()
    if as_json:
        typer.echo(json.dumps(_numbers(found)))
        return
    typer.echo(f"{_plain(found.total)} credits are left at {server.host}:")
    typer.echo(f"  {_plain(found.subscription)} from the subscription")
    typer.echo(f"  {_plain(found.payg)} bought")
    typer.echo(f"  {_plain(found.enterprise)} by contract")
    typer.echo(f"{found.free_calls} previews are free.")


def _numbers(found: Account) -> dict[str, Any]:
    held = {name: float(getattr(found, name)) for name in ("total", "subscription", "payg", "enterprise")}
    return {"credits": held, "free_calls": found.free_calls, "sizes": found.sizes}


def _cost(server: RemoteRemover | None, waiting: list[Task]) -> tuple[dict[str, Any], str]:
    if server is None:
        return {"credits_least": 0, "credits_most": 0, "credits_left": None}, "on this machine, no credits."
    held = server.client.account()
    sums = estimate(waiting, server.size)
    values = {
        "credits_least": float(sums.least(held.free_calls)),
        "credits_most": float(sums.most(held.free_calls)),
        "credits_left": float(held.total),
    }
    return values, f"{sums.words(held.free_calls)}; {_plain(held.total)} are left."


def _credits(amount: Decimal) -> str:
    return f"{_plain(amount)} credit{'' if amount == 1 else 's'}"


def _plain(amount: Decimal) -> str:
    return f"{amount:.2f}".rstrip("0").rstrip(".")


def _notes(result: RemovalResult, options: Options) -> Iterable[dict[str, str]]:
    """Says so when the server could have given a larger result: with few credits left it may not."""
    sides = (result.width, result.height, result.max_width, result.max_height)
    if options.size not in ("auto", "full", "50MP") or options.crop or None in sides:
        return
    width, height, max_width, max_height = (side or 0 for side in sides)
    if width * height < 0.98 * max_width * max_height:
        yield {
            "code": "smaller_result",
            "message": f"The result is {width}×{height}; {max_width}×{max_height} would have been possible.",
        }


def _pixels(photo: bytes | Path) -> int | None:
    """How many pixels the header of a photo names; None when that cannot be told."""
    import io

    from PIL import Image

    try:
        # What to do with warnings is set for all threads at once: one at a time, then.
        with _warnings_off, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(photo) if isinstance(photo, bytes) else photo) as image:
                return image.width * image.height
    except Exception:
        return None  # An estimate has to live with what it cannot read; the removal itself will say why.
