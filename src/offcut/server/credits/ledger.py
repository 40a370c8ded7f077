"""The ledger: the only writer of lots, entries, holds and the sums kept of them.

Every function is one transaction of its own (or a savepoint in the caller's), locks the account first,
and either does all it says or raises a named error and changes nothing. `now` is an aware datetime,
amounts are integers of 1/100 credit, `team_id` is the number of the team that owns the account.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import connection
from django.db.models import F, Sum
from django.db.transaction import set_rollback

from offcut.errors import (
    AmountError,
    CorrectionError,
    CreditError,
    HoldCapturedError,
    HoldLapsedError,
    HoldNotFoundError,
    HoldReleasedError,
    IdReusedError,
    KeyLimitError,
    KeyRefusedError,
    TeamSuspendedError,
)
from offcut.server.accounts.models import ApiKey, Team
from offcut.server.credits import allowances, causes, rows, rules
from offcut.server.credits.amounts import checked
from offcut.server.credits.models import Account, Entry, Hold, HoldState, KeyMonth, Kind, Lot
from offcut.server.credits.months import aware
from offcut.server.credits.posting import Book
from offcut.server.credits.rules import Piece, Source
from offcut.server.credits.transactions import in_transaction
from offcut.server.credits.zones import month_of

Result = TypeVar("Result")

REQUEST_ID_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class Held:
    """What a caller learns of a hold.

    `charged` says from which sources the credits come, in burn order. `is_replay`: this id was there
    before with the same content, and nothing was booked now; look at `state`.
    """

    request_id: str
    state: HoldState
    amount: int
    captured: int
    charged: tuple[tuple[Source, int], ...]
    lapses_at: datetime
    is_replay: bool = False


@dataclass(frozen=True, slots=True)
class PeriodStart:
    """What a new period did to the credits."""

    granted: int
    kept: int
    cut: int


def open_account(team: Team, *, now: datetime, gift_amount: int = 0) -> Account:
    """Open the team's account, with a gift of `gift_amount`. Does nothing when the account is there."""
    moment = aware(now)
    account, is_new = Account.objects.get_or_create(
        team=team, defaults={"opened_at": moment, "latest_at": moment}
    )
    if is_new and gift_amount:
        grant(team.pk, "gift", Source.GIFT, gift_amount, now=now)
    return account


def grant(
    team_id: int,
    reference: str,
    source: Source,
    amount: int,
    *,
    now: datetime,
    expires_at: datetime | None = None,
    reason: str = "",
    actor_id: int | None = None,
) -> Lot:
    """Open a lot under the caller's `reference`. The same reference again returns the lot that is there.

    Raises AmountError, ClockError, and IdReusedError when the reference was for something else.
    """
    checked(amount)

    def work(book: Book) -> Lot:
        found = _granted_before(book, reference, source, amount)
        if found is not None:
            return found
        if expires_at is not None and expires_at <= book.at:
            raise CreditError("The credits would have ended before they begin.")
        return book.new_lot(source, reference, amount, expires_at, reason=reason, actor_id=actor_id)

    return _write(team_id, now, work)


