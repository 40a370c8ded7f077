"""The rules of credits, as functions of values. No clock, database, settings or logging here.

Amounts are integers of 1/100 credit (see amounts.py), money is integers of 1/100 of its currency,
moments are aware datetimes and come as arguments.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from offcut.errors import ClockError, InsufficientCreditsError, PlanChangeError
from offcut.server.credits.amounts import checked

FULL_AMOUNT = 100
"""What one image costs above preview size."""
PREVIEW_AMOUNT = 25
"""What one preview costs through the API when the free ones are used."""
CLOCK_TOLERANCE = timedelta(minutes=1)
"""How far a machine's clock may be behind the account's latest entry."""
THRESHOLD_PERCENT = 80
EXPIRY_WARNING = timedelta(days=14)
REFUND_DAYS = 14
REFUND_IMAGE_COUNT = 50
REFUND_DECISION_DAYS = 10

_NEVER = datetime.max.replace(tzinfo=UTC)


class Source(StrEnum):
    """Where a lot came from. The order of the members is the order in which credits burn."""

    FREE_PREVIEW = "free_preview"
    SUBSCRIPTION = "subscription"
    ENTERPRISE = "enterprise"
    GIFT = "gift"
    ADJUSTMENT = "adjustment"
    PAY_AS_YOU_GO = "pay_as_you_go"


_RANKS = {source: rank for rank, source in enumerate(Source)}


@dataclass(frozen=True, slots=True)
class LotState:
    """What the rules need to know of a lot. `expires_at` None: never."""

    id: int
    source: Source
    available: int
    opened_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an amount, in one lot."""

    lot_id: int
    amount: int


def burn_key(lot: LotState) -> tuple[int, datetime, datetime, int]:
    """Return the key of the one total order in which lots burn; no two lots share a key."""
    return _RANKS[lot.source], lot.expires_at or _NEVER, lot.opened_at, lot.id


def is_live(lot: LotState, now: datetime) -> bool:
    """Say whether time has left the lot usable: from `expires_at` on it is not."""
    return lot.expires_at is None or now < lot.expires_at


def is_usable(lot: LotState, now: datetime, *, preview: bool) -> bool:
    """Say whether a charge may take from the lot. Free previews pay for previews only."""
    return lot.available > 0 and is_live(lot, now) and (preview or lot.source is not Source.FREE_PREVIEW)


def burn(lots: Iterable[LotState], amount: int, now: datetime, *, preview: bool = False) -> list[Piece]:
    """Choose the lots that pay `amount`, in burn order.

    Raises AmountError for an amount below 1, InsufficientCreditsError when all usable lots hold less.
    """
    rest = checked(amount)
    pieces = []
    for lot in sorted((lot for lot in lots if is_usable(lot, now, preview=preview)), key=burn_key):
        taken = min(rest, lot.available)
        pieces.append(Piece(lot.id, taken))
        rest -= taken
        if rest == 0:
            return pieces
    raise InsufficientCreditsError(needed=amount, available=amount - rest)


def split_capture(pieces: list[Piece], amount: int) -> tuple[list[Piece], list[Piece]]:
    """Split the pieces of a hold into what is captured and what is given back.

    `amount` is at least 1 and at most the sum of the pieces. The first pieces, in burn order, are spent.
    """
    rest = amount
    spent, returned = [], []
    for piece in pieces:
        taken = min(rest, piece.amount)
        rest -= taken
        if taken:
            spent.append(Piece(piece.lot_id, taken))
        if piece.amount > taken:
            returned.append(Piece(piece.lot_id, piece.amount - taken))
    return spent, returned


def entry_moment(now: datetime, latest: datetime) -> datetime:
    """Return the moment to stamp on an entry: never before the account's latest.

    Workers take the time before they get the account's lock, and machines differ by a little: up to
    CLOCK_TOLERANCE is forgiven. Raises ClockError beyond it.
    """
    if now >= latest:
        return now
    if latest - now > CLOCK_TOLERANCE:
        raise ClockError(
            f"The clock says {now.isoformat()}, but this account has an entry of {latest.isoformat()}."
        )
    return latest


