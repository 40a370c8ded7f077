"""A book: one account, locked, with the entries that one write adds to it.

Only `ledger.py` opens books. Everything that keeps sums true lies here: an entry and the sums it changes
are written together or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F, Min

from offcut.errors import CreditError
from offcut.server.credits import rows, rules
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
        self.account, self.is_suspended = _locked(team_id, aware(now))
        self.at = rules.entry_moment(aware(now), self.account.latest_at)
        self._entries: list[Entry] = []
        self._changes: list[rows.Change] = []
        self._lots: dict[int, Lot] = {}
        self._touched: set[int] = set()
        self._open: list[Lot] | None = None
        self._kept_before = _kept_sums(self.account)
        account = self.account
        if account.next_lapse_at is not None and account.next_lapse_at <= self.at:
            self._lapse_due()

    def open_lots(self) -> list[Lot]:
        """Return the lots that are not used up and that time has not ended, those of this book included."""
        if self._open is None:
            moment = connection.ops.adapt_datetimefield_value(self.at)
            found = rows.select(Lot, _OPEN_LOTS, [self.account.pk, moment])
            self._open = [self._kept(lot) for lot in found]
        return self._open

    def subscription_lots(self, boundary: datetime) -> list[Lot]:
        """Return the subscription lots that are not used up and had not ended at `boundary`."""
        found = Lot.objects.filter(account=self.account, is_open=True, source=Source.SUBSCRIPTION)
        return [self._kept(lot) for lot in found.filter(expires_at__gt=boundary)]

    def lot(self, lot_id: int) -> Lot:
        """Return a lot of this account, with what this book has changed of it."""
        if lot_id not in self._lots:
            self._lots[lot_id] = Lot.objects.get(pk=lot_id, account=self.account)
        return self._lots[lot_id]

    def hold(self, request_id: str) -> Hold | None:
        """Return the hold under this id, if there is one."""
        return next(iter(rows.select(Hold, _HOLD, [self.account.pk, request_id])), None)

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

    def give_back(self, hold: Hold, pieces: Iterable[Piece], kind: Kind) -> None:
        """Post that pieces of a hold go back to their lots."""
        for piece in pieces:
            self.post(kind, self.lot(piece.lot_id), available=piece.amount, held=-piece.amount, hold=hold)

    def end_hold(self, hold: Hold, state: HoldState, spent: Sequence[Piece] = ()) -> None:
        """Mark a hold as ended, and take what it did not spend off its key's month."""
        captured = sum(piece.amount for piece in spent)
        hold.state, hold.ended_at, hold.captured = state, self.at, captured
        hold.keep_pieces(spent)
        self._changes.append((hold, ("state", "ended_at", "captured", "pieces")))
        if hold.key_id is not None and captured < hold.amount:
            month, _ = month_of(self.account.team, hold.held_at)
            unspent = hold.amount - captured
            KeyMonth.objects.filter(key_id=hold.key_id, month=month).update(used=F("used") - unspent)

    def close(self) -> bool:
        """Write everything down. Returns False when there was nothing to write."""
        if not self._entries:
            return False
        for lot_id in sorted(self._touched):
            self._changes.append((self._lots[lot_id], ("available", "held", "is_open", "expires_at")))
        if _kept_sums(self.account) != self._kept_before:
            self._changes.append((self.account, ("next_lapse_at", "period_lot_id", "period_spent")))
        rows.write(self._changes, self._entries)
        return True

    def _lapse_due(self) -> None:
        due = Hold.objects.filter(account=self.account, state=HoldState.OPEN, lapses_at__lte=self.at)
        for hold in due.order_by("lapses_at", "id"):
            self.give_back(hold, hold.kept_pieces(), Kind.LAPSE)
            self.end_hold(hold, HoldState.LAPSED)
        rows.write(self._changes, ())
        self._changes.clear()
        waiting = Hold.objects.filter(account=self.account, state=HoldState.OPEN)
        self.account.next_lapse_at = waiting.aggregate(first=Min("lapses_at"))["first"]

    def _kept(self, lot: Lot) -> Lot:
        # A lot that this book has changed already is the one in memory, not the row.
        return self._lots.setdefault(lot.pk, lot)


# Taking the lock and moving `latest_at` on is one statement: every write needs both. An UPDATE locks the row
# as SELECT … FOR UPDATE does. A write that is refused, or has nothing to write, is rolled back with it.
_LOCK = """
    UPDATE credits_account SET latest_at = CASE WHEN latest_at < %s THEN %s ELSE latest_at END
    WHERE team_id = %s
"""
_IS_SUSPENDED = "(SELECT suspended_at IS NOT NULL FROM accounts_team WHERE id = team_id)"
_HOLD = "WHERE account_id = %s AND request_id = %s"
_OPEN_LOTS = "WHERE account_id = %s AND is_open AND (expires_at IS NULL OR expires_at > %s)"


def _locked(team_id: int, now: datetime) -> tuple[Account, bool]:
    """Return the account, locked, and whether its team is suspended."""
    moment = connection.ops.adapt_datetimefield_value(now)
    found = rows.returning(Account, _LOCK, [moment, moment, team_id], _IS_SUSPENDED)
    if found is None:
        raise CreditError(f"Team {team_id} has no account.")
    return found[0], bool(found[1])


def _kept_sums(account: Account) -> tuple[datetime | None, int | None, int]:
    return account.next_lapse_at, account.period_lot_id, account.period_spent