def hold(
    team_id: int,
    request_id: str,
    amount: int,
    *,
    content_hash: str,
    now: datetime,
    preview: bool = False,
    size: str = "",
    key: ApiKey | None = None,
    lifetime: timedelta | None = None,
) -> Held:
    """Set `amount` aside under the caller's `request_id`, before any work starts.

    `content_hash` (at most 64 characters) stands for what was asked. The same id with the same hash
    answers as before: an open or captured hold comes back as a replay, a released or lapsed one is held
    anew. `preview` lets free previews pay; `size` is words for the usage report; `key` is the API key that
    asked, whose monthly limit is kept here.
    Raises AmountError, InsufficientCreditsError, KeyLimitError, KeyRefusedError, TeamSuspendedError,
    IdReusedError, ClockError.
    """
    checked(amount)
    if not 1 <= len(request_id) <= REQUEST_ID_LENGTH_MAX:
        raise CreditError(f"An id has between 1 and {REQUEST_ID_LENGTH_MAX} characters.")

    def work(book: Book) -> Held:
        found = book.hold(request_id)
        if found is not None and found.content_hash != content_hash:
            raise IdReusedError(f"The id {request_id} was used for another request.")
        if found is not None and found.state in (HoldState.OPEN, HoldState.CAPTURED):
            return _told(found, book, found.kept_pieces(), is_replay=True)
        _refuse_suspended(book, key)
        lots = _lots_that_may_pay(book, preview=preview)
        pieces = rules.burn([lot.state for lot in lots], amount, book.at, preview=preview)
        _count_for_key(book, key, amount)
        row = found or Hold(account=book.account, request_id=request_id, content_hash=content_hash)
        row.amount, row.is_preview, row.size, row.key = amount, preview, size, key
        row.state, row.held_at, row.ended_at = HoldState.OPEN, book.at, None
        row.keep_pieces(pieces)
        row.lapses_at = book.at + (allowances.hold_lifetime() if lifetime is None else lifetime)
        if row.pk is None:
            rows.write((), [row])
        else:
            row.save()
        _take(book, row, pieces)
        return _told(row, book, pieces)

    return _write(team_id, now, work)


def capture(team_id: int, request_id: str, *, now: datetime, amount: int | None = None) -> Held:
    """Spend a hold, because the result exists. With a smaller `amount` the rest is given back.

    Raises HoldNotFoundError, HoldCapturedError (also the second time), HoldReleasedError,
    HoldLapsedError, AmountError when `amount` is more than is held, ClockError.
    """

    def work(book: Book) -> Held:
        row = _open_hold(book, request_id)
        spent_amount = row.amount if amount is None else checked(amount)
        if spent_amount > row.amount:
            raise AmountError("No more can be captured than was held.")
        before = causes.standing(book)
        spent, returned = rules.split_capture(row.kept_pieces(), spent_amount)
        book.give_back(row, returned, Kind.RELEASE)
        for piece in spent:
            book.post(Kind.CAPTURE, book.lot(piece.lot_id), held=-piece.amount, hold=row)
        book.account.period_spent += sum(
            piece.amount for piece in spent if book.lot(piece.lot_id).source == Source.SUBSCRIPTION
        )
        book.end_hold(row, HoldState.CAPTURED, spent)
        causes.notice_use(book, before)
        return _told(row, book, spent)

    return _write(team_id, now, work)


def release(team_id: int, request_id: str, *, now: datetime) -> Held:
    """Give a hold back, because there is no result.

    Raises HoldNotFoundError, HoldCapturedError, HoldReleasedError (the second time), HoldLapsedError,
    ClockError.
    """

    def work(book: Book) -> Held:
        row = _open_hold(book, request_id)
        pieces = row.kept_pieces()
        book.give_back(row, pieces, Kind.RELEASE)
        book.end_hold(row, HoldState.RELEASED)
        return _told(row, book, pieces)

    return _write(team_id, now, work)


def lapse_due(now: datetime, *, limit: int = 1000) -> int:
    """Write down that holds have lapsed, at most `limit` accounts; return how many accounts.

    Balances do not wait for this: from `lapses_at` on a hold no longer counts.
    """
    due = Hold.objects.filter(state=HoldState.OPEN, lapses_at__lte=now).values_list("account_id", flat=True)
    team_ids = sorted(set(due[:limit]))
    for team_id in team_ids:
        _write(team_id, now, lambda _book: None)
    return len(team_ids)


