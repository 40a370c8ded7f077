"""Reading the ledger: the balance at any moment, and the statement between two.

Nothing here writes. A balance is a function of the entries and of time: a lot is worth nothing from its
end on, a hold does not count from its lapse on, whether or not anything has been written about that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Max, Q, Sum

from offcut.errors import CreditError
from offcut.server.accounts.models import Team
from offcut.server.credits import allowances, rows
from offcut.server.credits.models import Account, Entry, Hold, HoldState, Kind, Lot
from offcut.server.credits.months import aware
from offcut.server.credits.rules import PREVIEW_AMOUNT, Source, burn_key
from offcut.server.credits.zones import month_of


@dataclass(frozen=True, slots=True)
class Balance:
    """What a team has at a moment, in 1/100 credit. `by_source` has all sources but free previews."""

    at: datetime
    by_source: dict[Source, int]
    held: int
    free_preview_amount: int

    @property
    def total(self) -> int:
        """What a full-size image may take."""
        return sum(self.by_source.values())

    @property
    def free_preview_count(self) -> int:
        return self.free_preview_amount // PREVIEW_AMOUNT


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a statement: by how much what the team owns changed, and what it owned after.

    `entry_id` is None where time alone did it (a lot ended). Held credits are still owned.
    """

    at: datetime
    what: str
    lot_id: int
    source: Source
    change: int
    owned: int
    entry_id: int | None
    request_id: str = ""
    reason: str = ""
    corrects_id: int | None = None


@dataclass(slots=True)
class _LotAt:
    """A lot at a moment of the past."""

    lot: Lot
    available: int = 0
    held: int = 0
    expires_at: datetime | None = None
    has_ended: bool = field(default=False)

    @property
    def owned(self) -> int:
        return self.held + (0 if self.has_ended else self.available)


def balance(team_id: int, *, at: datetime) -> Balance:
    """Return the balance at `at` by the kept sums when it lies after every entry, else by the entries.

    The two are the same wherever both can answer. Raises CreditError for a team without an account.
    """
    account = _account(team_id)
    if aware(at) >= account.latest_at:
        return _balance_by_sums(account, aware(at))
    return balance_by_entries(team_id, at=at)


def balance_by_entries(team_id: int, *, at: datetime) -> Balance:
    """Return the balance at `at` from the entries alone. Costs more, means the same."""
    account = _account(team_id)
    lots = _lots_at(account, aware(at))
    _lapse(account, lots, aware(at))
    live = [lot for lot in lots.values() if lot.expires_at is None or at < lot.expires_at]
    return _balance(account, aware(at), live, sum(lot.held for lot in lots.values()))


@dataclass(frozen=True, slots=True)
class LiveLot:
    """A lot that may still pay for something, and what it has at a moment."""

    lot: Lot
    available: int
    held: int
    expires_at: datetime | None


def live_lots(team_id: int, *, at: datetime) -> list[LiveLot]:
    """Return the lots that make up the balance at `at`, in the order in which they burn.

    `at` lies after every entry: this is for now, not for the past. Free previews are left out.
    """
    account = _account(team_id)
    live = [
        row
        for row in _live_by_sums(account, aware(at))[0]
        if row.lot.source != Source.FREE_PREVIEW and (row.available or row.held)
    ]
    live.sort(key=lambda row: burn_key(row.lot.state))
    return [LiveLot(row.lot, row.available, row.held, row.expires_at) for row in live]


def statement(team_id: int, *, since: datetime, until: datetime) -> Iterator[Line]:
    """Yield what changed what the team owns, from `since` to `until`, in the order of time.

    Free previews are left out. Holds and releases change nothing that is owned and have no line, unless
    the lot had ended meanwhile.
    """
    account = _account(team_id)
    lots = {
        lot_id: lot
        for lot_id, lot in _lots_at(account, aware(since), before=True).items()
        if lot.lot.source != Source.FREE_PREVIEW
    }
    for lot in lots.values():
        lot.has_ended = lot.expires_at is not None and lot.expires_at < since
    owned = sum(lot.owned for lot in lots.values())
    for at, lot, entry, change in _changes(account, lots, aware(since), aware(until)):
        if change:
            owned += change
            yield _line(at, lot, entry, change, owned)


def entries_of(lot: Lot) -> Iterable[Entry]:
    """Return all entries of a lot, oldest first."""
    return lot.entries.select_related("hold").order_by("id")


def _account(team_id: int) -> Account:
    found = rows.select(Account, "WHERE team_id = %s", [team_id])
    if not found:
        raise CreditError(f"Team {team_id} has no account.")
    return found[0]


def _balance_by_sums(account: Account, at: datetime) -> Balance:
    live, held = _live_by_sums(account, at)
    return _balance(account, at, live, held)


def _live_by_sums(account: Account, at: datetime) -> tuple[list[_LotAt], int]:
    """Return the lots that time has left usable, and what is held in all lots."""
    found = rows.select(Lot, "WHERE account_id = %s AND is_open", [account.pk])
    lots = {row.pk: _LotAt(row, row.available, row.held, row.expires_at) for row in found}
    if account.next_lapse_at is not None and account.next_lapse_at <= at:
        _lapse_by_sums(account, lots, at)
    live = [lot for lot in lots.values() if lot.expires_at is None or at < lot.expires_at]
    return live, sum(lot.held for lot in lots.values())


