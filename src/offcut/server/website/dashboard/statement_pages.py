"""A statement in pages, newest first, each read for itself: a long history costs no more than a short one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from offcut.server.accounts.models import Team
from offcut.server.credits.history import EPOCH
from offcut.server.credits.models import Entry, Kind
from offcut.server.credits.rules import Source
from offcut.server.credits.statement import Line, statement

LINE_COUNT = 50
INSTANT = timedelta(microseconds=1)
_WITH_A_LINE = (Kind.GRANT, Kind.CAPTURE, Kind.CUT, Kind.CORRECT)


@dataclass(frozen=True, slots=True)
class Page:
    """Lines, newest first. `older` and `newer` are the ends of the pages beside it.

    `older` is None on the oldest page; `newer` is None where that page is the newest, which needs no end.
    """

    lines: list[Line]
    older: datetime | None
    newer: datetime | None
    is_newest: bool


def statement_page(team: Team, until: datetime | None, *, now: datetime) -> Page:
    """Return the page that ends at `until` (the newest for None): LINE_COUNT lines and those of the same
    moment as the oldest of them."""
    # The end is not in the page, but what happens at this very moment is.
    end = now + INSTANT if until is None else min(until, now + INSTANT)
    entries = _entries(team)
    before = entries.filter(at__lt=end) if until is not None else entries
    moments = list(before.order_by("-at", "-id").values_list("at", flat=True)[: LINE_COUNT + 1])
    since = EPOCH if len(moments) <= LINE_COUNT else moments[LINE_COUNT - 1]
    lines = list(statement(team.pk, since=since, until=end))
    if until is not None:
        # What ended at that very moment is told on the newer page.
        lines = [line for line in lines if line.at < end]
    is_newest = until is None or not entries.filter(at__gte=end).exists()
    return Page(
        lines=lines[::-1],
        older=None if since == EPOCH or not entries.filter(at__lt=since).exists() else since,
        newer=None if is_newest else _newer(entries, end),
        is_newest=is_newest,
    )


def _entries(team: Team) -> QuerySet[Entry]:
    entries = Entry.objects.filter(account_id=team.pk, kind__in=_WITH_A_LINE)
    return entries.exclude(lot__source=Source.FREE_PREVIEW)


def _newer(entries: QuerySet[Entry], end: datetime) -> datetime | None:
    after = entries.filter(at__gte=end).order_by("at", "id")
    found: datetime | None = after.values_list("at", flat=True)[LINE_COUNT : LINE_COUNT + 1].first()
    return found
