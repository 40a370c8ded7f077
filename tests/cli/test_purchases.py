"""What a server charged for is written, and a rerun does not buy it again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

UNIX_ONLY = pytest.mark.skipif(os.name == "nt", reason="signals are a thing of Unix")
PATIENCE_S = 60


def removals(service: Any) -> list[Any]:
    return [request for request in service.received if request.path == "/v1.0/removebg"]


def keys(service: Any) -> list[str]:
    return [request.headers["idempotency-key"] for request in removals(service)]


def results(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*-removebg.png"))


def wait_for(condition: Callable[[], Any]) -> None:
    ends_at = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < ends_at, "waited in vain"
        time.sleep(0.02)


def read_until(process: subprocess.Popen[str], words: str) -> None:
    """Reads what a program says until it says these words; fails when it ends before."""
    assert process.stderr
    said = ""
    while words not in said:
        line = process.stderr.readline()
        assert line, said
        said += line


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waits between tries."""
    monkeypatch.setattr("offcut.cli.purchases._StoppableClient._pause", lambda *_: None)


@pytest.fixture
def gate(service: Any) -> Iterator[threading.Event]:
    """Removals are answered once it is set."""
    opened = threading.Event()

    def answer(handler: Any, received: Any) -> Any:
        if received.path == "/v1.0/removebg":
            opened.wait(PATIENCE_S)
        return service.answer(handler, received)

    service.script = [answer] * 50
    yield opened
    opened.set()


def over(recorded: Any) -> Any:
    return recorded.refusal(422, "request_over", "Idempotency-Key used before")


def running(recorded: Any) -> Any:
    return recorded.refusal(409, "request_running", "The same request is being worked on", Retry_After="2")


@UNIX_ONLY
def test_ctrl_c_waits_for_what_the_server_works_on_and_writes_it(
    started: Any, photo: Any, service: Any, flags: Any, gate: threading.Event, tmp_path: Path
) -> None:
    for number in range(12):
        photo(f"{number:02}.jpg", side=16 + number)
    process = started(".", "--jobs", "4", *flags)
    wait_for(lambda: len(removals(service)) == 4)
    process.send_signal(signal.SIGINT)
    read_until(process, "Waiting up to 60 s for photos that are with the server")
    gate.set()
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert len(removals(service)) == 4
    assert results(tmp_path) == [f"{number:02}-removebg.png" for number in range(4)]
    assert "Interrupted: 4 done, 0 skipped, 0 failed" in err
    assert err.splitlines()[-1] == "Charged: 1 credit."


def test_an_error_that_ends_the_run_drops_nothing_that_is_paid(
    offcut: Any,
    photo: Any,
    service: Any,
    recorded: Any,
    flags: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from offcut.cli.batch import Batch

    for number in range(3):
        photo(f"{number}.jpg", side=600 + number)
    stopped, second, stop = threading.Event(), threading.Event(), Batch.stop

    def spied(batch: Batch, **how: Any) -> None:
        stop(batch, **how)
        stopped.set()

    def answer(handler: Any, received: Any) -> Any:
        """The first photo meets the end of the credits while the second is in work."""
        if received.files["image_file"][1] == (tmp_path / "1.jpg").read_bytes():
            second.set()
            stopped.wait(PATIENCE_S)
            return service.answer(handler, received)
        second.wait(PATIENCE_S)
        return recorded.refusal(402, "insufficient_credits", "Insufficient credits")

    monkeypatch.setattr(Batch, "stop", spied)
    service.script = [answer] * 3
    ran = offcut(".", "--jobs", "2", "--confirm-batch-over", "-1", *flags)
    assert ran.code == 1
    assert results(tmp_path) == ["1-removebg.png"]
    assert "1 done, 0 skipped, " in ran.err
    assert "Ctrl-C" not in ran.err
    assert ran.err.splitlines()[-1] == "Charged: 0.25 credits."


@UNIX_ONLY
def test_a_second_ctrl_c_leaves_at_once(
    started: Any, photo: Any, service: Any, flags: Any, gate: threading.Event
) -> None:
    del gate
    photo("dog.jpg")
    process = started("dog.jpg", *flags)
    wait_for(lambda: removals(service))
    process.send_signal(signal.SIGINT)
    read_until(process, "Another Ctrl-C leaves at once.")
    time.sleep(1.1)  # Sooner it would count as the same one.
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=PATIENCE_S / 2) == -signal.SIGINT


