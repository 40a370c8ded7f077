"""Hostile files, addresses and hosts against a running server: how soon each is refused, and memory.

usage: python benchmarks/hostile.py [--rounds 3] [--write]

The files and addresses are those of tests/wire/hostile_files.py, the hosts those of tests/server, which the
server is allowed to visit for this. One request at a time; round 0 warms the server up and is not timed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.server.hostile_server import ANSWERS, HostileServer
from tests.wire.hostile_files import ADDRESSES, hostile_files

import record
from servers import OffcutServer

HONEST = {"/good.jpg", "/chunked.jpg", "/until-closed.jpg", "/late.jpg", "/drip.jpg", "/empty.jpg"}
COLUMNS = ["kind", "sent", "refused", "answered", "median s", "p95 s", "slowest s", "the slowest"]

Case = tuple[str, str, Callable[[httpx.Client], httpx.Response]]
"""Kind, name, and how it is sent."""


def main() -> None:
    """Sends everything, round after round, and prints a line for each kind."""
    parser = argparse.ArgumentParser(description="Hostile input against a running server.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    hosts = HostileServer()
    try:
        with OffcutServer(OFFCUT_FETCH_HOSTS=f"127.0.0.1:{hosts.port}") as server:
            text = measured(server, hosts, asked.rounds)
    finally:
        hosts.close()
    print(text)
    if asked.write:
        record.write("hostile", "Hostile input", text)


def measured(server: OffcutServer, hosts: HostileServer, rounds: int) -> str:
    """The tables."""
    took: dict[str, list[tuple[float, int, str]]] = defaultdict(list)
    memory_mb, charged = [], 0.0
    with httpx.Client(base_url=server.base_url, headers=server.headers, timeout=60) as client:
        begun = _credits(client)
        for number in range(rounds + 1):
            for kind, name, send in cases(hosts.port):
                at_s = time.monotonic()
                answer = send(client)
                if number:
                    took[kind].append((time.monotonic() - at_s, answer.status_code, name))
                charged += float(answer.headers.get("X-Credits-Charged", 0))
            memory_mb.append(server.resident_mb())
        is_alive = client.get("/readyz").status_code == 200
        unexplained = begun - _credits(client) - charged
    rows = [_row(kind, lines) for kind, lines in took.items()]
    state = [[
        f"{memory_mb[0]:.0f}", f"{memory_mb[-1]:.0f}", f"{memory_mb[-1] / memory_mb[0]:.2f}×",
        "yes" if is_alive else "no", f"{unexplained:g}",
    ]]  # fmt: skip
    head = ["MB after the first round", "MB after the last", "ratio", "server ready", "credits missing"]
    return record.table(COLUMNS, rows) + "\n\n" + record.table(head, state)


def cases(port: int) -> Iterator[Case]:
    """Everything that is sent in a round."""
    for name, content in hostile_files().items():
        yield f"file, {name.split()[0]}", name, _upload(content)
    for address in ADDRESSES:
        yield "address", address[:40], _fetch(address)
    for path in sorted(ANSWERS.keys() - HONEST):
        yield "host", path, _fetch(f"http://127.0.0.1:{port}{path}")


def _upload(content: bytes) -> Callable[[httpx.Client], httpx.Response]:
    return lambda client: client.post("/v1.0/removebg", files={"image_file": content}, data={"size": "full"})


def _fetch(address: str) -> Callable[[httpx.Client], httpx.Response]:
    return lambda client: client.post("/v1.0/removebg", json={"image_url": address, "size": "full"})


def _credits(client: httpx.Client) -> float:
    return float(client.get("/v1.0/account").json()["data"]["attributes"]["credits"]["total"])


def _row(kind: str, lines: list[tuple[float, int, str]]) -> list[str]:
    refused = [line for line in lines if line[1] == 400]
    answered = [line for line in lines if line[1] == 200]
    odd = [line for line in lines if line[1] not in (200, 400)]
    if odd:
        raise SystemExit(f"Neither refused nor answered: {odd}")
    # What is a photo after all is cut out; how long that takes is not what is measured here.
    times_s = [line[0] for line in refused] or [0.0, 0.0]
    cuts = statistics.quantiles(times_s, n=20, method="inclusive") if len(times_s) > 1 else times_s * 19
    slowest = max(refused, default=(0.0, 0, "–"))
    return [
        kind, str(len(lines)), str(len(refused)), str(len(answered)), f"{statistics.median(times_s):.3f}",
        f"{cuts[18]:.3f}", f"{slowest[0]:.2f}", slowest[2],
    ]  # fmt: skip


if __name__ == "__main__":
    main()
