"""Many workers at once, and workers that are killed: the benchmark's own rounds with smaller numbers.

The full counts, each some minutes: `python benchmarks/ledger.py contention --repeat 20` and
`python benchmarks/ledger.py kill --repeat 200`, with `--database sqlite` and `--database postgresql`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
DATABASE = os.environ.get("OFFCUT_TEST_DATABASE", "sqlite")


def run(*arguments: str) -> dict:
    """Run one round in a process and a database of its own; return its report."""
    done = subprocess.run(
        [sys.executable, "benchmarks/ledger.py", *arguments, "--database", DATABASE],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "src", "OFFCUT_DATABASE_URL": ""},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    assert done.stdout, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_64_workers_capture_exactly_what_there_is() -> None:
    report = run("contention", "--workers", "64", "--holds", "600", "--credits", "60")
    assert report["counts"] == {"captured": 60, "insufficient_credits": 540}, report
    assert (report["captured"], report["left"], report["least_available"]) == (60, 0, 0)
    assert report["holds"] is True


def test_a_killed_worker_loses_nothing_and_charges_nothing_twice() -> None:
    report = run("kill", "--repeat", "40")
    assert report["holds"] is True, report
    assert set(report["killed_at"]) >= {"hold", "capture"}, report
    assert "charged twice" not in report["repeated"]
    assert sum(report["repeated"].values()) == report["requests"] >= 40
