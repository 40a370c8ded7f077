"""Dropping the kept sums and making them anew from the entries: no answer may change by it."""

from __future__ import annotations

from typing import Any

from django.db.models import Max, Model, Q, Sum

from offcut.server.credits.models import Account, Entry, Hold, HoldState, KeyMonth, Kind, Lot
from offcut.server.credits.rules import Source
from offcut.server.credits.transactions import in_transaction


def rebuild(team_id: int) -> list[str]:
    """Make the kept sums of an account anew; return in words what was different.

    An empty list is how it should be.
    """

    def work() -> list[str]:
        account = Account.objects.select_for_update(of=("self",)).get(pk=team_id)
        found = [*_lots(account), *_holds(account), *_account(account)]
        KeyMonth.objects.filter(key__team_id=team_id).delete()
        return found

    return in_transaction(work)


def _lots(account: Account) -> list[str]:
    sums = (
        Entry.objects.filter(account=account)
        .values("lot")
        .annotate(
            available=Sum("available_change"),
            held=Sum("held_change"),
            term=Max("id", filter=Q(kind__in=(Kind.GRANT, Kind.TERM))),
        )
    )
    by_lot = {row["lot"]: row for row in sums}
    ends = dict(
        Entry.objects.filter(pk__in=[row["term"] for row in sums]).values_list("lot_id", "expires_at")
    )
    found = []
    for lot in Lot.objects.filter(account=account):
        row = by_lot.get(lot.pk, {"available": 0, "held": 0})
        is_open = row["available"] > 0 or row["held"] > 0
        found += _put(
            lot,
            available=row["available"],
            held=row["held"],
            is_open=is_open,
            expires_at=ends.get(lot.pk),
        )
    return found


def _holds(account: Account) -> list[str]:
    found = []
    for hold in Hold.objects.filter(account=account):
        entries = list(hold.entries.order_by("id"))
        if entries:
            found += _put(hold, **_hold_sums(entries))
    return found


def _hold_sums(entries: list[Entry]) -> dict[str, Any]:
    spent = {entry.lot_id: -entry.held_change for entry in entries if entry.kind == Kind.CAPTURE}
    held: dict[int, int] = {}
    for entry in entries:
        # A lot that was given back goes out, so that a second attempt has its own burn order.
        held[entry.lot_id] = held.pop(entry.lot_id, 0) + entry.held_change
        if not held[entry.lot_id]:
            del held[entry.lot_id]
    last = entries[-1]
    states = {Kind.HOLD: HoldState.OPEN, Kind.RELEASE: HoldState.RELEASED, Kind.LAPSE: HoldState.LAPSED}
    begun = [entry for entry in entries if entry.kind == Kind.HOLD][-1]
    pieces = spent or held
    return {
        "state": HoldState.CAPTURED if spent else states[Kind(last.kind)],
        "captured": sum(spent.values()),
        "pieces": [[lot_id, amount] for lot_id, amount in pieces.items()],
        "held_at": begun.at,
        "lapses_at": begun.expires_at,
        "ended_at": None if last.kind == Kind.HOLD else last.at,
    }


def _account(account: Account) -> list[str]:
    entries = Entry.objects.filter(account=account)
    period = entries.filter(kind=Kind.GRANT, lot__source=Source.SUBSCRIPTION).order_by("-id").first()
    spent = 0
    if period is not None:
        captures = entries.filter(kind=Kind.CAPTURE, lot__source=Source.SUBSCRIPTION, id__gt=period.pk)
        spent = -(captures.aggregate(sum=Sum("held_change"))["sum"] or 0)
    # Not a sum but a hint that is only ever too early: it is set to what is exact, and is no difference.
    waiting = Hold.objects.filter(account=account, state=HoldState.OPEN).order_by("lapses_at").first()
    Account.objects.filter(pk=account.pk).update(next_lapse_at=waiting.lapses_at if waiting else None)
    last = entries.order_by("-id").first()
    return _put(
        account,
        latest_at=account.opened_at if last is None else last.at,
        period_lot_id=None if period is None else period.lot_id,
        period_spent=spent,
    )


def _put(row: Model, **values: Any) -> list[str]:
    different = {name: value for name, value in values.items() if getattr(row, name) != value}
    if different:
        type(row)._default_manager.filter(pk=row.pk).update(**different)
    name = type(row).__name__.lower()
    return [
        f"{name} {row.pk}: {field} was {getattr(row, field)!r}, is {value!r}"
        for field, value in different.items()
    ]
