"""Load over HTTP: one-megapixel photographs from 1, 8 and 32 clients, beside `rembg s` with the same weights.

usage: python benchmarks/load.py [--seconds 300] [--clients 1 8 32] [--slice 30] [--rembg PYTHON] [--no-rembg]
           [--rembg-clients 8] [--endurance 2000] [--crowd] [--write]

Both servers run on this machine's loopback and take turns in slices, so that what else the machine does meets
both alike. Three more measures of Offcut: what HTTP adds (the engine alone in a process of its own, with as
many threads, takes turns with the server as well), memory after 200 and after --endurance requests, and how
soon the server is itself again after 200 clients at once. rembg writes a PNG without foreground estimation;
it is asked for PNG, as Offcut is. `--rembg` names an interpreter that has `rembg[cpu,cli]`; it takes every
request at once, and with 32 clients more than 23 GB, so by default it is not asked by more than eight.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

import clients
import programs
import record
from photographs import photograph
from servers import EngineAlone, OffcutServer, RembgServer

COLUMNS = ["clients", "Offcut photos/s", "rembg photos/s", "ratio", "Offcut p50 s", "p95 s", "rembg p50 s",
           "p95 s", "Offcut failed", "rembg failed"]  # fmt: skip
JOBS = 2
HTTP_TURNS = 4
"""How often the engine alone and the server take turns in measuring what HTTP adds."""


def main() -> None:
    """Takes the measures and prints them."""
    asked = _asked()
    photo = photograph(1, programs.BUILD / "photographs").read_bytes()
    tables = []
    with OffcutServer(jobs=JOBS) as ours:
        clients.send(ours, photo)  # The networks are loaded by now, and warm.
        tables.append(_side_by_side(ours, photo, asked))
        tables.append(_what_http_adds(ours, photo, asked.slice))
        if asked.crowd:
            tables.append(_crowd(ours, photo))
    if asked.endurance:
        # A server of its own: memory is counted from its first request.
        with OffcutServer(jobs=JOBS) as ours:
            tables.append(_endurance(ours, photo, asked.endurance))
    text = "\n\n".join(tables)
    print(text)
    if asked.write:
        record.write("load", "Load over HTTP", text)


def _side_by_side(ours: OffcutServer, photo: bytes, asked: argparse.Namespace) -> str:
    servers = {"offcut": ours}
    theirs = None if asked.no_rembg else RembgServer(asked.rembg)
    if theirs is not None:
        servers["rembg"] = theirs
        clients.send(theirs, photo)

    def row(count: int) -> list[str]:
        asked_now = servers if count <= asked.rembg_clients else {"offcut": ours}
        return _row(count, clients.take_turns(asked_now, photo, count, asked))

    try:
        rows = [row(count) for count in asked.clients]
    finally:
        if theirs is not None:
            theirs.close()
    return record.table(COLUMNS, rows) + _why_not_asked(asked)


def _why_not_asked(asked: argparse.Namespace) -> str:
    if asked.no_rembg or max(asked.clients) <= asked.rembg_clients:
        return ""
    return (
        f"\n\nrembg was asked by {asked.rembg_clients} clients at most: it takes every request at once, and "
        "with 32 it needs more memory (over 23 GB) than this machine has."
    )


def _row(count: int, taken: dict[str, clients.Tally]) -> list[str]:
    ours, theirs = taken["offcut"], taken.get("rembg")
    if theirs is None:
        return [str(count), f"{ours.rate:.2f}", "–", "–", *_quantiles(ours), "–", "–", str(ours.failed), "–"]
    return [
        str(count), f"{ours.rate:.2f}", f"{theirs.rate:.2f}", f"{ours.rate / theirs.rate:.2f}×",
        *_quantiles(ours), *_quantiles(theirs), str(ours.failed), str(theirs.failed),
    ]  # fmt: skip


def _quantiles(tally: clients.Tally) -> list[str]:
    cuts = (
        statistics.quantiles(tally.took_s, n=20, method="inclusive")
        if len(tally.took_s) > 1
        else tally.took_s * 19
    )
    return [f"{cuts[9]:.2f}", f"{cuts[18]:.2f}"]


def _what_http_adds(ours: OffcutServer, photo: bytes, slice_s: float) -> str:
    """The server with eight clients keeps its threads busy; so is the engine alone, in slices between."""
    with EngineAlone(jobs=JOBS) as engine:
        engine.cut_for(photo, 1)
        alone, served = clients.Tally(), clients.Tally()
        for _ in range(HTTP_TURNS):
            alone.add(engine.cut_for(photo, slice_s))
            served.add(clients.ask_for(ours, photo, 8, slice_s))
    added = alone.rate / served.rate - 1
    row = [str(JOBS), f"{alone.rate:.2f}", f"{served.rate:.2f}", f"{added:+.1%}"]
    return record.table(["threads", "engine alone, photos/s", "over HTTP, photos/s", "HTTP adds"], [row])


def _endurance(ours: OffcutServer, photo: bytes, count: int) -> str:
    first = clients.ask_times(ours, photo, 8, 200)
    early_mb = ours.resident_mb()
    rest = clients.ask_times(ours, photo, 8, count - 200)
    late_mb = ours.resident_mb()
    row = [str(count), f"{early_mb:.0f}", f"{late_mb:.0f}", f"{late_mb / early_mb:.2f}×",
           str(first.failed + rest.failed)]  # fmt: skip
    return record.table(["requests", "MB after 200", "MB at the end", "ratio", "failed"], [row])


def _crowd(ours: OffcutServer, photo: bytes) -> str:
    alone_s = min(clients.send(ours, photo) for _ in range(3))
    crowd = clients.crowd(ours, photo, 200)
    after_s = clients.send(ours, photo)
    row = [str(crowd.answered), str(crowd.refused), str(crowd.failed), f"{crowd.longest_wait_s:.0f}",
           f"{crowd.drained_s:.0f}", f"{max(0.0, after_s - alone_s):.2f}"]  # fmt: skip
    head = ["answered of 200", "refused (429, 503)", "lost", "longest Retry-After s", "all done after s",
            "slower than before by s"]  # fmt: skip
    return record.table(head, [row])


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Load over HTTP beside rembg s.")
    parser.add_argument("--seconds", type=float, default=300, help="for each server and number of clients")
    parser.add_argument("--slice", type=float, default=30, help="how long one server's turn lasts")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--rembg", type=Path, metavar="PYTHON", help="an interpreter that has rembg[cpu,cli]")
    parser.add_argument("--no-rembg", action="store_true")
    parser.add_argument("--rembg-clients", type=int, default=8, help="rembg is asked by no more than these")
    parser.add_argument("--endurance", type=int, default=2000, metavar="REQUESTS", help="0: none")
    parser.add_argument("--crowd", action="store_true", help="200 clients at once as well")
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
