"""Clients of a server under test: how many photos they get, how long each takes, how many fail."""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

import httpx

PATIENCE_S = 600.0
BUSY = frozenset({429, 503})


class Server(Protocol):
    """What is asked: where it listens, what goes with a photo, and how the photo's field is called."""

    url: str
    headers: dict[str, str]
    fields: dict[str, str]
    field: str


@dataclass
class Tally:
    """Photos that were answered, failures, and how long the clients were at it, in seconds."""

    took_s: list[float] = field(default_factory=list)
    failed: int = 0
    elapsed_s: float = 0.0

    @property
    def rate(self) -> float:
        """Photos a second."""
        return len(self.took_s) / self.elapsed_s if self.elapsed_s else 0.0

    def add(self, other: Tally) -> None:
        """Count another turn as well."""
        self.took_s += other.took_s
        self.failed += other.failed
        self.elapsed_s += other.elapsed_s


@dataclass(frozen=True)
class Crowd:
    """What became of many clients at once."""

    answered: int
    refused: int
    failed: int
    longest_wait_s: float
    drained_s: float


def slices(asked: argparse.Namespace) -> int:
    """How many turns each server has."""
    return max(1, round(asked.seconds / asked.slice))


def take_turns(
    servers: Mapping[str, Server], photo: bytes, count: int, asked: argparse.Namespace
) -> dict[str, Tally]:
    """`count` clients ask one server after the other, a slice each, until each had its seconds."""
    taken = {name: Tally() for name in servers}
    for _ in range(slices(asked)):
        for name, server in servers.items():
            taken[name].add(ask_for(server, photo, count, min(asked.slice, asked.seconds)))
    return taken


def ask_for(server: Server, photo: bytes, count: int, seconds: float) -> Tally:
    """`count` clients ask for `seconds`; what has begun by then is waited for and counted."""
    end_s = time.monotonic() + seconds
    return _ask_while(server, photo, count, lambda: time.monotonic() < end_s)


def ask_times(server: Server, photo: bytes, count: int, times: int) -> Tally:
    """`count` clients ask `times` times altogether."""
    left = iter(range(times))
    lock = threading.Lock()

    def goes_on() -> bool:
        with lock:
            return next(left, None) is not None

    return _ask_while(server, photo, count, goes_on)


def send(server: Server, photo: bytes) -> float:
    """How long one photo takes, in seconds. Raises httpx.HTTPStatusError when it is refused."""
    with _client(server) as client:
        begun_s = time.monotonic()
        _post(client, server, photo).raise_for_status()
        return time.monotonic() - begun_s


def crowd(server: Server, photo: bytes, count: int) -> Crowd:
    """`count` clients ask once, all in the same moment."""
    gate = threading.Barrier(count)

    def ask(_number: int) -> httpx.Response | None:
        with _client(server) as client:
            gate.wait(PATIENCE_S)
            try:
                return _post(client, server, photo)
            except httpx.TransportError:
                return None

    begun_s = time.monotonic()
    with ThreadPoolExecutor(count) as threads:
        answers = list(threads.map(ask, range(count)))
    drained_s = time.monotonic() - begun_s
    answered = [one for one in answers if one is not None and one.status_code == 200]
    refused = [one for one in answers if one is not None and one.status_code in BUSY]
    waits_s = [float(one.headers["Retry-After"]) for one in refused]
    lost = count - len(answered) - len(refused)
    return Crowd(len(answered), len(refused), lost, max(waits_s, default=0.0), drained_s)


def _ask_while(server: Server, photo: bytes, count: int, goes_on: Callable[[], bool]) -> Tally:
    tally = Tally()
    lock = threading.Lock()

    def ask() -> None:
        with _client(server) as client:
            while goes_on():
                begun_s = time.monotonic()
                is_answered = _post(client, server, photo).status_code == 200
                with lock:
                    tally.failed += not is_answered
                    if is_answered:
                        tally.took_s.append(time.monotonic() - begun_s)

    begun_s = time.monotonic()
    threads = [threading.Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tally.elapsed_s = time.monotonic() - begun_s
    return tally


def _client(server: Server) -> httpx.Client:
    # Plain HTTP on this machine: loading certificates would only cost the machine's time.
    return httpx.Client(headers=server.headers, timeout=PATIENCE_S, verify=False)


def _post(client: httpx.Client, server: Server, photo: bytes) -> httpx.Response:
    return client.post(server.url, files={server.field: ("photo.jpg", photo)}, data=server.fields)
