"""The runner: refuses what it cannot take, forgets what nobody wants, finishes what it has begun."""

from __future__ import annotations

import contextlib
import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from offcut.engine.options import Options
from offcut.errors import (
    ClientGoneError,
    NoForegroundError,
    OffcutError,
    QueueFullError,
    StoppingError,
    TeamQueueFullError,
)
from offcut.server.runners.cutting import Finished, Tell, Work
from offcut.server.runners.in_process import TIDY_EVERY_S, InProcessRunner

WORK = Work(b"photo", Options())
PATIENCE_S = 20


class Bench:
    """A cut that waits until it is let go, and remembers what it did."""

    def __init__(self) -> None:
        self.begun: list[Work] = []
        self.ended: list[Work] = []
        self.let_go = threading.Event()
        self.is_busy = threading.Semaphore(0)

    def __call__(self, work: Work, tell: Tell) -> Finished:
        self.begun.append(work)
        self.is_busy.release()
        assert self.let_go.wait(PATIENCE_S)
        tell("refine")
        self.ended.append(work)
        if work.photo == b"broken":
            raise NoForegroundError("nothing")
        if work.photo == b"fault":
            raise ZeroDivisionError
        return Finished(work.photo, "png", 1, 1, None, "other", (1, 1))


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def runner(bench: Bench) -> Iterator[InProcessRunner]:
    made = InProcessRunner(bench, jobs=1, places=8)
    yield made
    bench.let_go.set()
    made.stop(PATIENCE_S)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(32) as pool:
        yield pool


def until(is_true: Callable[[], bool]) -> None:
    for _ in range(PATIENCE_S * 200):
        if is_true():
            return
        threading.Event().wait(0.005)
    raise AssertionError("it never came about")


def test_a_result_comes_back(runner: InProcessRunner, bench: Bench) -> None:
    bench.let_go.set()
    assert runner.run(WORK, team_id=1).content == b"photo"


@pytest.mark.parametrize(("photo", "kind"), [(b"broken", NoForegroundError), (b"fault", ZeroDivisionError)])
def test_an_error_comes_back_and_the_runner_lives(
    runner: InProcessRunner, bench: Bench, photo: bytes, kind: type[Exception]
) -> None:
    bench.let_go.set()
    with pytest.raises(kind):
        runner.run(Work(photo, Options()), team_id=1)
    assert runner.run(WORK, team_id=1).content == b"photo"


@pytest.mark.parametrize("fails", [OffcutError, ZeroDivisionError])
def test_what_a_failed_photo_held_is_let_go_at_once(fails: type[Exception]) -> None:
    held: list[weakref.ref[np.ndarray]] = []

    def cut(_work: Work, _tell: Tell) -> Finished:
        pixels = np.zeros((4, 4))
        held.append(weakref.ref(pixels))
        raise fails("it cannot be cut out")

    runner = InProcessRunner(cut, jobs=1, places=8)
    gc.disable()  # It would find the pixels in any circle, but only now and then.
    try:
        with contextlib.suppress(fails):
            runner.run(WORK, team_id=1)
        until(lambda: held[0]() is None)
    finally:
        gc.enable()
        runner.stop(PATIENCE_S)


def test_a_full_queue_refuses_at_once_and_says_when(
    runner: InProcessRunner, bench: Bench, threads: ThreadPoolExecutor
) -> None:
    running = threads.submit(runner.run, WORK, team_id=1)
    assert bench.is_busy.acquire(timeout=PATIENCE_S)
    waiting = [threads.submit(runner.run, WORK, team_id=1) for _ in range(7)]
    until(lambda: runner.waiting == 7)
    with pytest.raises(TeamQueueFullError) as own:
        runner.run(WORK, team_id=1)
    # One runs and seven wait, each taken to last the first guess of a second.
    assert own.value.retry_after_s == pytest.approx(8)
    waiting.append(threads.submit(runner.run, WORK, team_id=2))
    until(lambda: runner.waiting == 8)
    assert not runner.takes_photos
    with pytest.raises(QueueFullError) as full:
        runner.run(WORK, team_id=3)
    assert full.value.retry_after_s == pytest.approx(9)
    bench.let_go.set()
    for future in [running, *waiting]:
        assert future.result(PATIENCE_S).content == b"photo"
    assert len(bench.ended) == 9
    assert runner.takes_photos


