"""`offcut --api-url` against the real server: each photo is charged once, whatever ends the run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.server.plain_runner import photo_bytes
from tests.wire.served import PATIENCE_S, SUMS, Served

PHOTOS = 10


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A server with a team that has 100 credits, no gift and no free previews."""
    server = Served(
        tmp_path / "data",
        {"alice": 100},
        OFFCUT_FREE_PREVIEWS="0",
        OFFCUT_GIFT_CREDITS="0",
        PLAIN_CUT_S="0.5",
    )
    yield server
    server.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos, no two alike."""
    made = tmp_path / "photos"
    made.mkdir()
    for number in range(PHOTOS):
        (made / f"{number}.jpg").write_bytes(photo_bytes(60 + number, 40))
    return made


def offcut(served: Served, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OFFCUT_")}
    return subprocess.Popen(
        [sys.executable, "-m", "offcut.cli.main", *(".", "--size", "full", "--jobs", "4"), *arguments],
        cwd=folder,
        env={**kept, "OFFCUT_API_URL": served.url, "OFFCUT_API_KEY": served.tokens["alice"]},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def spent(served: Served) -> Any:
    """Credits that are gone; none may be held."""

    own = json.loads(served.python(SUMS))["alice"]
    assert own["held"] == 0
    return 100 - own["total"] / 100


def results(folder: Path) -> list[Path]:
    return sorted(folder.glob("*-removebg.png"))


def wait_for_results(folder: Path, count: int) -> None:
    ends_at = time.monotonic() + PATIENCE_S
    while len(results(folder)) < count:
        assert time.monotonic() < ends_at, "waited in vain"
        time.sleep(0.02)


@pytest.mark.skipif(os.name == "nt", reason="signals are a thing of Unix")
def test_what_is_charged_before_ctrl_c_is_written(served: Served, folder: Path) -> None:
    process = offcut(served, folder)
    wait_for_results(folder, 1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    made = len(results(folder))
    assert f"Interrupted: {made} done" in err
    assert spent(served) == made
    assert f"Charged: {made} credit" in err.splitlines()[-1]
    # And the rest is bought by the next run.
    _, err = offcut(served, folder).communicate(timeout=PATIENCE_S)
    assert f"{PHOTOS - made} done, {made} skipped, 0 failed" in err
    assert spent(served) == len(results(folder)) == PHOTOS


def test_results_that_were_lost_are_not_bought_again(served: Served, folder: Path) -> None:
    """As when the program was killed, or the disk was full, after the charge."""
    _, err = offcut(served, folder).communicate(timeout=PATIENCE_S)
    assert err.splitlines()[-1] == f"Charged: {PHOTOS} credits."
    first = [path.read_bytes() for path in results(folder)]
    for path in results(folder)[:3]:
        path.unlink()
    _, err = offcut(served, folder).communicate(timeout=PATIENCE_S)
    assert err.splitlines()[-1] == "Charged: 0 credits."
    assert err.count("This was paid for before") == 3
    assert [path.read_bytes() for path in results(folder)] == first
    assert spent(served) == PHOTOS


def test_after_the_retention_time_the_same_is_bought_anew(served: Served, folder: Path) -> None:
    for path in sorted(folder.iterdir())[1:]:
        path.unlink()
    served.stop()
    served.environment["OFFCUT_RETENTION_S"] = "1"
    served.start()
    for _ in range(3):
        process = offcut(served, folder, "--reprocess-existing")
        _, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, err
        assert err.splitlines()[-1] == "Charged: 1 credit."
        time.sleep(1.1)
    assert spent(served) == 3
