"""Where a team stands: what it has and until when, what the period has used, what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from offcut.server.accounts.models import Team
from offcut.server.credits import rules, subscriptions
from offcut.server.credits.models import PlanTerms, Subscription, SubscriptionState
from offcut.server.credits.rules import Source
from offcut.server.credits.statement import Balance, LiveLot, balance, live_lots
from offcut.server.credits.zones import month_of
from offcut.server.payments.models import Order, OrderKind, OrderState


class Fate(StrEnum):
    """What becomes of credits that nobody uses."""

    STAY = "stay"
    END = "end"
    ROLL_OVER = "roll_over"
    WAIT_FOR_PAYMENT = "wait_for_payment"


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the balance: credits of one source that share a fate, in 1/100 credit."""

    source: Source
    label: str
    is_rolled_over: bool
    available: int
    fate: Fate
    at: datetime | None


@dataclass(frozen=True, slots=True)
class PeriodUse:
    """What the running period has used of its subscription credits, rolled-over ones among them."""

    spent: int
    left: int
    rolled_over: int

    @property
    def whole(self) -> int:
        return self.spent + self.left

    @property
    def percent(self) -> int:
        """Used, in percent, rounded down, so that 80 is shown from the mark on and not before."""
        return self.spent * 100 // self.whole if self.whole else 0

    @property
    def is_past_threshold(self) -> bool:
        return rules.is_past_threshold(self.spent, self.left)


@dataclass(frozen=True, slots=True)
class Next:
    """The next billing date: `terms` that begin then, None where the subscription ends. `order` waits to
    be paid."""

    at: datetime
    terms: PlanTerms | None
    is_change: bool
    is_paid: bool
    order: Order | None


@dataclass(frozen=True, slots=True)
class Standing:
    """All that the overview says about credits."""

    balance: Balance
    shares: list[Share]
    subscription: Subscription | None
    use: PeriodUse | None
    next: Next | None
    free_previews_until: datetime

    @property
    def is_used_up(self) -> bool:
        """Not even one full-size image can be paid."""
        return self.balance.total < rules.FULL_AMOUNT

    @property
    def is_past_due(self) -> bool:
        return self.subscription is not None and self.subscription.state == SubscriptionState.PAST_DUE


def standing(team: Team, *, now: datetime) -> Standing:
    """Read where the team stands at `now`. A fixed number of queries, however long its history."""
    running = subscriptions.running(team.pk)
    lots = live_lots(team.pk, at=now)
    _, month_end = month_of(team, now)
    return Standing(
        balance=balance(team.pk, at=now),
        shares=shares(lots, running),
        subscription=running,
        use=None if running is None else period_use(lots, running),
        next=None if running is None else next_billing(running),
        free_previews_until=month_end,
    )


def shares(lots: list[LiveLot], running: Subscription | None) -> list[Share]:
    """Put lots of one source with one fate together, in burn order."""
    period_lot_id = None if running is None else running.account.period_lot_id
    found: dict[tuple[object, ...], Share] = {}
    for lot in lots:
        fate, at = fate_of(lot, running)
        source = Source(lot.lot.source)
        is_rolled_over = source is Source.SUBSCRIPTION and lot.lot.pk != period_lot_id
        key = (source, is_rolled_over, fate, at)
        before = found[key].available if key in found else 0
        found[key] = Share(
            source, lot.lot.get_source_display(), is_rolled_over, before + lot.available, fate, at
        )
    return [share for share in found.values() if share.available]


def fate_of(lot: LiveLot, running: Subscription | None) -> tuple[Fate, datetime | None]:
    """Say what becomes of a lot's credits if nobody uses them, and when."""
    if lot.lot.source != Source.SUBSCRIPTION or running is None:
        return (Fate.STAY, None) if lot.expires_at is None else (Fate.END, lot.expires_at)
    if running.state == SubscriptionState.PAST_DUE:
        return Fate.WAIT_FOR_PAYMENT, lot.expires_at
    is_last_month = running.period_end >= subscriptions.billing_end(running)
    if (is_last_month and running.cancels_at_end) or next_terms(running).rollover_cap_multiple == 0:
        return Fate.END, running.period_end
    return Fate.ROLL_OVER, running.period_end


def period_use(lots: list[LiveLot], running: Subscription) -> PeriodUse:
    """Sum up the running period. What a running image has set aside counts as left."""
    own = [lot for lot in lots if lot.lot.source == Source.SUBSCRIPTION]
    rolled_over = sum(lot.available for lot in own if lot.lot.pk != running.account.period_lot_id)
    left = sum(lot.available + lot.held for lot in own)
    return PeriodUse(running.account.period_spent, left, rolled_over)


def next_terms(running: Subscription) -> PlanTerms:
    """Return the terms under which the next month begins."""
    end = subscriptions.billing_end(running)
    if running.period_end < end:
        return running.terms
    if running.renewal_terms is not None:
        return running.renewal_terms
    plan = running.next_plan or running.terms.plan
    terms: PlanTerms = plan.terms_at(end)
    return terms


def next_billing(running: Subscription) -> Next:
    """Return what happens at the next billing date."""
    at = subscriptions.billing_end(running)
    if running.cancels_at_end:
        return Next(at, None, is_change=True, is_paid=False, order=None)
    plan = running.next_plan or running.terms.plan
    terms: PlanTerms = running.renewal_terms or plan.terms_at(at)
    waiting = Order.objects.filter(subscription=running, kind=OrderKind.RENEW, state=OrderState.OPEN)
    return Next(
        at,
        terms,
        is_change=terms.plan_id != running.terms.plan_id,
        is_paid=running.renewal_terms_id is not None,
        order=waiting.order_by("-id").first(),
    )