def begin_period(
    team_id: int,
    reference: str,
    amount: int,
    *,
    boundary: datetime,
    ends_at: datetime,
    cap: int | None,
    now: datetime,
) -> PeriodStart | None:
    """Begin a subscription's period: roll over what is unused, cut it to `cap`, grant `amount`.

    `boundary` is when the period begins by the calendar, `ends_at` when its credits end. `cap` None keeps
    everything (an upgrade). Returns None when the period with this reference has begun before.
    """

    def work(book: Book) -> PeriodStart | None:
        if _granted_before(book, reference, Source.SUBSCRIPTION, amount) is not None:
            return None
        lots = book.subscription_lots(boundary)
        total = sum(lot.available for lot in lots)
        cuts, stays = rules.roll_over(
            [lot.state for lot in lots], boundary, max(total, 1) if cap is None else cap
        )
        for piece in cuts:
            book.post(Kind.CUT, book.lot(piece.lot_id), available=-piece.amount)
        for lot in lots:
            _move_end(book, lot, ends_at if lot.pk in stays else book.at)
        lot = book.new_lot(Source.SUBSCRIPTION, reference, amount, ends_at)
        book.account.period_lot_id, book.account.period_spent = lot.pk, 0
        kept = sum(lot.available for lot in lots if lot.pk in stays)
        return PeriodStart(granted=amount, kept=kept, cut=total - kept)

    return _write(team_id, now, work)


def move_subscription_end(team_id: int, ends_at: datetime, *, now: datetime, reason: str = "") -> None:
    """Let the credits of the running subscription end at `ends_at` (a cancellation, or a change of mind)."""

    def work(book: Book) -> None:
        for lot in book.subscription_lots(book.at):
            _move_end(book, lot, max(ends_at, book.at), reason=reason)

    _write(team_id, now, work)


def correct(entry_id: int, change: int, *, reason: str, actor_id: int | None, now: datetime) -> Entry:
    """Add an entry that undoes all or part of another one, and names it.

    `change` is what the lot gets (above zero) or loses (below). What is given back to a lot that has
    ended goes into a lot of its own, which does not end.
    Raises CorrectionError, without a reason, for an entry that took and gave nothing, and when `change` is
    more than undoes the entry or more than the lot has; AmountError for 0; ClockError.
    """
    if isinstance(change, bool) or not isinstance(change, int) or change == 0:
        raise AmountError("A correction is a whole number of 1/100 credits, above or below zero.")
    if not reason.strip():
        raise CorrectionError("A correction needs a reason.")
    entry = Entry.objects.filter(pk=entry_id).first()
    if entry is None:
        raise CorrectionError(f"There is no entry {entry_id}.")

    def work(book: Book) -> Entry:
        lot = book.lot(entry.lot_id)
        done = entry.corrections.aggregate(sum=Sum("available_change"))["sum"] or 0
        least, most = rules.correction_bounds(_effect(entry), done, lot.available)
        if not least <= change <= most:
            raise CorrectionError(
                f"Entry {entry_id} can be corrected by {least / 100:g} to {most / 100:g} credits."
            )
        if change > 0 and not rules.is_live(lot.state, book.at):
            lot = book.new_lot(Source.ADJUSTMENT, f"correction:{entry_id}:{done}", 0, None)
        return book.post(
            Kind.CORRECT, lot, available=change, corrects=entry, reason=reason, actor_id=actor_id
        )

    return _write(entry.account_id, now, work)


def _write(team_id: int, now: datetime, work: Callable[[Book], Result]) -> Result:
    def transaction() -> Result:
        book = Book(team_id, now)
        result = work(book)
        if not book.close():
            # The lock moved the account's latest moment on; without an entry it must not.
            set_rollback(True)
        return result

    return in_transaction(transaction)


def _granted_before(book: Book, reference: str, source: Source, amount: int) -> Lot | None:
    found = Lot.objects.filter(account=book.account, reference=reference).first()
    if found is not None and (found.source, found.granted) != (source, amount):
        raise IdReusedError(f"{reference} was granted before, as something else.")
    return found


