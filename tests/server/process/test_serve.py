"""From an empty folder to a page, and back to nothing."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

Served = Any
PROGRAM = "from offcut.server.command import server_app; server_app()"
PATIENCE_S = 90


def children_of(number: int) -> list[int]:
    """Numbers of the processes below `number`, at any depth (Linux)."""
    below = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        if parent == number:
            child = int(status.parent.name)
            below += [child, *children_of(child)]
    return below


def is_alive(number: int) -> bool:
    """Whether a process still runs (Linux)."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_from_an_empty_folder_and_back(
    served: Served, serve: Callable[..., Served], data_dir: Path, database: dict[str, str]
) -> None:
    served.wait_for("Offcut is ready")
    assert served.get("/healthz") == 200
    key_line = served.wait_for("API key: ")
    assert re.fullmatch(r"API key: offcut_\w{8}_\w{32}\n", key_line)
    link = re.search(r"/sign-in/once/[\w-]+/", served.wait_for("Sign in as the owner"))
    assert link
    assert served.get(link.group(0)) == 200
    page = urllib.request.urlopen(f"http://127.0.0.1:{served.port}/account/login/", timeout=10)
    with page:
        style = re.search(r"/static/offcut/style\.[0-9a-f]{12}\.css", page.read().decode())
    assert style
    assert served.get(style.group(0)) == 200
    # A recurring job shows that the worker works.
    served.wait_for("forget_done_jobs state=SUCCESSFUL")
    token = key_line.removeprefix("API key: ").strip()
    others = [line for line in served.lines if line != key_line]
    assert token[-32:] not in "".join(others)
    assert link.group(0) not in "".join(line for line in others if "Sign in" not in line)
    below = children_of(served.process.pid)
    assert len(below) >= 2
    assert served.stop() == 0
    assert not any(Path(f"/proc/{number}").exists() for number in below)
    file = data_dir / "database.sqlite3"
    assert file.exists() is not bool(database)
    if not database:
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)

    again = serve()
    again.wait_for("Offcut is ready")
    assert again.stop(signal.SIGINT) == 0
    assert "API key" not in again.output
    assert "Sign in" not in again.output


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's end")
def test_killed_outright_it_leaves_nothing_behind(served: Served) -> None:
    served.wait_for("Offcut is ready")
    below = children_of(served.process.pid)
    assert served.stop(signal.SIGKILL) == -signal.SIGKILL
    until = time.monotonic() + PATIENCE_S
    while any(is_alive(number) for number in below) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(is_alive(number) for number in below)


@pytest.mark.skipif(sys.platform != "linux", reason="finds the worker in /proc")
def test_a_fallen_worker_is_started_again(served: Served) -> None:
    served.wait_for("Offcut is ready")
    served.wait_for("Starting worker")
    worker = next(
        number
        for number in children_of(served.process.pid)
        if b"\x00work\x00" in Path(f"/proc/{number}/cmdline").read_bytes()
    )
    os.kill(worker, signal.SIGKILL)
    assert "process=worker" in served.wait_for("started again")
    until = time.monotonic() + PATIENCE_S
    while sum("Starting worker" in line for line in served.lines) < 2 and time.monotonic() < until:
        time.sleep(0.1)
    assert sum("Starting worker" in line for line in served.lines) == 2
    assert served.get("/healthz") == 200


def test_a_taken_port_ends_it_with_an_error(data_dir: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment = os.environ | {"OFFCUT_DATA_DIR": str(data_dir)}
        environment.pop("OFFCUT_DATABASE_URL", None)
        port = str(taken.getsockname()[1])
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM, "serve", "--port", port],
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    assert run.returncode == 1
    assert f"port {port}" in run.stderr.lower()


def test_a_setting_that_cannot_be_used_is_one_line(data_dir: Path) -> None:
    environment = os.environ | {"OFFCUT_DATA_DIR": str(data_dir), "OFFCUT_THREADS": "many"}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, "serve"], env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert run.stderr.startswith("offcut: OFFCUT_THREADS “many” cannot be used")
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("OFFCUT_DEVICE", "abacus", "There is no device called “abacus”"),
        ("OFFCUT_PRECISION", "fp7", "There is no precision called “fp7”"),
    ],
)
def test_a_device_that_cannot_be_had_ends_it_with_an_error(
    data_dir: Path, variable: str, value: str, said: str
) -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    environment = os.environ | {"OFFCUT_DATA_DIR": str(data_dir), variable: value}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, "serve", "--port", port],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr.startswith(f"offcut: {said}")
    assert not (data_dir / "database.sqlite3").exists()
