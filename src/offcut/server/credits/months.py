"""Month arithmetic: periods counted from an anchor, in a time zone. Pure.

Every moment in and out is an aware datetime; what comes out is in UTC.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta, tzinfo

from offcut.errors import ClockError


def aware(moment: datetime) -> datetime:
    """Return `moment` in UTC. Raises ClockError when it does not say its time zone."""
    if moment.tzinfo is None:
        raise ClockError("A moment must say its time zone.")
    return moment.astimezone(UTC)


def add_months(anchor: datetime, count: int, zone: tzinfo) -> datetime:
    """Return the moment `count` months after `anchor`, at the same wall time in `zone`.

    The day is the anchor's, or the month's last where the month is shorter: 31 January + 1 = 28 or 29
    February, + 2 = 31 March, because it is counted from the anchor and not from February. A wall time
    that a clock change skips moves on by the length of the change.
    """
    local = aware(anchor).astimezone(zone)
    month_index = local.year * 12 + (local.month - 1) + count
    year, month = divmod(month_index, 12)
    day = min(local.day, monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day, fold=0).astimezone(UTC)


def period_at(anchor: datetime, index: int, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return start and end of the `index`-th monthly period (0 begins at the anchor)."""
    return add_months(anchor, index, zone), add_months(anchor, index + 1, zone)


def calendar_month(moment: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return start and end of the calendar month of `zone` in which `moment` lies."""
    local = aware(moment).astimezone(zone)
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    return first.astimezone(UTC), add_months(first, 1, zone)


def days(count: int) -> timedelta:
    """Return `count` days of 24 hours: grace and refund times do not bend with clock changes."""
    return timedelta(days=count)
