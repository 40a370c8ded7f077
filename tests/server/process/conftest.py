"""`offcut serve` as a real process."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

PROGRAM = "from offcut.server.command import server_app; server_app()"
PATIENCE_S = 90


class Served:
    """A running `offcut serve`, its lines as they come, and its address."""

    def __init__(self, data_dir: Path, program: Path | None = None, **settings: str) -> None:
        """`program`: a file to run in place of the `offcut` command."""
        self.port = free_port()
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("OFFCUT_") and name != "DJANGO_SETTINGS_MODULE"
        }
        environment |= {"OFFCUT_DATA_DIR": str(data_dir), "OFFCUT_STOP_S": "10", "OFFCUT_LOAD_AT_START": "no"}
        self.environment = environment | settings
        command = ["-c", PROGRAM] if program is None else [str(program)]
        self.process = subprocess.Popen(
            [sys.executable, *command, "serve", "--port", str(self.port)],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def wait_for(self, text: str) -> str:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            found = next((line for line in self.lines if text in line), None)
            if found is not None:
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"“{text}” never came:\n{self.output}")

    def get(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as stream:
            for line in stream:
                self.lines.append(line)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def database() -> Iterator[dict[str, str]]:
    """The settings of a database of its own: none for SQLite, an empty one on the private PostgreSQL."""
    address = os.environ.get("OFFCUT_DATABASE_URL")
    if address is None:
        yield {}
        return
    name = f"serve_{secrets.token_hex(6)}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield {"OFFCUT_DATABASE_URL": address.replace("/postgres?", f"/{name}?")}
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def serve(data_dir: Path, database: dict[str, str]) -> Iterator[Callable[..., Served]]:
    """Starts servers on one folder and one database; those still running are stopped after the test."""
    started = []

    def start(program: Path | None = None, **settings: str) -> Served:
        started.append(Served(data_dir, program, **database, **settings))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            server.stop()


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    return serve()