def test_whoever_hangs_up_while_waiting_leaves_the_queue(
    runner: InProcessRunner, bench: Bench, threads: ThreadPoolExecutor
) -> None:
    running = threads.submit(runner.run, WORK, team_id=1)
    assert bench.is_busy.acquire(timeout=PATIENCE_S)
    gone = threading.Event()
    waiting = threads.submit(runner.run, Work(b"unwanted", Options()), team_id=1, is_gone=gone.is_set)
    until(lambda: runner.waiting == 1)
    gone.set()
    with pytest.raises(ClientGoneError):
        waiting.result(PATIENCE_S)
    assert runner.waiting == 0
    bench.let_go.set()
    running.result(PATIENCE_S)
    assert [work.photo for work in bench.begun] == [b"photo"]


def test_whoever_hangs_up_while_it_runs_ends_it_at_the_next_step(
    runner: InProcessRunner, bench: Bench, threads: ThreadPoolExecutor
) -> None:
    gone = threading.Event()
    running = threads.submit(runner.run, WORK, team_id=1, is_gone=gone.is_set)
    assert bench.is_busy.acquire(timeout=PATIENCE_S)
    gone.set()
    with pytest.raises(ClientGoneError):
        running.result(PATIENCE_S)
    bench.let_go.set()
    until(lambda: runner.running == 0)
    assert bench.ended == []


def test_stopping_finishes_what_runs_and_refuses_the_rest(
    runner: InProcessRunner, bench: Bench, threads: ThreadPoolExecutor
) -> None:
    running = threads.submit(runner.run, WORK, team_id=1)
    assert bench.is_busy.acquire(timeout=PATIENCE_S)
    waiting = threads.submit(runner.run, WORK, team_id=1)
    until(lambda: runner.waiting == 1)
    stopping = threads.submit(runner.stop, PATIENCE_S)
    with pytest.raises(StoppingError):
        waiting.result(PATIENCE_S)
    with pytest.raises(StoppingError):
        runner.run(WORK, team_id=1)
    bench.let_go.set()
    assert running.result(PATIENCE_S).content == b"photo"
    stopping.result(PATIENCE_S)
    assert not runner.takes_photos


def test_stopping_gives_up_what_does_not_finish_in_time(
    runner: InProcessRunner, bench: Bench, threads: ThreadPoolExecutor
) -> None:
    running = threads.submit(runner.run, WORK, team_id=1)
    assert bench.is_busy.acquire(timeout=PATIENCE_S)
    runner.stop(0.01)
    with pytest.raises(StoppingError):
        running.result(PATIENCE_S)
    # Asked again, it does not wait anew, though the engine is still busy.
    threads.submit(runner.stop, 3600).result(PATIENCE_S / 2)
    bench.let_go.set()
    until(lambda: runner.running == 0)
    assert bench.ended == []


def test_a_turn_that_does_not_come_is_refused(bench: Bench) -> None:
    slow = InProcessRunner(bench, jobs=1, places=8, wait_s_max=0.0)
    with pytest.raises(QueueFullError):
        slow.run(WORK, team_id=1)
    bench.let_go.set()
    slow.stop(PATIENCE_S)


def test_two_hundred_at_once_against_sixty_four_places(threads: ThreadPoolExecutor) -> None:
    bench = Bench()
    runner = InProcessRunner(bench, jobs=2, places=64)
    outcomes: list[str] = []
    lock = threading.Lock()

    def ask(team_id: int) -> None:
        try:
            runner.run(WORK, team_id=team_id)
            outcome = "answered"
        except OffcutError as error:
            outcome = error.code
        with lock:
            outcomes.append(outcome)

    crowd = [threading.Thread(target=ask, args=(number % 3,)) for number in range(200)]
    for one in crowd:
        one.start()
    until(lambda: len(outcomes) + runner.waiting + runner.running == 200)
    # All are either inside or have been refused; nobody hangs in between.
    inside = runner.waiting + runner.running
    assert 56 <= inside <= 66
    bench.let_go.set()
    for one in crowd:
        one.join(PATIENCE_S)
    assert len(outcomes) == 200
    assert outcomes.count("answered") == inside == len(bench.ended)
    assert set(outcomes) == {"answered", "team_queue_full"} | ({"queue_full"} & set(outcomes))
    assert runner.takes_photos
    runner.stop(PATIENCE_S)


def test_memory_is_given_back_now_and_then_but_not_after_every_photo(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    tidied = threading.Semaphore(0)
    now_s = [100.0]
    monkeypatch.setattr("offcut.server.runners.in_process.time.monotonic", lambda: now_s[0])
    runner = InProcessRunner(bench, jobs=1, places=8, tidy=tidied.release)
    bench.let_go.set()
    for _ in range(3):
        runner.run(WORK, team_id=1)
    assert not tidied.acquire(blocking=False)
    now_s[0] += TIDY_EVERY_S
    for _ in range(3):
        runner.run(WORK, team_id=1)
    assert tidied.acquire(timeout=PATIENCE_S)
    runner.stop(0)
    assert not tidied.acquire(blocking=False)