def _refuse_suspended(book: Book, key: ApiKey | None) -> None:
    if book.is_suspended:
        raise TeamSuspendedError("This team is suspended.")
    if key is not None and key.team_id != book.account.pk:
        raise KeyRefusedError("This key belongs to another team.")
    if key is not None:
        # The key brings its team along, whose time zone says which month this is.
        book.account.team = key.team


def _lots_that_may_pay(book: Book, *, preview: bool) -> Sequence[Lot]:
    lots = book.open_lots()
    amount = allowances.free_preview_amount() if preview else 0
    if not amount:
        return lots
    month, month_end = month_of(book.account.team, book.at)
    reference = f"free-previews:{month.isoformat()}"
    if Lot.objects.filter(account=book.account, reference=reference).exists():
        return lots
    book.new_lot(Source.FREE_PREVIEW, reference, amount, month_end)
    return book.open_lots()


def _count_for_key(book: Book, key: ApiKey | None, amount: int) -> None:
    if key is None:
        return
    month, month_end = month_of(book.account.team, book.at)
    moment = connection.ops.adapt_datetimefield_value(month)
    row = next(iter(rows.select(KeyMonth, "WHERE key_id = %s AND month = %s", [key.pk, moment])), None)
    limit = None if key.monthly_limit_credits is None else key.monthly_limit_credits * 100
    if row is None and limit is None:
        return
    if row is None:
        used = key_use(key.pk, month, month_end)
        row = KeyMonth.objects.create(key=key, month=month, used=used)
    if limit is not None and row.used + amount > limit:
        raise KeyLimitError(limit=limit, used=row.used)
    KeyMonth.objects.filter(pk=row.pk).update(used=F("used") + amount)


def key_use(key_id: int, since: datetime, until: datetime) -> int:
    """Return what a key has captured or holds, in 1/100 credit, of holds made from `since` to `until`."""
    holds = Hold.objects.filter(key_id=key_id, held_at__gte=since, held_at__lt=until)
    held = holds.filter(state=HoldState.OPEN).aggregate(sum=Sum("amount"))["sum"] or 0
    return held + (holds.aggregate(sum=Sum("captured"))["sum"] or 0)


def _take(book: Book, row: Hold, pieces: list[Piece]) -> None:
    for piece in pieces:
        book.post(
            Kind.HOLD,
            book.lot(piece.lot_id),
            available=-piece.amount,
            held=piece.amount,
            hold=row,
            expires_at=row.lapses_at,
        )
    first = book.account.next_lapse_at
    book.account.next_lapse_at = row.lapses_at if first is None else min(first, row.lapses_at)


def _open_hold(book: Book, request_id: str) -> Hold:
    row = book.hold(request_id)
    if row is None:
        raise HoldNotFoundError(f"There is no hold {request_id}.")
    if row.state == HoldState.CAPTURED:
        raise HoldCapturedError(f"The credits of {request_id} are spent already.")
    if row.state == HoldState.RELEASED:
        raise HoldReleasedError(f"The credits of {request_id} were given back.")
    if row.state == HoldState.LAPSED:
        raise HoldLapsedError(f"The hold {request_id} has lapsed.")
    return row


def _move_end(book: Book, lot: Lot, ends_at: datetime, reason: str = "") -> None:
    if lot.expires_at != ends_at and not (ends_at == book.at and not rules.is_live(lot.state, book.at)):
        book.post(Kind.TERM, lot, expires_at=ends_at, reason=reason)


def _effect(entry: Entry) -> int:
    """What an entry gave (above zero) or took for good."""
    if entry.kind == Kind.CAPTURE:
        return entry.held_change
    return entry.available_change if entry.kind in (Kind.GRANT, Kind.CUT, Kind.CORRECT) else 0


def _told(row: Hold, book: Book, pieces: list[Piece], *, is_replay: bool = False) -> Held:
    charged = tuple((Source(book.lot(piece.lot_id).source), piece.amount) for piece in pieces)
    return Held(
        row.request_id, HoldState(row.state), row.amount, row.captured, charged, row.lapses_at, is_replay
    )
