"""Every change of the balance, in plain words."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from offcut.server.accounts.models import Membership
from offcut.server.credits.statement import balance
from offcut.server.website.dashboard.access import billing_page
from offcut.server.website.dashboard.ledger_words import rows
from offcut.server.website.dashboard.statement_pages import statement_page
from offcut.server.website.dashboard.usage import period_of


@billing_page
def statement(request: HttpRequest, own: Membership) -> HttpResponse:
    """A page of the statement, newest first. `?until=` is its end, `?month=` a month to end with."""
    now = timezone.now()
    page = statement_page(own.team, _end(request, own, now), now=now)
    context = {
        "own": own,
        "page": page,
        "rows": rows(own.team, page.lines),
        "balance": balance(own.team_id, at=now),
        "month": request.GET.get("month", ""),
        "this_month": f"{timezone.localtime(now):%Y-%m}",
    }
    return render(request, "dashboard/statement.html", context)


def _end(request: HttpRequest, own: Membership, now: datetime) -> datetime | None:
    month = request.GET.get("month", "")
    if month:
        period = period_of(own.team, month, now=now)
        return None if period.end > now else period.end
    try:
        until = parse_datetime(request.GET.get("until", ""))
    except ValueError:
        return None
    return until if until is not None and until.tzinfo is not None else None