@UNIX_ONLY
def test_a_server_that_does_not_answer_is_given_up_and_told(
    started: Any, photo: Any, service: Any, flags: Any, gate: threading.Event, tmp_path: Path
) -> None:
    del gate
    photo("dog.jpg")
    process = started("dog.jpg", *flags, PLAIN_CUT_PATIENCE_S="0.2")
    wait_for(lambda: removals(service))
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert results(tmp_path) == []
    assert "dog.jpg: stopped, the server did not answer in time and may have charged for it." in err
    assert "Charged: 0 credits, and maybe for 1 more" in err.splitlines()[-1]


@UNIX_ONLY
def test_a_run_that_waits_for_a_busy_server_ends_at_once(
    started: Any, photo: Any, service: Any, recorded: Any, flags: Any
) -> None:
    service.script = [recorded.refusal(429, "rate_limit_exceeded", "Rate limit exceeded", Retry_After="50")]
    photo("dog.jpg")
    process = started("dog.jpg", "--json", *flags)
    wait_for(lambda: removals(service))
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert [json.loads(line)["status"] for line in out.splitlines()][:1] == ["stopped"]
    assert len(removals(service)) == 1


def test_a_long_wait_is_told_once_for_all(
    offcut: Any, photo: Any, service: Any, recorded: Any, flags: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        photo(f"{number}.jpg", side=64 + number)
    monkeypatch.setattr("offcut.cli.purchases.threading.Event.wait", _without_waiting(threading.Event.wait))
    busy = recorded.refusal(429, "rate_limit_exceeded", "Rate limit exceeded", Retry_After="50")
    service.script = [service.answer, busy, busy]
    ran = offcut(".", "--jobs", "2", *flags)
    assert ran.code == 0
    assert ran.err.count("The server cannot take a photo now: asking again in 5") == 1


def _without_waiting(wait: Any) -> Any:
    """Waits of the kind that a test has no time for end at once."""
    return lambda event, seconds=None: wait(event, seconds if seconds is None or seconds < 50 else 0)


@pytest.mark.usefixtures("quick")
def test_a_server_that_is_started_anew_is_waited_for_once_it_has_answered(
    offcut: Any, photo: Any, service: Any, recorded: Any, flags: Any
) -> None:
    photo("0.jpg")
    photo("1.jpg", side=65)
    starting = recorded.refusal(503, "server_not_ready", "Server not ready")
    service.script = [service.answer, service.answer, *[starting] * 8]
    ran = offcut(".", "--jobs", "1", "--json", *flags)
    assert ran.statuses() == {"0.jpg": "done", "1.jpg": "done"}
    service.script = [starting] * 8
    ran = offcut("0.jpg", "--reprocess-existing", "--json", *flags)
    assert ran.statuses() == {"0.jpg": "failed"}
    assert len(service.script) == 4


def test_a_hint_that_the_server_gives_is_not_said_twice(
    offcut: Any, photo: Any, service: Any, recorded: Any, flags: Any
) -> None:
    from offcut.errors import NoForegroundError

    hint = NoForegroundError("").hint
    photo("dog.jpg")
    service.script = [recorded.refusal(400, "unknown_foreground", "Could not identify foreground", hint)]
    assert offcut("dog.jpg", *flags).err.count(hint.rstrip(".")) == 1


@UNIX_ONLY
def test_a_watched_folder_drops_nothing_that_is_paid(
    started: Any, photo: Any, service: Any, flags: Any, gate: threading.Event, tmp_path: Path
) -> None:
    photo("in/dog.jpg")
    process = started("--watch", "in", *flags)
    wait_for(lambda: removals(service))
    process.send_signal(signal.SIGINT)
    read_until(process, "Waiting up to 60 s")
    gate.set()
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert results(tmp_path / "in") == ["dog-removebg.png"]
    assert err.splitlines()[-1] == "Charged: 0.25 credits."


def test_the_key_stands_for_the_photo_and_all_that_is_asked(
    offcut: Any, photo: Any, service: Any, flags: Any, tmp_path: Path
) -> None:
    photo("dog.jpg")
    (tmp_path / "copy.jpg").write_bytes((tmp_path / "dog.jpg").read_bytes())
    photo("cat.jpg", side=65)
    photo("beach.png")
    photo("sea.png", side=65)
    same = [("dog.jpg",), ("dog.jpg", "--reprocess-existing"), ("copy.jpg", "--jobs", "1")]
    for arguments in same:
        assert offcut(*arguments, *flags).code == 0
    assert len(set(keys(service))) == 1
    others = [
        ("cat.jpg",),
        ("dog.jpg", "--size", "preview"),
        ("dog.jpg", "--format", "jpg"),
        ("dog.jpg", "--option", "crop=true"),
        ("dog.jpg", "--bg-image-file", "beach.png"),
        ("dog.jpg", "--bg-image-file", "sea.png"),
    ]
    for arguments in others:
        assert offcut(*arguments, "--reprocess-existing", *flags).code == 0
    assert len(set(keys(service))) == 1 + len(others)
    assert all(key.isascii() and key.isprintable() and 1 <= len(key) <= 128 for key in keys(service))


def test_a_key_whose_time_is_over_gives_way_to_the_next(
    offcut: Any, photo: Any, service: Any, recorded: Any, flags: Any
) -> None:
    photo("dog.jpg")
    service.script = [
        over(recorded),
        recorded.refusal(422, "id_reused", "Idempotency-Key used for another request"),
    ]
    assert offcut("dog.jpg", *flags).code == 0
    first = keys(service)
    assert len(set(first)) == 3
    service.script = [over(recorded)] * 2
    offcut("dog.jpg", "--reprocess-existing", *flags)
    assert keys(service)[3:] == first
    # Nobody is kept from buying by a server that knows all of them.
    service.script = [over(recorded)] * 8
    assert offcut("dog.jpg", "--reprocess-existing", *flags).code == 0
    assert keys(service)[-1] not in first


def test_another_422_is_a_refusal(offcut: Any, photo: Any, service: Any, recorded: Any, flags: Any) -> None:
    photo("dog.jpg")
    service.script = [recorded.refusal(422, "unprocessable", "No")]
    assert offcut("dog.jpg", "--json", *flags).records[0]["error"]["code"] == "service_refusal"
    assert len(removals(service)) == 1


@pytest.mark.usefixtures("quick")
def test_a_request_that_is_still_worked_on_is_waited_for(
    offcut: Any, photo: Any, service: Any, recorded: Any, flags: Any
) -> None:
    """More often than the client asks again by itself."""
    photo("dog.jpg")
    service.script = [running(recorded)] * 10
    assert offcut("dog.jpg", "--json", *flags).statuses() == {"dog.jpg": "done"}
    assert len(set(keys(service))) == 1


def test_the_same_photo_twice_is_sent_one_after_the_other(
    offcut: Any, photo: Any, service: Any, flags: Any, tmp_path: Path
) -> None:
    for number in range(6):
        photo(f"{number}.jpg")
    under_way, most = set(), []

    def answer(handler: Any, received: Any) -> Any:
        if received.path == "/v1.0/removebg":
            under_way.add(handler)
            most.append(len(under_way))
            time.sleep(0.05)  # In which the others would come.
            under_way.discard(handler)
        return service.answer(handler, received)

    service.script = [answer] * 7
    assert offcut(".", "--jobs", "6", *flags).code == 0
    assert len(results(tmp_path)) == 6
    assert len(set(keys(service))) == 1
    assert max(most) == 1


def repeated(recorded: Any, **more: str) -> Any:
    headers = {"Content-Type": "image/png", **recorded.HEADERS, "X-Repeated": "true"}
    return 200, headers | {name.replace("_", "-"): value for name, value in more.items()}, recorded.PNG


def test_what_was_paid_before_is_not_counted(
    offcut: Any, photo: Any, service: Any, recorded: Any, flags: Any
) -> None:
    photo("dog.jpg")
    service.script = [repeated(recorded)] * 2
    ran = offcut("dog.jpg", *flags)
    assert "dog.jpg: This was paid for before, and is not charged again." in ran.err
    assert ran.err.splitlines()[-1] == "Charged: 0 credits."
    record = offcut("dog.jpg", "--reprocess-existing", "--json", *flags).records[0]
    assert record["credits_charged"] == 0
    assert "charged_before" in {note["code"] for note in record["notes"]}


@pytest.mark.parametrize(("left", "tries"), [(0.75, 1), (1, 2)])
def test_a_preview_for_want_of_credits_is_not_repeated_when_there_are_some(
    offcut: Any, photo: Any, service: Any, recorded: Any, flags: Any, left: float, tries: int
) -> None:
    photo("dog.jpg")
    service.credits = left
    service.script = [repeated(recorded, X_Size_Reason="credits_short")]
    assert offcut("dog.jpg", *flags).code == 0
    assert len(set(keys(service))) == len(removals(service)) == tries
