"""The status page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from offcut.server.website.pages import history
from offcut.server.website.pages.models import HealthDay, Impact, Incident, Reading
from offcut.server.website.pages.recorder import BOUNDS_S, GAP

RECENT = timedelta(hours=24)
BAR_STEP, BAR_GAP, BAR_HEIGHT = 10, 3, 34
"""Of the drawing of days, in its own units."""
_SUMS_S = 60


@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """How it is now, the last ninety days, and the incidents."""
    now = timezone.now()
    rows = {row.day: row for row in HealthDay.objects.filter(day__gt=(now - timedelta(days=91)).date())}
    first_at = Reading.objects.order_by("at").values_list("at", flat=True).first()
    seen = {day: (row.up_s, row.down_s) for day, row in rows.items()}
    days = history.days_until(now, seen, first_at=first_at)
    incidents = Incident.objects.prefetch_related("updates")
    context = {
        "now": _now(now, incidents),
        "bars": [_bar(place, day) for place, day in enumerate(days)],
        "width": BAR_STEP * len(days) - BAR_GAP,
        "height": BAR_HEIGHT,
        "up_percent": _shown(history.up_percent(days)),
        "seen_percent": _shown(history.seen_percent(days)),
        "recent": cache.get_or_set("pages:status-sums", lambda: _recent(now), _SUMS_S),
        "open_incidents": [one for one in incidents if one.over_at is None],
        "past_incidents": [
            one for one in incidents.filter(began_at__gt=now - timedelta(days=90)) if one.over_at
        ],
    }
    return render(request, "pages/status.html", context)


def _now(now: datetime, incidents: QuerySet[Incident]) -> dict[str, Any]:
    """What the first line says: `kind` is up, trouble, down or no_data."""
    latest = Reading.objects.order_by("-at").first()
    is_told = incidents.filter(Q(over_at=None), began_at__lte=now).exclude(impact=Impact.MAINTENANCE).exists()
    if latest is None:
        return {"kind": "no_data", "since": None}
    if now - latest.at > GAP:
        return {"kind": "no_data", "since": latest.at}
    if not latest.is_up:
        first_bad = Reading.objects.filter(is_up=True).order_by("-at").values_list("at", flat=True).first()
        return {"kind": "down", "since": first_bad, "checked_at": latest.at}
    return {"kind": "trouble" if is_told else "up", "since": None, "checked_at": latest.at}


def _recent(now: datetime) -> dict[str, Any]:
    """Sums and medians of the last 24 hours."""
    readings = list(Reading.objects.filter(at__gt=now - RECENT))
    answers = sorted(reading.answer_ms for reading in readings if reading.answer_ms is not None)
    counts = [0] * len(BOUNDS_S)
    for reading in readings:
        for place, count in enumerate(reading.bucket_counts[: len(counts)]):
            counts[place] += count
    waiting = [reading.queue_waiting for reading in readings if reading.queue_waiting is not None]
    return {
        "reading_count": len(readings),
        "answer_ms": answers[len(answers) // 2] if answers else None,
        "removal_s": history.median_s(counts, BOUNDS_S),
        "request_count": sum(counts),
        "removal_count": sum(reading.removal_count for reading in readings),
        "failure_count": sum(reading.failure_count for reading in readings),
        "waiting": waiting[0] if waiting else None,
        "waiting_most": max(waiting, default=None),
    }


def _bar(place: int, day: history.Day) -> dict[str, Any]:
    """A day as a bar: whole when it was up, its foot in another colour when not, a stump without data."""
    foot = 0
    if day.state is history.DayState.DOWN:
        foot = BAR_HEIGHT
    elif day.state is history.DayState.SOME_DOWN:
        foot = BAR_HEIGHT // 3
    is_stump = day.state is history.DayState.NO_DATA
    return {
        "day": day,
        "left": BAR_STEP * place,
        "top": BAR_HEIGHT - 6 if is_stump else 0,
        "height": 6 if is_stump else BAR_HEIGHT - foot,
        "foot": foot,
        "foot_top": BAR_HEIGHT - foot,
        "words": _day_words(day),
    }


def _day_words(day: history.Day) -> str:
    name = date_format(day.day, "DATE_FORMAT")
    if day.up_percent is None:
        return _("{day}: no data").format(day=name)
    words = _("{day}: {percent}% up").format(day=name, percent=_shown(day.up_percent))
    if day.down_s:
        words += ", " + _("down for {length}").format(length=_length(day.down_s))
    if day.has_gap:
        words += ", " + _("no data for {length}").format(length=_length(day.unknown_s))
    return words


def _length(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    if minutes < 120:
        return ngettext("{count} minute", "{count} minutes", minutes).format(count=minutes)
    hours = round(minutes / 60)
    return ngettext("{count} hour", "{count} hours", hours).format(count=hours)


def _shown(percent: float | None) -> str:
    """Two decimals, cut and not rounded, so that 99.999 does not become 100."""
    if percent is None:
        return ""
    return number_format(int(percent * 100) / 100, 2 if percent != 100 else 0)
