"""What the team has used: the chart with its table, and the usage report as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone

from offcut.server.accounts.models import Membership
from offcut.server.accounts.roles import Deed, may
from offcut.server.credits.history import COLUMNS, usage_rows
from offcut.server.website.dashboard.access import area_page, billing_page
from offcut.server.website.dashboard.chart import chart
from offcut.server.website.dashboard.usage import Period, period_of, usage_of


@area_page
def usage(request: HttpRequest, own: Membership) -> HttpResponse:
    """One period, by day or by month; `?period=2026-11` or `?period=2026`."""
    now = timezone.now()
    period = period_of(own.team, request.GET.get("period", ""), now=now)
    used = usage_of(own.team, period)
    drawn = chart([(step.used.website, step.used.api) for step in used.steps])
    opened_at = own.team.account.opened_at
    context = {
        "own": own,
        "usage": used,
        "period": period,
        "chart": drawn,
        "columns": list(zip(used.steps, drawn.bars, strict=True)),
        "marks": [used.steps[0], used.steps[len(used.steps) // 2], used.steps[-1]],
        "before": _neighbour(period, -1, lambda other: other.end > opened_at),
        "after": _neighbour(period, 1, lambda other: other.start <= now),
        "by_day": period if period.by_day else period_of(own.team, _month_shown(period, now), now=now),
        "by_month": period_of(own.team, period.name[:4], now=now),
        "may_export": may(own.role, Deed.MANAGE_BILLING),
    }
    return render(request, "dashboard/usage.html", context)


@billing_page
def usage_file(request: HttpRequest, own: Membership) -> StreamingHttpResponse:
    """The usage report of a period as CSV: a row for each image, written while it is read."""
    period = period_of(own.team, request.GET.get("period", ""), now=timezone.now())
    answer = StreamingHttpResponse(_lines(own, period), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="usage-{period.name}.csv"'
    return answer


def _lines(own: Membership, period: Period) -> Iterator[str]:
    # The mark that tells spreadsheets the encoding.
    yield "\N{ZERO WIDTH NO-BREAK SPACE}" + _line(COLUMNS)
    for row in usage_rows(own.team, since=period.start, until=period.end):
        yield _line(row)


def _line(row: tuple[str, ...]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(row)
    return buffer.getvalue()


def _neighbour(period: Period, count: int, is_there: object) -> Period | None:
    other = period.moved(count)
    return other if is_there(other) else None  # type: ignore[operator]


def _month_shown(year: Period, now: object) -> str:
    """The month to go to from a year: this one in this year, December in an earlier one."""
    local = now.astimezone(year.zone)  # type: ignore[attr-defined]
    month = local.month if str(local.year) == year.name else 12
    return f"{year.name}-{month:02d}"
