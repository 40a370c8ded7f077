"""Who may fetch by address, and who is refused: hosts that are slow hold up nobody else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from offcut.errors import ClientGoneError, QueueFullError, TeamQueueFullError
from offcut.server.removals.addresses import AT_ONCE_EACH_MAX, AT_ONCE_MAX, WAITING_EACH_MAX, FetchTurns

ALICE, BOB = 1, 2
PATIENCE_S = 60


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def held() -> Iterator[ExitStack]:
    """Turns that the test holds; given back in the end."""
    with ExitStack() as stack:
        yield stack


def test_a_team_has_a_few_places_and_others_have_theirs(held: ExitStack) -> None:
    turns = FetchTurns(wait_s_max=0)
    first = ExitStack()
    first.enter_context(turns.turn(ALICE))
    for _ in range(AT_ONCE_EACH_MAX - 1):
        held.enter_context(turns.turn(ALICE))
    with pytest.raises(TeamQueueFullError), turns.turn(ALICE):
        pass
    held.enter_context(turns.turn(BOB))
    first.close()
    held.enter_context(turns.turn(ALICE))


def test_all_together_have_not_many_more_and_the_last_are_for_newcomers(held: ExitStack) -> None:
    turns = FetchTurns(wait_s_max=0)
    busy = range(10, 10 + AT_ONCE_MAX // 2 - 1)
    for owner in (*busy, *busy):
        held.enter_context(turns.turn(owner))
    with pytest.raises(QueueFullError), turns.turn(busy[0]):
        pass
    held.enter_context(turns.turn(ALICE))
    held.enter_context(turns.turn(BOB))
    with pytest.raises(QueueFullError), turns.turn(3):
        pass


def test_who_waits_has_the_place_that_comes_free(held: ExitStack) -> None:
    turns = FetchTurns(each=1, wait_s_max=PATIENCE_S)
    first = ExitStack()
    first.enter_context(turns.turn(ALICE))
    waits, done = threading.Event(), threading.Event()

    def look() -> bool:
        waits.set()
        return False

    def wait() -> None:
        with turns.turn(ALICE, look):
            done.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert waits.wait(PATIENCE_S)
    assert not done.is_set()
    first.close()
    assert done.wait(PATIENCE_S)
    waiting.join(PATIENCE_S)


def test_the_line_is_short(held: ExitStack) -> None:
    """The first that finds it full is refused at once, however long the others may wait."""
    turns = FetchTurns(each=1, wait_s_max=PATIENCE_S)
    held.enter_context(turns.turn(ALICE))
    gone = threading.Event()
    lined_up = [threading.Event() for _ in range(WAITING_EACH_MAX)]

    def wait(own: threading.Event) -> None:
        def look() -> bool:
            own.set()
            return gone.is_set()

        with pytest.raises(ClientGoneError), turns.turn(ALICE, look):
            pass

    waiting = [threading.Thread(target=wait, args=(own,)) for own in lined_up]
    for thread in waiting:
        thread.start()
    assert all(own.wait(PATIENCE_S) for own in lined_up)

    def never() -> bool:
        raise AssertionError("waited")

    with pytest.raises(TeamQueueFullError), turns.turn(ALICE, never):
        pass
    # Those that wait leave when nobody wants their photo any more.
    gone.set()
    for thread in waiting:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_what_is_slow_is_not_said_to_be_over_soon(held: ExitStack) -> None:
    """The first who come are told how long a fetch usually lasts, those after them how long it may last."""
    clock = Clock()
    turns = FetchTurns(each=2, wait_s_max=0, last_s_max=20, clock=clock)
    held.enter_context(turns.turn(ALICE))
    clock.now_s += 0.1
    held.enter_context(turns.turn(ALICE))
    assert 0 < refused(turns) < 1
    clock.now_s += 5
    assert refused(turns) == pytest.approx(20 - 5.1)


def test_the_usual_time_is_learned(held: ExitStack) -> None:
    clock = Clock()
    turns = FetchTurns(each=1, wait_s_max=0, clock=clock)
    for _ in range(30):
        with turns.turn(BOB):
            clock.now_s += 3
    held.enter_context(turns.turn(ALICE))
    assert refused(turns) == pytest.approx(3, abs=0.1)


def refused(turns: FetchTurns) -> float:
    """In how many seconds Alice is told to come again."""
    with pytest.raises(TeamQueueFullError) as full, turns.turn(ALICE):
        pass
    return full.value.retry_after_s