def _lapse_by_sums(account: Account, lots: dict[int, _LotAt], at: datetime) -> None:
    """Give back what open holds have whose time is over, though no write has said so yet."""
    due = Hold.objects.filter(account=account, state=HoldState.OPEN, lapses_at__lte=at)
    changes = Entry.objects.filter(hold__in=due).values_list("lot").annotate(held=Sum("held_change"))
    for lot_id, held in changes:
        lots[lot_id].available += held
        lots[lot_id].held -= held


def _balance(account: Account, at: datetime, live: list[_LotAt], held: int) -> Balance:
    by_source = {source: 0 for source in Source if source is not Source.FREE_PREVIEW}
    for lot in live:
        if lot.lot.source != Source.FREE_PREVIEW:
            by_source[Source(lot.lot.source)] += lot.available
    return Balance(at, by_source, held, _free_previews(account, at, live))


def _free_previews(account: Account, at: datetime, live: list[_LotAt]) -> int:
    """What is left of the month's free previews; all of them while no lot was opened for the month."""
    month, _ = month_of(rows.select(Team, "WHERE id = %s", [account.pk])[0], at)
    reference = f"free-previews:{month.isoformat()}"
    opened = rows.select(Lot, "WHERE account_id = %s AND reference = %s", [account.pk, reference])
    if at < account.opened_at or any(lot.opened_at <= at for lot in opened):
        return sum(lot.available for lot in live if lot.lot.source == Source.FREE_PREVIEW)
    return allowances.free_preview_amount()


def _lots_at(account: Account, at: datetime, *, before: bool = False) -> dict[int, _LotAt]:
    """Return the lots as the entries up to `at` (or only before it) made them."""
    entries = Entry.objects.filter(account=account)
    entries = entries.filter(at__lt=at) if before else entries.filter(at__lte=at)
    sums = entries.values("lot").annotate(
        available=Sum("available_change"),
        held=Sum("held_change"),
        term=Max("id", filter=Q(kind__in=(Kind.GRANT, Kind.TERM))),
    )
    found = {row["lot"]: row for row in sums}
    ends = dict(Entry.objects.filter(pk__in=[row["term"] for row in sums]).values_list("lot", "expires_at"))
    return {
        lot.pk: _LotAt(lot, found[lot.pk]["available"], found[lot.pk]["held"], ends.get(lot.pk))
        for lot in Lot.objects.filter(pk__in=found)
    }


def _lapse(account: Account, lots: dict[int, _LotAt], at: datetime) -> None:
    """Give back what holds had that were open by the entries up to `at` and had lapsed by then."""
    entries = Entry.objects.filter(account=account, at__lte=at, hold__isnull=False)
    open_pieces = (
        entries.values("hold", "lot")
        .annotate(held=Sum("held_change"), lapses=Max("expires_at", filter=Q(kind=Kind.HOLD)))
        .filter(held__gt=0, lapses__lte=at)
    )
    for piece in open_pieces:
        lots[piece["lot"]].available += piece["held"]
        lots[piece["lot"]].held -= piece["held"]


def _changes(
    account: Account, lots: dict[int, _LotAt], since: datetime, until: datetime
) -> Iterator[tuple[datetime, _LotAt, Entry | None, int]]:
    entries = Entry.objects.filter(account=account, at__gte=since, at__lt=until).order_by("id")
    entries = entries.exclude(lot__source=Source.FREE_PREVIEW)
    for entry in entries.select_related("lot", "hold").iterator(chunk_size=2000):
        yield from _ended(lots, entry.at)
        lot = lots.setdefault(entry.lot_id, _LotAt(entry.lot))
        before = lot.owned
        lot.available += entry.available_change
        lot.held += entry.held_change
        if entry.kind in (Kind.GRANT, Kind.TERM):
            lot.expires_at = entry.expires_at
            lot.has_ended = lot.expires_at is not None and lot.expires_at <= entry.at
        yield entry.at, lot, entry, lot.owned - before
    yield from _ended(lots, until)


def _ended(lots: dict[int, _LotAt], until: datetime) -> Iterator[tuple[datetime, _LotAt, Entry | None, int]]:
    due = [lot for lot in lots.values() if not lot.has_ended and lot.expires_at and lot.expires_at <= until]
    for lot in sorted(due, key=lambda lot: (lot.expires_at, lot.lot.pk)):
        lot.has_ended = True
        assert lot.expires_at is not None
        yield lot.expires_at, lot, None, -lot.available


def _line(at: datetime, lot: _LotAt, entry: Entry | None, change: int, owned: int) -> Line:
    source = Source(lot.lot.source)
    if entry is None:
        return Line(at, "ended", lot.lot.pk, source, change, owned, None)
    request_id = "" if entry.hold is None else entry.hold.request_id
    return Line(
        at,
        entry.kind,
        lot.lot.pk,
        source,
        change,
        owned,
        entry.pk,
        request_id,
        entry.reason,
        entry.corrects_id,
    )
