"""What the health history says: days, shares, medians. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

DAY_COUNT = 90
DAY_S = 86_400.0
UNKNOWN_S_MIN = 300.0
"""Less than this is the recorder's own unevenness, and not worth a word."""


class DayState(StrEnum):
    """What a day's bar says."""

    UP = "up"
    SOME_DOWN = "some_down"
    DOWN = "down"
    NO_DATA = "no_data"


DOWN_SHARE = 0.01
"""From this share of the seen time on, a day counts as down, not as partly down."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day: how long it was seen up and down, and for how long nobody looked, in seconds."""

    day: date
    up_s: float
    down_s: float
    unknown_s: float

    @property
    def state(self) -> DayState:
        seen_s = self.up_s + self.down_s
        if seen_s == 0:
            return DayState.NO_DATA
        if self.down_s == 0:
            return DayState.UP
        return DayState.DOWN if self.down_s / seen_s >= DOWN_SHARE else DayState.SOME_DOWN

    @property
    def up_percent(self) -> float | None:
        """The share of the seen time that was up; None when nothing was seen."""
        return _percent(self.up_s, self.up_s + self.down_s)

    @property
    def has_gap(self) -> bool:
        return self.unknown_s >= UNKNOWN_S_MIN


def days_until(
    now: datetime,
    seen: Mapping[date, tuple[float, float]],
    count: int = DAY_COUNT,
    *,
    first_at: datetime | None = None,
) -> list[Day]:
    """The last `count` days (UTC), oldest first. `seen` has (up, down) seconds of the days that have any.

    Time before `first_at`, the first reading, is none in which somebody should have looked.
    """
    now = now.astimezone(UTC)
    days = []
    for back in range(count - 1, -1, -1):
        day = now.date() - timedelta(days=back)
        up_s, down_s = seen.get(day, (0.0, 0.0))
        begin = datetime.combine(day, time(), UTC)
        end = min(now, begin + timedelta(days=1))
        length_s = (end - max(begin, first_at or begin)).total_seconds()
        days.append(Day(day, up_s, down_s, max(0.0, length_s - up_s - down_s)))
    return days


def up_percent(days: Sequence[Day]) -> float | None:
    """The share of all seen time that was up; None when nothing was seen."""
    up_s = sum(day.up_s for day in days)
    return _percent(up_s, up_s + sum(day.down_s for day in days))


def seen_percent(days: Sequence[Day]) -> float:
    """For which share of the time since the first reading somebody looked. 0 without any."""
    first = next((place for place, day in enumerate(days) if day.state is not DayState.NO_DATA), None)
    if first is None:
        return 0.0
    since = days[first:]
    seen_s = sum(day.up_s + day.down_s for day in since)
    return _percent(seen_s, seen_s + sum(day.unknown_s for day in since)) or 0.0


def median_s(counts: Sequence[int], bounds_s: Sequence[float]) -> float | None:
    """The median of what was counted in buckets with these upper ends, taken evenly within its bucket.

    None for nothing. What lies beyond the last finite bound is said to be that bound.
    """
    total = sum(counts)
    if total == 0:
        return None
    below, least = 0, 0.0
    for count, most in zip(counts, bounds_s, strict=True):
        if below + count >= total / 2:
            if most == float("inf"):
                return least
            return least + (most - least) * (total / 2 - below) / count
        below, least = below + count, most
    return least


def _percent(part: float, whole: float) -> float | None:
    """Never rounded up to 100: a second of failure must show."""
    if whole <= 0:
        return None
    share = 100 * part / whole
    return share if share == 100 else min(share, 99.99)
