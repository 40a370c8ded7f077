"""A book: one account, locked, with the entries that one write adds to it.

Only `ledger.py` opens books. Everything that keeps sums true lies here: an entry and the sums it changes
are written together or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import F, Min

from offcut.errors import CreditError
from offcut.server.credits import rules
from offcut.server.credits.models import Account, Entry, Hold, HoldState, KeyMonth, Kind, Lot
from offcut.server.credits.months import aware
from offcut.server.credits.rules import Piece, Source
from offcut.server.credits.zones import month_of


class Book:
    """An account whose row is locked until the transaction ends.

    `at` is the moment stamped on the entries: `now`, or the account's latest moment where the caller's
    clock is a little late. Raises ClockError where it is far behind, CreditError for an unknown account.
    Opening a book lapses the account's holds that are due.
    """

    def __init__(self, team_id: int, now: datetime) -> None:
        rows = Account.objects.select_for_update(of=("self",)).select_related("team")
        account = rows.filter(pk=team_id).first()
        if account is None:
            raise CreditError(f"Team {team_id} has no account.")
        self.account = account
        self.at = rules.entry_moment(aware(now), account.latest_at)
        self._entries: list[Entry] = []
        self._lots: dict[int, Lot] = {}
        self._touched: set[int] = set()
        self._open: list[Lot] | None = None
        self._has_looked = False
        if account.next_lapse_at is not None and account.next_lapse_at <= self.at:
            self._lapse_due()

    def open_lots(self) -> list[Lot]:
        """Return the lots that are not used up and that time has not ended, those of this book included."""
        if self._open is None:
            found = Lot.objects.filter(account=self.account, is_open=True)
            self._open = [self._kept(lot) for lot in found.exclude(expires_at__lte=self.at)]
        return self._open

    def subscription_lots(self, boundary: datetime) -> list[Lot]:
        """Return the subscription lots that are not used up and had not ended at `boundary`."""
        found = Lot.objects.filter(account=self.account, is_open=True, source=Source.SUBSCRIPTION)
        return [self._kept(lot) for lot in found.filter(expires_at__gt=boundary)]

    def lot(self, lot_id: int) -> Lot:
        if lot_id not in self._lots:
            self._lots[lot_id] = Lot.objects.get(pk=lot_id, account=self.account)
        return self._lots[lot_id]

    def new_lot(
        self, source: Source, reference: str, amount: int, expires_at: datetime | None, **entry: Any
    ) -> Lot:
        """Open a lot with its grant. An amount of 0 opens an empty lot without an entry."""
        lot = Lot.objects.create(
            account=self.account,
            source=source,
            reference=reference,
            granted=amount,
            opened_at=self.at,
            expires_at=expires_at,
            available=0,
        )
        self._lots[lot.pk] = lot
        if self._open is not None:
            self._open.append(lot)
        if amount:
            self.post(Kind.GRANT, lot, available=amount, expires_at=expires_at, **entry)
        return lot

    def post(self, kind: Kind, lot: Lot, *, available: int = 0, held: int = 0, **fields: Any) -> Entry:
        """Add an entry and change the lot's sums by it."""
        entry = Entry(
            account=self.account,
            lot=lot,
            at=self.at,
            kind=kind,
            available_change=available,
            held_change=held,
            **fields,
        )
        self._entries.append(entry)
        self._touched.add(lot.pk)
        lot.available += available
        lot.held += held
        lot.is_open = lot.available > 0 or lot.held > 0
        if kind in (Kind.GRANT, Kind.TERM):
            lot.expires_at = fields["expires_at"]
        return entry

    def held_pieces(self, hold: Hold) -> list[Piece]:
        """Return what the hold still holds, lot by lot, in the order in which it was taken."""
        held: dict[int, int] = {}
        for lot_id, change in hold.entries.order_by("id").values_list("lot_id", "held_change"):
            held[lot_id] = held.get(lot_id, 0) + change
        return [Piece(lot_id, amount) for lot_id, amount in held.items() if amount]

    def give_back(self, hold: Hold, pieces: Iterable[Piece], kind: Kind) -> None:
        for piece in pieces:
            self.post(kind, self.lot(piece.lot_id), available=piece.amount, held=-piece.amount, hold=hold)

    def end_hold(self, hold: Hold, state: HoldState, captured: int = 0) -> None:
        """Mark a hold as ended, and take what it did not spend off its key's month."""
        hold.state, hold.ended_at, hold.captured = state, self.at, captured
        hold.save(update_fields=["state", "ended_at", "captured"])
        if hold.key_id is not None and captured < hold.amount:
            month, _ = month_of(self.account.team, hold.held_at)
            unspent = hold.amount - captured
            KeyMonth.objects.filter(key_id=hold.key_id, month=month).update(used=F("used") - unspent)

    def close(self) -> None:
        """Write everything down. Without entries nothing is written."""
        if not self._entries:
            if self._has_looked:
                self.account.save(update_fields=["next_lapse_at"])
            return
        Entry.objects.bulk_create(self._entries)
        for lot_id in sorted(self._touched):
            self._lots[lot_id].save(update_fields=["available", "held", "is_open", "expires_at"])
        self.account.latest_at = self.at
        self.account.save(update_fields=["latest_at", "next_lapse_at", "period_lot_id", "period_spent"])

    def _lapse_due(self) -> None:
        due = Hold.objects.filter(account=self.account, state=HoldState.OPEN, lapses_at__lte=self.at)
        for hold in due.order_by("lapses_at", "id"):
            self.give_back(hold, self.held_pieces(hold), Kind.LAPSE)
            self.end_hold(hold, HoldState.LAPSED)
        waiting = Hold.objects.filter(account=self.account, state=HoldState.OPEN)
        self.account.next_lapse_at = waiting.aggregate(first=Min("lapses_at"))["first"]
        self._has_looked = True

    def _kept(self, lot: Lot) -> Lot:
        # A lot that this book has changed already is the one in memory, not the row.
        return self._lots.setdefault(lot.pk, lot)
