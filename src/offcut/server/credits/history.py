"""A team's own past, for the advice and the usage report."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from django.db.models import Sum

from offcut.server.accounts.models import Person, Team
from offcut.server.accounts.roles import Deed, may
from offcut.server.credits import advice, subscriptions
from offcut.server.credits.amounts import credits_of
from offcut.server.credits.models import Account, Entry, Kind
from offcut.server.credits.months import add_months
from offcut.server.credits.price_list import packs_on_offer, plans_on_offer
from offcut.server.credits.rules import Source
from offcut.server.credits.statement import statement
from offcut.server.credits.zones import month_of, zone_of

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MONTH_COUNT = 12
"""How far back advice looks."""
COLUMNS = ("when", "id", "api_key", "size", "credits", "sources", "credits_given_back")


def advice_for(team_id: int, *, now: datetime) -> advice.Advice:
    """Return which way to never run out fits the team, from its last whole months (at most 12)."""
    running = subscriptions.running(team_id)
    plans = [terms.facts for terms in plans_on_offer(now)]
    packs = [terms.facts for terms in packs_on_offer(now)]
    current = None if running is None else running.terms.facts
    return advice.advise(used_by_month(team_id, now=now), current, plans, packs)


def used_by_month(team_id: int, *, now: datetime) -> list[int]:
    """Return what was spent in each whole calendar month since the account opened, oldest first, at most 12.

    Amounts in 1/100 credit; free previews are left out.
    """
    account = Account.objects.select_related("team").get(pk=team_id)
    zone = zone_of(account.team)
    this_month, _ = month_of(account.team, now)
    starts = [add_months(this_month, -back, zone) for back in range(MONTH_COUNT, -1, -1)]
    return [_spent(account, start, end) for start, end in pairwise(starts) if start >= account.opened_at]


def export_statements(person: Person, *, now: datetime) -> list[dict[str, Any]]:
    """Return the whole statement of each team whose billing the person looks after, as JSON values."""
    return [
        {
            "team_id": membership.team_id,
            "lines": [
                {
                    "at": line.at,
                    "what": line.what,
                    "source": line.source,
                    "credits": str(credits_of(line.change)),
                    "credits_after": str(credits_of(line.owned)),
                    "id": line.request_id,
                    "reason": line.reason,
                }
                for line in statement(membership.team_id, since=EPOCH, until=now)
            ],
        }
        for membership in person.memberships.order_by("team_id")
        if may(membership.role, Deed.MANAGE_BILLING)
    ]


def write_usage(target: Any, team: Team, *, since: datetime, until: datetime) -> int:
    """Write the usage report as CSV to `target` (a text file); return how many images it has."""
    writer = csv.writer(target)
    writer.writerow(COLUMNS)
    count = 0
    for row in usage_rows(team, since=since, until=until):
        writer.writerow(row)
        count += 1
    return count


def usage_rows(team: Team, *, since: datetime, until: datetime) -> Iterator[tuple[str, ...]]:
    """Yield a row for each image paid from `since` to `until`: see COLUMNS. Times are in the team's zone."""
    captures = Entry.objects.filter(account_id=team.pk, kind=Kind.CAPTURE, at__gte=since, at__lt=until)
    captures = captures.select_related("hold__key", "lot").prefetch_related("corrections").order_by("id")
    image: list[Entry] = []
    for entry in captures.iterator(chunk_size=2000):
        if image and image[0].hold_id != entry.hold_id:
            yield _usage_row(team, image)
            image = []
        image.append(entry)
    if image:
        yield _usage_row(team, image)


def _usage_row(team: Team, captures: list[Entry]) -> tuple[str, ...]:
    hold = captures[0].hold
    assert hold is not None
    given_back = sum(fix.available_change for entry in captures for fix in entry.corrections.all())
    return (
        captures[0].at.astimezone(zone_of(team)).isoformat(timespec="seconds"),
        _harmless(hold.request_id),
        _harmless(str(hold.key)) if hold.key is not None else "",
        _harmless(hold.size),
        str(credits_of(-sum(entry.held_change for entry in captures))),
        "+".join(dict.fromkeys(entry.lot.source for entry in captures)),
        str(credits_of(given_back)),
    )


def _harmless(text: str) -> str:
    """Keep a spreadsheet from running a name or an id as a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _spent(account: Account, start: datetime, end: datetime) -> int:
    captures = Entry.objects.filter(account=account, kind=Kind.CAPTURE, at__gte=start, at__lt=end)
    found = captures.exclude(lot__source=Source.FREE_PREVIEW).aggregate(sum=Sum("held_change"))
    return -(found["sum"] or 0)
