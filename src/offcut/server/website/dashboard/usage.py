"""What a team has used: by day of a month or by month of a year, by way in, and by key.

Amounts are 1/100 credit and count what was spent when it was spent; corrections are in the statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDay, TruncMonth

from offcut.server.accounts.models import ApiKey, Team
from offcut.server.credits.models import Entry, Kind
from offcut.server.credits.months import add_months
from offcut.server.credits.rules import Source
from offcut.server.credits.zones import zone_of

YEAR_MIN = 2000


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar month, shown by day, or a calendar year, shown by month, in the team's time zone.

    `name` is how addresses call it: "2026-11" or "2026".
    """

    name: str
    start: datetime
    end: datetime
    by_day: bool
    zone: ZoneInfo

    @property
    def steps(self) -> list[datetime]:
        """When each day or month begins, in the team's zone."""
        first = self.start.astimezone(self.zone)
        if not self.by_day:
            return [first.replace(month=month) for month in range(1, 13)]
        last = (self.end - timedelta(seconds=1)).astimezone(self.zone).day
        return [first.replace(day=day) for day in range(1, last + 1)]

    def moved(self, count: int) -> Period:
        """The period `count` months, or years, later."""
        months = count if self.by_day else 12 * count
        return _period(add_months(self.start, months, self.zone), self.by_day, self.zone)


@dataclass(frozen=True, slots=True)
class Used:
    """What was used in some time or by some key."""

    website: int = 0
    api: int = 0
    images: int = 0
    free_previews: int = 0

    @property
    def total(self) -> int:
        return self.website + self.api

    def plus(self, other: Used) -> Used:
        """Both together."""
        return Used(
            self.website + other.website,
            self.api + other.api,
            self.images + other.images,
            self.free_previews + other.free_previews,
        )


@dataclass(frozen=True, slots=True)
class Step:
    """A day or a month, and what was used in it."""

    start: datetime
    used: Used


@dataclass(frozen=True, slots=True)
class KeyUse:
    """What one API key used; `key` is None for one whose row is gone."""

    key: ApiKey | None
    used: Used


@dataclass(frozen=True, slots=True)
class Usage:
    """A period's use."""

    period: Period
    steps: list[Step]
    keys: list[KeyUse] = field(default_factory=list)

    @property
    def total(self) -> Used:
        return _sum(step.used for step in self.steps)


def period_of(team: Team, name: str, *, now: datetime) -> Period:
    """Return the period of this name; this month for a name that is none."""
    zone = zone_of(team)
    local = now.astimezone(zone)
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    found = re.fullmatch(r"(\d{4})(?:-(\d{2}))?", name)
    if found is None or not YEAR_MIN <= int(found[1]) <= local.year:
        return _period(first, True, zone)
    month = int(found[2] or 1)
    if not 1 <= month <= 12:
        return _period(first, True, zone)
    return _period(first.replace(year=int(found[1]), month=month), found[2] is not None, zone)


def usage_of(team: Team, period: Period) -> Usage:
    """Count what the team used in `period`. Two queries, whatever it used."""
    begins = (TruncDay if period.by_day else TruncMonth)("at", tzinfo=period.zone)
    is_free = Q(lot__source=Source.FREE_PREVIEW)
    captures = Entry.objects.filter(
        account_id=team.pk, kind=Kind.CAPTURE, at__gte=period.start, at__lt=period.end
    )
    rows = captures.annotate(begins=begins).values("begins", "hold__key_id")
    rows = rows.annotate(
        spent=Sum("held_change", filter=~is_free, default=0),
        images=Count("hold_id", distinct=True),
        free=Count("hold_id", filter=is_free, distinct=True),
    ).order_by("begins")
    by_step: dict[datetime, Used] = {}
    by_key: dict[int, Used] = {}
    for row in rows:
        used = _count(row)
        key_id = row["hold__key_id"]
        by_step[row["begins"]] = by_step.get(row["begins"], Used()).plus(used)
        if key_id is not None:
            by_key[key_id] = by_key.get(key_id, Used()).plus(used)
    keys = {key.pk: key for key in ApiKey.objects.filter(team=team, pk__in=by_key)}
    return Usage(
        period,
        [Step(start, by_step.get(start, Used())) for start in period.steps],
        sorted(
            (KeyUse(keys.get(key_id), used) for key_id, used in by_key.items()),
            key=lambda row: (-row.used.total, -row.used.images),
        ),
    )


def _count(row: dict[str, Any]) -> Used:
    spent = -row["spent"]
    used = Used(images=row["images"], free_previews=row["free"])
    return replace(used, website=spent) if row["hold__key_id"] is None else replace(used, api=spent)


def _sum(counts: Iterable[Used]) -> Used:
    total = Used()
    for count in counts:
        total = total.plus(count)
    return total


def _period(moment: datetime, by_day: bool, zone: ZoneInfo) -> Period:
    first = moment.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    if not by_day:
        first = first.replace(month=1)
    name = f"{first:%Y-%m}" if by_day else f"{first:%Y}"
    return Period(name, first, add_months(first, 1 if by_day else 12, zone), by_day, zone)
