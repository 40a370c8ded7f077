"""What choosing a plan, a pack or a cancellation would mean, in credits, money and dates. Nothing is
written here: it is what the page says before anybody confirms.

The money comes from the same quote that the order is made from; the credits from the same rules that the
period begins by. Amounts are 1/100 credit, money 1/100 of the currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from offcut.server.accounts.models import Team
from offcut.server.credits import rules, subscriptions
from offcut.server.credits.models import PackTerms, PlanTerms, Subscription, SubscriptionState
from offcut.server.credits.months import add_months
from offcut.server.credits.rules import Change, Source
from offcut.server.credits.statement import live_lots
from offcut.server.credits.zones import zone_of
from offcut.server.payments.models import Order, OrderKind, OrderState
from offcut.server.payments.quotes import Quote, quote, unused_part


class Kind(StrEnum):
    """What choosing a plan is for this team."""

    SUBSCRIBE = "subscribe"
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"


class Obstacle(StrEnum):
    """Why a change cannot be chosen at the moment."""

    SAME_PLAN = "same_plan"
    IS_CANCELLED = "is_cancelled"
    NEXT_IS_PAID = "next_is_paid"
    CHOSEN_ALREADY = "chosen_already"


@dataclass(frozen=True, slots=True)
class PlanChange:
    """Moving to a plan.

    `begins_at`: when the plan begins if it is paid at once (a downgrade: the billing date). `left`: the
    subscription credits there are now; `kept` of them stay, `cut` end, if nothing more is used until then.
    `billed_at`: the billing date that follows. `quote` is None for a downgrade, which costs nothing now.
    """

    kind: Kind
    terms: PlanTerms
    begins_at: datetime
    billed_at: datetime
    left: int
    kept: int
    cut: int
    others: int
    quote: Quote | None
    voided: list[Order]
    obstacle: Obstacle | None

    @property
    def granted(self) -> int:
        return self.terms.monthly_amount

    @property
    def total_after(self) -> int:
        """All credits at the moment the plan begins, those of packs and gifts among them."""
        return self.kept + self.granted + self.others

    @property
    def rollover_cap(self) -> int:
        return self.terms.facts.rollover_cap


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Cancelling: `ending` credits end at `ends_at` if they are not used by then, `staying` stay."""

    ends_at: datetime
    is_at_once: bool
    ending: int
    staying: int


@dataclass(frozen=True, slots=True)
class PackPurchase:
    """Buying a pack: `expires_at` if it is paid at once, None for ever."""

    terms: PackTerms
    expires_at: datetime | None
    total_now: int
    quote: Quote

    @property
    def total_after(self) -> int:
        return self.total_now + self.terms.amount


def plan_change(team: Team, terms: PlanTerms, *, now: datetime) -> PlanChange:
    """Work out what moving to `terms` at `now` means."""
    running = subscriptions.running(team.pk)
    left, others = _credits_of(team, now)
    months = terms.plan.billing_months
    if running is None:
        priced, billed_at = quote(team, terms), add_months(now, months, zone_of(team))
        return PlanChange(
            Kind.SUBSCRIBE, terms, now, billed_at, left, left, 0, others, priced, _waiting(team), None
        )
    if terms.plan_id == running.terms.plan_id:
        at = subscriptions.billing_end(running)
        return PlanChange(Kind.DOWNGRADE, terms, at, at, left, left, 0, others, None, [], Obstacle.SAME_PLAN)
    if rules.plan_change(running.terms.facts, terms.facts) is Change.UPGRADE:
        priced = quote(team, terms, unused=unused_part(running, now))
        billed_at = add_months(now, months, ZoneInfo(running.time_zone))
        return PlanChange(
            Kind.UPGRADE, terms, now, billed_at, left, left, 0, others, priced, _waiting(team), None
        )
    return _downgrade(running, terms, left, others)


def cancellation(team: Team, running: Subscription, *, now: datetime) -> Cancellation:
    """Work out what cancelling at `now` means."""
    left, others = _credits_of(team, now)
    is_at_once = running.state == SubscriptionState.PAST_DUE
    ends_at = now if is_at_once else subscriptions.billing_end(running)
    return Cancellation(ends_at, is_at_once, left, others)


def pack_purchase(team: Team, terms: PackTerms, *, now: datetime) -> PackPurchase:
    """Work out what buying a pack at `now` means."""
    months = terms.validity_months
    expires_at = None if months is None else add_months(now, months, zone_of(team))
    return PackPurchase(terms, expires_at, sum(_credits_of(team, now)), quote(team, terms))


def _downgrade(running: Subscription, terms: PlanTerms, left: int, others: int) -> PlanChange:
    begins_at = subscriptions.billing_end(running)
    # The price that holds on that day: the list may change until then.
    terms = terms.plan.terms_at(begins_at)
    months = running.paid_months + terms.plan.billing_months
    kept = min(left, terms.facts.rollover_cap)
    return PlanChange(
        Kind.DOWNGRADE,
        terms,
        begins_at,
        add_months(running.anchor_at, months, ZoneInfo(running.time_zone)),
        left,
        kept,
        left - kept,
        others,
        None,
        [],
        _obstacle(running, terms),
    )


def _obstacle(running: Subscription, terms: PlanTerms) -> Obstacle | None:
    if running.cancels_at_end:
        return Obstacle.IS_CANCELLED
    if running.renewal_terms_id is not None:
        return Obstacle.NEXT_IS_PAID
    return Obstacle.CHOSEN_ALREADY if running.next_plan_id == terms.plan_id else None


def _credits_of(team: Team, now: datetime) -> tuple[int, int]:
    """What the team has from its subscription, and from everything else."""
    lots = live_lots(team.pk, at=now)
    own = sum(lot.available for lot in lots if lot.lot.source == Source.SUBSCRIPTION)
    return own, sum(lot.available for lot in lots) - own


def _waiting(team: Team) -> list[Order]:
    """Orders for other plans that become void when this one is made."""
    kinds = (OrderKind.SUBSCRIBE, OrderKind.UPGRADE)
    waiting = Order.objects.filter(team=team, state=OrderState.OPEN, kind__in=kinds)
    return list(waiting.select_related("plan_terms__plan"))
