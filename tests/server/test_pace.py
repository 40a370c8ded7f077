"""A body that cannot be complete in time is not waited for; one that may still be is."""

from __future__ import annotations

from itertools import pairwise

import pytest

from offcut.server.pace import Pace

TOTAL_S = 20.0


def seconds_until_refused(length: int, arrivals: list[tuple[float, int]], look_s: float = 0.25) -> float:
    """When a body that comes in these pieces (seconds, bytes) is given up; infinity when it is not."""
    pace = Pace(length, arrivals[0][0])
    for (now_s, size), (next_s, _) in pairwise([*arrivals, (TOTAL_S, 0)]):
        pace.add(size, now_s)
        looked_s = now_s
        while looked_s < next_s:
            if pace.is_too_slow(looked_s, TOTAL_S - looked_s):
                return looked_s
            looked_s += look_s
    return float("inf")


def steady(bytes_per_s: float, lasting_s: float = TOTAL_S, begin_s: float = 0.1) -> list[tuple[float, int]]:
    """25 pieces a second."""
    return [(begin_s + number / 25, int(bytes_per_s / 25)) for number in range(int(lasting_s * 25))]


@pytest.mark.parametrize(
    ("length", "bytes_per_s"), [(22_000_000, 25_000), (1_000_000, 25_000), (22_000_000, 800_000)]
)
def test_a_drip_that_cannot_be_complete_is_seen_within_about_two_seconds(
    length: int, bytes_per_s: float
) -> None:
    assert 1.0 < seconds_until_refused(length, steady(bytes_per_s)) <= 2.2


@pytest.mark.parametrize(
    ("length", "bytes_per_s"), [(400_000, 25_000), (1_000_000, 60_000), (22_000_000, 1_300_000)]
)
def test_what_can_be_complete_is_waited_for(length: int, bytes_per_s: float) -> None:
    lasting_s = length / bytes_per_s
    assert lasting_s < TOTAL_S
    assert seconds_until_refused(length, steady(bytes_per_s, lasting_s)) == float("inf")


@pytest.mark.parametrize("round_trip_s", [0.02, 0.1, 0.3])
def test_a_far_host_begins_slowly_and_is_waited_for(round_trip_s: float) -> None:
    """Twice as much with every round trip, as TCP begins, up to 5 MB a second."""
    length, arrivals, now_s, window, left = 10_000_000, [], 4 * round_trip_s, 14_000, 10_000_000
    while left > 0:
        arrivals.append((now_s, min(window, left)))
        left -= window
        now_s += round_trip_s
        window = min(2 * window, int(5_000_000 * round_trip_s))
    assert seconds_until_refused(length, arrivals) == float("inf")


def test_a_pause_in_the_middle_is_forgiven() -> None:
    arrivals = steady(2_000_000, 4) + steady(2_000_000, 1, begin_s=7.1)
    assert seconds_until_refused(10_000_000, arrivals) == float("inf")
