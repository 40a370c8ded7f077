"""Told to stop under a full queue: what runs is finished, all others are told, nobody pays for nothing.

How fast it goes decides nothing here: the engine is busy until a file is made.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.server.plain_runner import photo_bytes
from tests.server.process.test_serve import children_of, is_alive
from tests.wire.served import SUMS
from tests.wire.served import Served as WebServer

ROOT = Path(__file__).parents[3]
PHOTO = photo_bytes(120, 80)
PATIENCE_S = 90
CREDITS = 50
SETTINGS = {
    "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))),
    "OFFCUT_GIFT_CREDITS": str(CREDITS),
    "OFFCUT_FREE_PREVIEWS": "0",
    "OFFCUT_METRICS_TOKEN": "for tests",
    "OFFCUT_RATE_LIMIT": "1000000",
    "OFFCUT_JOBS": "2",
}
UPLOAD = """
import django, sys
django.setup()
from offcut.server.removals import images
from offcut.server.removals.owners import Owner
photo = sys.stdin.buffer.read()
for _ in range(3):
    images.receive(Owner(None, "alice"), photo)
"""
STATES = """
import django, json
django.setup()
from offcut.server.removals.models import Image
print(json.dumps(list(Image.objects.values_list("state", "claimed_by", "attempt_count"))))
"""


class Crowd:
    """Clients that ask a server for cut-outs at the same time, each in a thread."""

    def __init__(self, port: int, token: str) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self._token = token
        self._threads = ThreadPoolExecutor(32)

    def ask(self) -> httpx.Response:
        """One cut-out, on a line of its own."""
        return httpx.post(
            f"{self._url}/v1.0/removebg",
            files={"image_file": ("photo.jpg", PHOTO)},
            data={"size": "full"},
            headers={"X-Api-Key": self._token},
            timeout=PATIENCE_S,
            verify=False,
        )

    def come(self, count: int) -> list[Future[httpx.Response]]:
        """So many more; their answers, when they come."""
        return [self._threads.submit(self.ask) for _ in range(count)]

    def wait_for(self, **queue: int) -> None:
        """Wait until as many photos run, and as many wait, as is said."""
        until_s = time.monotonic() + PATIENCE_S
        while (seen := self._queue()) != queue:
            assert time.monotonic() < until_s, seen
            time.sleep(0.05)

    def go(self) -> None:
        """No more clients."""
        self._threads.shutdown()

    def _queue(self) -> dict[str, int]:
        answer = httpx.get(
            f"{self._url}/metrics", headers={"Authorization": "Bearer for tests"}, timeout=PATIENCE_S
        )
        found = re.findall(r"^offcut_queue_(running|waiting) (\d+)", answer.text, re.MULTILINE)
        return {name: int(count) for name, count in found}


@pytest.fixture
def let_go(tmp_path: Path) -> Path:
    """The file that lets the engine go on."""
    return tmp_path / "let-go"


@pytest.fixture
def crowd() -> Iterator[Callable[[int, str], Crowd]]:
    """Makes clients of the server at a port. Asked for before the server, they go when it has ended."""
    made: list[Crowd] = []

    def make(port: int, token: str) -> Crowd:
        made.append(Crowd(port, token))
        return made[-1]

    yield make
    for one in made:
        one.go()


def held(serve: Callable[..., Any], let_go: Path, stop_s: int) -> Any:
    served = serve(program=Path(__file__).with_name("held_server.py"), HELD_UNTIL=str(let_go),
                   OFFCUT_STOP_S=str(stop_s), **SETTINGS)  # fmt: skip
    served.wait_for("Offcut is ready")
    return served


def token_of(served: Any) -> str:
    return str(served.wait_for("API key: ").removeprefix("API key: ").strip())


def beside(served: Any, program: str, given: bytes = b"") -> str:
    """Run a program on the server's database; what it prints."""
    environment = served.environment | {"DJANGO_SETTINGS_MODULE": "offcut.server.settings"}
    ran = subprocess.run(
        [sys.executable, "-c", program], env=environment, input=given, capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout.decode()


def owned(served: Any) -> Any:
    """The one team's credits and holds; the ledger's kept sums agree with its entries."""
    [sums] = json.loads(beside(served, SUMS)).values()
    return sums


def is_free(port: int) -> bool:
    """Whether the next start could have the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def require_refusals(answers: list[httpx.Response]) -> None:
    assert [answer.status_code for answer in answers] == [503] * len(answers)
    for answer in answers:
        assert answer.json()["errors"][0]["code"] == "server_busy"
        assert int(answer.headers["Retry-After"]) > 0
        assert "X-Credits-Charged" not in answer.headers


def test_what_runs_is_finished_and_what_waits_is_told(
    crowd: Callable[[int, str], Crowd], serve: Callable[..., Any], let_go: Path
) -> None:
    served = held(serve, let_go, PATIENCE_S)
    clients = crowd(served.port, token_of(served))
    running = clients.come(2)
    clients.wait_for(running=2, waiting=0)
    waiting = clients.come(10)
    clients.wait_for(running=2, waiting=10)
    # Three photos of the website wait with them.
    beside(served, UPLOAD, PHOTO)
    clients.wait_for(running=2, waiting=13)

    served.process.send_signal(signal.SIGTERM)
    require_refusals([one.result(PATIENCE_S) for one in waiting])
    # Whoever comes now is told as well; and to be told to stop a second time changes nothing.
    require_refusals([clients.ask()])
    served.process.send_signal(signal.SIGTERM)
    require_refusals([clients.ask()])
    assert not any(one.done() for one in running)
    let_go.touch()
    assert [one.result(PATIENCE_S).status_code for one in running] == [200, 200]
    assert served.process.wait(PATIENCE_S) == 0

    after = owned(served)
    assert (after["total"], after["held"]) == ((CREDITS - 2) * 100, 0)
    assert after["states"] == {"captured": 2, "released": 12}
    # The website's photos have lost neither their place nor an attempt, and go on after the next start.
    assert json.loads(beside(served, STATES)) == [["waiting", "", 0]] * 3
    again = held(serve, let_go, PATIENCE_S)
    until_s = time.monotonic() + PATIENCE_S
    while {state for state, *_ in json.loads(beside(again, STATES))} != {"done"}:
        assert time.monotonic() < until_s, again.output
        time.sleep(0.2)


def test_what_does_not_finish_in_time_is_told_too(
    crowd: Callable[[int, str], Crowd], serve: Callable[..., Any], let_go: Path
) -> None:
    served = held(serve, let_go, 1)
    clients = crowd(served.port, token_of(served))
    asked = clients.come(12)
    clients.wait_for(running=2, waiting=10)
    assert served.stop(signal.SIGINT) == 0
    require_refusals([one.result(PATIENCE_S) for one in asked])
    after = owned(served)
    assert (after["total"], after["held"], after["states"]) == (CREDITS * 100, 0, {"released": 12})


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's end")
def test_killed_outright_it_frees_the_port_and_answers_all(
    crowd: Callable[[int, str], Crowd], serve: Callable[..., Any], let_go: Path
) -> None:
    served = held(serve, let_go, PATIENCE_S)
    clients = crowd(served.port, token_of(served))
    asked = clients.come(12)
    clients.wait_for(running=2, waiting=10)
    below = children_of(served.process.pid)
    assert served.stop(signal.SIGKILL) == -signal.SIGKILL
    until_s = time.monotonic() + PATIENCE_S
    while not is_free(served.port):
        assert time.monotonic() < until_s, served.output
        time.sleep(0.05)
    assert sum(one.done() for one in asked) <= 10
    let_go.touch()
    wait(asked, PATIENCE_S)
    assert sorted(one.result().status_code for one in asked) == [200] * 2 + [503] * 10
    while any(is_alive(number) for number in below):
        assert time.monotonic() < until_s, served.output
        time.sleep(0.05)
    after = owned(served)
    assert (after["total"], after["held"]) == ((CREDITS - 2) * 100, 0)


@pytest.fixture
def alone(tmp_path: Path, let_go: Path) -> Iterator[WebServer]:
    """The web server without `offcut serve`."""
    application = "tests.server.process.held_server:application"
    settings = SETTINGS | {"HELD_UNTIL": str(let_go), "OFFCUT_STOP_S": str(PATIENCE_S)}
    served = WebServer(tmp_path / "data", {"alice": 0}, application=application, **settings)
    yield served
    if served.process.poll() is None:
        served.kill()


def test_the_web_server_alone_hears_ctrl_c(
    crowd: Callable[[int, str], Crowd], alone: WebServer, let_go: Path
) -> None:
    clients = crowd(alone.port, alone.tokens["alice"])
    asked = clients.come(12)
    clients.wait_for(running=2, waiting=10)
    # A terminal tells all of its processes at once.
    os.killpg(alone.process.pid, signal.SIGINT)
    until_s = time.monotonic() + PATIENCE_S
    while len(told := [one for one in asked if one.done()]) < 10:
        assert time.monotonic() < until_s, alone.log.read_text()
        time.sleep(0.05)
    require_refusals([one.result() for one in told])
    let_go.touch()
    wait(asked, PATIENCE_S)
    assert sorted(one.result().status_code for one in asked) == [200] * 2 + [503] * 10
    assert alone.process.wait(PATIENCE_S) == 0
    after = json.loads(alone.python(SUMS))["alice"]
    assert (after["total"], after["held"]) == ((CREDITS - 2) * 100, 0)
