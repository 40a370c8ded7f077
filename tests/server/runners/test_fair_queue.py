"""The queue: bounded, and teams take turns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offcut.errors import QueueFullError, TeamQueueFullError
from offcut.server.runners.fair_queue import FairQueue


def test_teams_take_turns() -> None:
    queue: FairQueue[str] = FairQueue(16)
    for item in ("a1", "a2", "a3", "a4"):
        queue.put(1, item)
    queue.put(2, "b1")
    queue.put(3, "c1")
    assert [queue.take() for _ in range(6)] == ["a1", "b1", "c1", "a2", "a3", "a4"]
    with pytest.raises(IndexError):
        queue.take()


def test_the_last_places_are_for_others() -> None:
    queue: FairQueue[int] = FairQueue(8)
    for item in range(7):
        queue.put(1, item)
    with pytest.raises(TeamQueueFullError):
        queue.put(1, 7)
    queue.put(2, 8)
    with pytest.raises(QueueFullError) as full:
        queue.put(3, 9)
    assert not isinstance(full.value, TeamQueueFullError)
    assert len(queue) == 8


def test_what_nobody_wants_leaves() -> None:
    queue: FairQueue[str] = FairQueue(8)
    queue.put(1, "a1")
    queue.put(1, "a2")
    assert queue.remove(1, "a1")
    assert not queue.remove(1, "a1")
    assert not queue.remove(2, "a2")
    assert [queue.take(), len(queue)] == ["a2", 0]


@given(st.lists(st.tuples(st.sampled_from(["put", "take", "remove"]), st.integers(0, 3)), max_size=80))
def test_nothing_is_lost_and_nothing_doubled(steps: list[tuple[str, int]]) -> None:
    queue: FairQueue[tuple[int, int]] = FairQueue(10)
    inside: list[tuple[int, int]] = []
    for number, (step, team) in enumerate(steps):
        if step == "put":
            try:
                queue.put(team, (team, number))
            except QueueFullError:
                assert len(inside) == 10
            except TeamQueueFullError:
                assert len(inside) == 9
                assert any(owner == team for owner, _ in inside)
            else:
                inside.append((team, number))
        elif step == "take" and inside:
            taken = queue.take()
            # The oldest of its team.
            assert taken == next(item for item in inside if item[0] == taken[0])
            inside.remove(taken)
        elif step == "remove" and inside:
            assert queue.remove(inside[0][0], inside[0])
            del inside[0]
        assert len(queue) == len(inside)
    assert sorted(queue.clear()) == sorted(inside)
    assert len(queue) == 0