def period_lot_end(period_end: datetime, grace: timedelta, *, ends_with_period: bool) -> datetime:
    """Return when a subscription's lot ends: with the period, or a grace time later so that a late payment
    finds the old credits usable."""
    return period_end if ends_with_period else period_end + grace


def roll_over(lots: Iterable[LotState], boundary: datetime, cap: int) -> tuple[list[Piece], list[int]]:
    """Decide what happens to unused subscription credits when a period begins.

    `boundary` is the moment the period begins by the calendar, even when a worker is late; `cap` is the
    amount that may stay. Returns the cuts (first to burn, first to be cut) and the ids of the lots that
    stay. With a cap of 0 no lot stays, and none needs a cut: they end.
    """
    live = sorted(
        (lot for lot in lots if lot.source is Source.SUBSCRIPTION and is_live(lot, boundary)), key=burn_key
    )
    if cap == 0:
        return [], []
    excess = max(0, sum(lot.available for lot in live) - cap)
    cuts = []
    for lot in live:
        cut = min(excess, lot.available)
        excess -= cut
        if cut:
            cuts.append(Piece(lot.id, cut))
    return cuts, [lot.id for lot in live]


def is_past_threshold(spent: int, left: int) -> bool:
    """Say whether 80 % of a period's subscription credits are used.

    `spent` is what was captured from subscription lots in the period, `left` what they still have, held
    credits included: the period's credits are the sum, rolled-over ones among them.
    """
    return spent > 0 and spent * 100 >= (spent + left) * THRESHOLD_PERCENT


class Change(StrEnum):
    """What choosing another plan means."""

    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What the rules need to know of a plan's terms. `price` is for `billing_months`, in 1/100 of money."""

    plan_id: int
    monthly_amount: int
    price: int
    billing_months: int
    rollover_cap_multiple: int
    grace: timedelta

    @property
    def rollover_cap(self) -> int:
        return self.rollover_cap_multiple * self.monthly_amount


def plan_change(old: PlanFacts, new: PlanFacts) -> Change:
    """Say whether moving to `new` happens at once (upgrade) or at the next billing date (downgrade).

    More credits is an upgrade, fewer a downgrade; with the same credits paying for longer is an upgrade.
    Raises PlanChangeError when it is the same plan.
    """
    if old.plan_id == new.plan_id:
        raise PlanChangeError("That is the plan the team already has.")
    more = (new.monthly_amount, new.billing_months) > (old.monthly_amount, old.billing_months)
    return Change.UPGRADE if more else Change.DOWNGRADE


def unused_price(price: int, start: datetime, end: datetime, now: datetime) -> int:
    """Return the part of `price` that pays for the time from `now` to `end`, rounded up to 1/100 of money."""
    if now >= end:
        return 0
    whole = (end - start) // timedelta(seconds=1)
    left = min(whole, (end - now) // timedelta(seconds=1))
    return -(-price * left // whole)


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """What a refund depends on."""

    paid_at: datetime
    asked_at: datetime
    is_first_subscription: bool
    image_count: int
    was_refunded_before: bool


def refund_objections(facts: RefundFacts) -> list[str]:
    """Return why the refund rule is not met; empty when it is. A person decides either way."""
    objections = []
    if facts.asked_at - facts.paid_at > timedelta(days=REFUND_DAYS):
        objections.append(f"It was asked for more than {REFUND_DAYS} days after the payment.")
    if not facts.is_first_subscription:
        objections.append("It is not the first subscription of this team.")
    if facts.image_count >= REFUND_IMAGE_COUNT:
        objections.append(
            f"{facts.image_count} images were processed; the rule allows fewer than {REFUND_IMAGE_COUNT}."
        )
    if facts.was_refunded_before:
        objections.append("This team has had a refund before.")
    return objections


def correction_bounds(available_change: int, corrected: int, available: int) -> tuple[int, int]:
    """Return the smallest and largest correction an entry allows.

    `available_change` is what the entry did to its lot (a capture counts as what it spent, negative),
    `corrected` the sum of its corrections so far, `available` what the lot has now. Corrections never do
    more than undo, and never take what is not there.
    """
    undo = -available_change - corrected
    return max(min(undo, 0), -available), max(undo, 0)
