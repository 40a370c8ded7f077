"""Ctrl-C, kills, two runs at once, a folder that is watched: nothing half, nothing twice."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are a thing of Unix")


def wait_for(condition: Any, seconds: float = 60.0) -> None:
    """Waits until something is true; fails the test when it does not come true."""
    ends_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends_at, "waited in vain"
        time.sleep(0.02)


def results(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*-removebg.*") if not path.name.startswith("."))


def assert_whole(folder: Path) -> None:
    """Every result opens to its last row, and nothing temporary is left."""
    for path in results(folder):
        with Image.open(path) as result:
            result.load()
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_leaves_whole_results_and_says_what_was_done(
    started: Any, photo: Any, tmp_path: Path, sent: signal.Signals, status: int
) -> None:
    for number in range(20):
        photo(f"{number:02}.jpg")
    process = started(".", "--json", PLAIN_CUT_SECONDS="0.2")
    wait_for(lambda: len(results(tmp_path)) >= 2)
    process.send_signal(sent)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == status
    records = [json.loads(line) for line in out.splitlines()]
    summary = records[-1]
    assert summary["interrupted"]
    assert 2 <= summary["done"] < 20, out
    assert summary["done"] == len(results(tmp_path)) == sum(record["status"] == "done" for record in records)
    assert_whole(tmp_path)


def test_an_interruption_is_put_into_words(started: Any, photo: Any, tmp_path: Path) -> None:
    for number in range(20):
        photo(f"{number:02}.jpg")
    process = started(".", PLAIN_CUT_SECONDS="0.2")
    wait_for(lambda: results(tmp_path))
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert "Interrupted: " in err
    assert "done" in err.splitlines()[-1]
    assert "Traceback" not in err


def test_two_runs_at_once_share_the_work(started: Any, photo: Any, tmp_path: Path) -> None:
    for number in range(12):
        photo(f"{number:02}.jpg")
    runs = [started(".", "--json", PLAIN_CUT_SECONDS="0.15") for _ in range(2)]
    outputs = [run.communicate(timeout=120)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    records = [json.loads(line) for out in outputs for line in out.splitlines()]
    made = [record["photo"] for record in records if record["status"] == "done"]
    assert sorted(made) == [f"{number:02}.jpg" for number in range(12)]
    assert_whole(tmp_path)


def test_a_result_that_another_run_makes_is_left_to_it(
    started: Any, offcut: Any, photo: Any, tmp_path: Path
) -> None:
    photo("dog.jpg")
    process = started("dog.jpg", PLAIN_CUT_SECONDS="3")
    wait_for(lambda: list(tmp_path.glob(".*.lock")))
    record = offcut("dog.jpg", "--json").records[0]
    assert record["status"] == "skipped"
    assert record["error"]["code"] == "output_in_use"
    process.communicate(timeout=60)
    assert_whole(tmp_path)


def test_what_a_killed_run_left_behind_does_not_block(
    started: Any, offcut: Any, photo: Any, tmp_path: Path
) -> None:
    photo("dog.jpg")
    process = started("dog.jpg", PLAIN_CUT_SECONDS="30")
    # A lock that does not say yet whose it is would be left alone for two seconds.
    wait_for(lambda: any(lock.stat().st_size for lock in tmp_path.glob(".*.lock")))
    process.kill()
    process.communicate(timeout=60)
    assert list(tmp_path.glob(".*.lock"))
    assert offcut("dog.jpg", "--json").statuses() == {"dog.jpg": "done"}
    assert_whole(tmp_path)


def test_a_watched_folder_takes_each_photo_once_it_is_whole(started: Any, photo: Any, tmp_path: Path) -> None:
    source = photo("source/dog.png", side=600)
    inbox = tmp_path / "in"
    inbox.mkdir()
    shutil.copy(source, inbox / "first.png")
    process = started("--watch", "in", "--output-directory", "out", "--json")
    wait_for((tmp_path / "out/first.png").exists)
    content = source.read_bytes()
    with (inbox / "slow.png").open("wb") as growing:
        for start in range(0, len(content), 1 + len(content) // 8):
            growing.write(content[start : start + 1 + len(content) // 8])
            growing.flush()
            time.sleep(0.3)
            assert not (tmp_path / "out/slow.png").exists()
    wait_for((tmp_path / "out/slow.png").exists)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    records = [json.loads(line) for line in out.splitlines()]
    assert [record["status"] for record in records] == ["done", "done", "summary"]


IN_PLACE = ("w/dog-removebg.png", "w/cat-removebg.png")


@pytest.mark.parametrize(
    ("arguments", "folder", "results"),
    [
        ((), "w", IN_PLACE),
        (("--output-directory", "w"), "w", IN_PLACE),
        (("--recursive", "--output-directory", "."), "w/w", ("w/dog.png", "w/cat.png")),
    ],
)
def test_a_watched_folder_never_takes_what_the_run_itself_wrote(
    started: Any, photo: Any, tmp_path: Path, arguments: Any, folder: str, results: Any
) -> None:
    photos = (f"{folder}/dog.jpg", f"{folder}/cat.jpg")
    photo(photos[0])
    process = started("--watch", "w", *arguments, "--json")
    wait_for((tmp_path / results[0]).exists)
    # When the second photo is taken the first one's result has stood still for at least as long.
    (tmp_path / photos[0]).unlink()
    photo(photos[1])
    wait_for((tmp_path / results[1]).exists)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert [json.loads(line)["status"] for line in out.splitlines()] == ["done", "done", "summary"]
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {photos[1], *results}


def test_a_folder_to_watch_must_exist(offcut: Any) -> None:
    ran = offcut("--watch", "gone")
    assert ran.code == 1
    assert "(photo_not_found)" in ran.err


def test_a_reader_that_goes_away_ends_the_run_quietly(photo: Any, tmp_path: Path) -> None:

    for number in range(5):
        photo(f"{number}.jpg")
    script = Path(__file__).with_name("plain_cut.py")
    command = f'"{sys.executable}" "{script}" . --json | head -n 1'
    ran = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, check=False, timeout=60)
    assert ran.stdout.count(b"\n") == 1
    assert b"Traceback" not in ran.stderr


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal of its own")
def test_a_terminal_shows_rate_and_progress(photo: Any, tmp_path: Path) -> None:
    for number in range(6):
        photo(f"{number}.jpg")
    terminal, inner = os.openpty()
    command = [sys.executable, str(Path(__file__).with_name("plain_cut.py")), "."]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "PLAIN_CUT_SECONDS": "0.1"}
    process = subprocess.Popen(command, cwd=tmp_path, stderr=inner, stdin=inner, env=environment)
    os.close(inner)
    shown = b""
    with contextlib.suppress(OSError):  # Linux ends a terminal that nobody holds any more with an error.
        while chunk := os.read(terminal, 65_536):
            shown += chunk
    os.close(terminal)
    assert process.wait(timeout=60) == 0
    text = shown.decode()
    assert "photos/s" in text
    assert "6/6" in text
    assert "6 done, 0 skipped, 0 failed" in text
