"""Renewals: asked for in time, collected on the billing date, and what follows when nobody pays."""

from __future__ import annotations

from datetime import datetime

import structlog

from offcut.errors import OffcutError
from offcut.server.credits import subscriptions
from offcut.server.credits.models import Subscription, SubscriptionState
from offcut.server.payments import orders
from offcut.server.payments.gateway import Outcome, gateway
from offcut.server.payments.models import Order, OrderKind, OrderState

log = structlog.get_logger(__name__)


def run_due(now: datetime) -> None:
    """Do what is due about subscriptions at `now`. Safe to repeat, and after any pause.

    In this order: renewals are ordered; those whose date has come are collected; months that are paid
    begin, the others fall due or end; renewals that nobody needs any more become void.
    """
    lead = gateway().renewal_lead
    running = Subscription.objects.exclude(state=SubscriptionState.ENDED)
    soon = running.filter(period_end__lte=now + lead, cancels_at_end=False, renewal_terms=None)
    for subscription in soon.select_related("terms__plan", "next_plan", "account__team").order_by("id"):
        _guarded(_ask, subscription, now)
    subscriptions.advance_due(now)
    _void_unneeded(now)


def _ask(subscription: Subscription, now: datetime) -> None:
    billing_end = subscriptions.billing_end(subscription)
    if subscription.period_end < billing_end:
        return
    plan = subscription.next_plan or subscription.terms.plan
    key = f"{subscription.stretch}:{subscription.paid_months}"
    order = orders.order_renewal(subscription, plan.terms_at(billing_end), key, billing_end, now)
    if order.state != OrderState.OPEN:
        return
    if order.total == 0:
        orders.mark_paid(order.pk, now=now, reference="nothing to pay")
    elif billing_end <= now and order.collected_at is None:
        _collect(order, now)


def _collect(order: Order, now: datetime) -> None:
    outcome = gateway(order.gateway).collect(order)
    Order.objects.filter(pk=order.pk, state=OrderState.OPEN).update(collected_at=now)
    if outcome is Outcome.DONE:
        orders.mark_paid(order.pk, now=now)


def _void_unneeded(now: datetime) -> None:
    waiting = Order.objects.filter(kind=OrderKind.RENEW, state=OrderState.OPEN)
    ended = waiting.filter(subscription__state=SubscriptionState.ENDED)
    cancelled = waiting.filter(subscription__cancels_at_end=True)
    for order in (ended | cancelled).select_related("subscription"):
        _guarded(lambda unneeded, moment: orders.void(unneeded.pk, now=moment), order, now)
    for order in waiting.select_related("subscription"):
        # An upgrade began the counting anew: what was asked for the old count is not owed.
        if not order.renewal.startswith(f"{order.subscription.stretch}:"):
            _guarded(lambda unneeded, moment: orders.void(unneeded.pk, now=moment), order, now)


def _guarded(work: object, row: Subscription | Order, now: datetime) -> None:
    try:
        work(row, now)  # type: ignore[operator]
    except OffcutError:
        # One team's trouble must not keep the others waiting; the next round tries again.
        log.exception("renewal could not be done", row=f"{type(row).__name__} {row.pk}")
