"""The command line under test, with a cut that needs no networks: what is red is the subject.

Tests of names, skips, clashes, pipes and interruptions are about the command, not about the matte. The real
networks are met in tests/cli/test_real_photos.py.
"""

from __future__ import annotations

import http.server
import importlib.util
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

PLAIN_CUT = Path(__file__).with_name("plain_cut.py")
SERVICE = Path(__file__).parent.parent / "client" / "service.py"


class Ran:
    """What a command did: exit status, what it printed, its JSON lines."""

    def __init__(self, code: int, out: bytes, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    def statuses(self) -> dict[str, str]:
        """Status by the photo's file name."""
        return {Path(record["photo"]).name: record["status"] for record in self.records if "photo" in record}


Offcut = Callable[..., Ran]


@pytest.fixture
def offcut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Offcut:
    """Runs `offcut` in the test's folder, in this process."""
    plain = _loaded(PLAIN_CUT)
    monkeypatch.setattr("offcut.engine.pipeline.cut_out", plain.cut_out)
    monkeypatch.setattr("offcut.library.default_networks", lambda: None)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path, stdin: bytes = b"") -> Ran:
        from offcut.cli.main import app

        finished = CliRunner().invoke(app, list(map(str, arguments)), input=stdin, prog_name="offcut")
        if finished.exception is not None and not isinstance(finished.exception, SystemExit):
            raise finished.exception
        return Ran(finished.exit_code, finished.stdout_bytes, finished.stderr)

    return run


def _loaded(path: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts `offcut` and leaves it running; what still runs at the end of the test is ended."""
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-u", PLAIN_CUT, *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def photo(tmp_path: Path) -> Callable[..., Path]:
    """Makes a photo: a red square on white, in the format that the name asks for."""

    def make(name: str, side: int = 64, colour: tuple[int, int, int] = (220, 20, 20)) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.full((side, side, 3), 255, np.uint8)
        pixels[side // 4 : -side // 4, side // 4 : -side // 4] = colour
        Image.fromarray(pixels).save(path)
        return path

    return make


@pytest.fixture
def web() -> Iterator[Any]:
    """A web server on this machine. `web.answers["/dog.jpg"] = (status, headers, body)`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = server.answers.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.answers = {}
    server.address = f"http://127.0.0.1:{server.server_port}"
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    yield server
    server.shutdown()
    server.server_close()
    serving.join()


@pytest.fixture(scope="module")
def recorded() -> Any:
    """The module of recorded answers of a server of the v1.0 API."""
    specification = importlib.util.spec_from_file_location("cli_service", SERVICE)
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    sys.modules["cli_service"] = module
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def service(recorded: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A server of the v1.0 API on this machine (`recorded.Service`)."""
    for name in ("OFFCUT_API_URL", "OFFCUT_API_KEY", "REMOVE_BG_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    running = recorded.Service()
    yield running
    running.close()


@pytest.fixture
def flags(service: Any, recorded: Any) -> tuple[str, ...]:
    """The flags that name the service."""
    return ("--api-url", service.url, "--api-key", recorded.KEY)
