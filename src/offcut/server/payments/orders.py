"""Orders: made, paid, void. What is paid for is delivered in the transaction that marks it as paid."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from offcut.errors import OrderStateError, PaymentError, PlanChangeError
from offcut.server.accounts.models import Team
from offcut.server.credits import ledger, rules, subscriptions
from offcut.server.credits.models import Pack, Plan, PlanTerms, Subscription, SubscriptionState
from offcut.server.credits.months import add_months, aware
from offcut.server.credits.rules import Source
from offcut.server.credits.transactions import in_transaction
from offcut.server.credits.zones import zone_of
from offcut.server.payments import invoices
from offcut.server.payments.gateway import gateway
from offcut.server.payments.models import Order, OrderKind, OrderState, Owed
from offcut.server.payments.quotes import quote, unused_part

DUE = timedelta(days=14)
"""How long a buyer has to pay an order that is not a renewal."""


def choose_plan(team: Team, plan: Plan, *, now: datetime, actor_id: int | None = None) -> Order | None:
    """Move a team to a plan: a first subscription and an upgrade are ordered, a downgrade waits for its date.

    Returns the order to be paid, or None for a downgrade, which costs nothing now. Orders for other plans
    that were not paid become void.
    Raises PlanError when the plan is not offered, PlanChangeError when the team has it, SubscriptionError.
    """
    if not plan.is_offered:
        raise PlanChangeError(f"{plan.name} is not on the price list.")
    terms = plan.terms_at(now)

    def work() -> Order | None:
        running = _advanced(team.pk, now)
        if running is None:
            _void_others(team, now)
            return _make(team, OrderKind.SUBSCRIBE, now, actor_id, plan_terms=terms)
        if rules.plan_change(running.terms.facts, terms.facts) is rules.Change.DOWNGRADE:
            subscriptions.downgrade(running.pk, plan, now=now, actor_id=actor_id)
            return None
        _void_others(team, now)
        extra = {"plan_terms": terms, "subscription": running, "unused": unused_part(running, now)}
        return _make(team, OrderKind.UPGRADE, now, actor_id, **extra)

    return in_transaction(work)


def order_pack(team: Team, pack: Pack, *, now: datetime, actor_id: int | None = None) -> Order:
    """Order a pack. Raises PlanError when it has no price, PaymentError when it is not offered."""
    if not pack.is_offered:
        raise PaymentError(f"{pack.name} is not on the price list.")
    terms = pack.terms_at(now)
    return in_transaction(lambda: _make(team, OrderKind.PACK, now, actor_id, pack_terms=terms))


def order_renewal(
    subscription: Subscription, terms: PlanTerms, key: str, due_at: datetime, now: datetime
) -> Order:
    """Order the next billing period of a subscription; `key` is the same for the same billing date."""

    def work() -> Order:
        found = Order.objects.filter(subscription=subscription, kind=OrderKind.RENEW, renewal=key)
        waiting = found.exclude(state=OrderState.VOID).first()
        if waiting is not None and (
            waiting.state != OrderState.OPEN or waiting.plan_terms.plan == terms.plan
        ):
            return waiting
        if waiting is not None:
            void(waiting.pk, now=now)
        team = subscription.account.team
        extra = {"plan_terms": terms, "subscription": subscription, "renewal": key, "due_at": due_at}
        return _make(team, OrderKind.RENEW, now, None, **extra)

    return in_transaction(work)


def mark_paid(order_id: int, *, now: datetime, reference: str = "", actor_id: int | None = None) -> Order:
    """Take note that an order is paid, deliver what it is for, and issue the invoice: all or nothing.

    Safe to repeat with the same `reference`: a gateway may report twice.
    Raises OrderStateError for an order that is void, refunded or paid under another reference, and what
    stands in the way of delivering (SubscriptionError).
    """

    def work() -> Order:
        order = _locked(order_id)
        if order.state == OrderState.PAID and order.gateway_reference == reference:
            return order
        if order.state != OrderState.OPEN:
            raise OrderStateError(f"Order {order_id} is {order.get_state_display().lower()}.")
        order.state, order.paid_at, order.gateway_reference = OrderState.PAID, aware(now), reference
        _deliver(order, now, actor_id)
        left = order.unused - min(order.unused, order.deducted)
        if left:
            _owe(order, left, now, "unused part of the old period")
        order.save()
        if order.list_price:
            invoices.issue(order, now=now)
        return order

    return in_transaction(work)


def void(order_id: int, *, now: datetime) -> Order:
    """Take an order back that was not paid. Raises OrderStateError for any other."""

    def work() -> Order:
        order = _locked(order_id)
        if order.state != OrderState.OPEN:
            raise OrderStateError(f"Order {order_id} is {order.get_state_display().lower()}.")
        from_owed = order.deducted - min(order.unused, order.deducted)
        if from_owed:
            _owe(order, from_owed, now, "order void")
        order.state = OrderState.VOID
        order.save()
        return order

    return in_transaction(work)


def _advanced(team_id: int, now: datetime) -> Subscription | None:
    running = subscriptions.running(team_id)
    if running is None:
        return None
    advanced = subscriptions.advance(running.pk, now=now)
    return None if advanced.state == SubscriptionState.ENDED else advanced


def _make(team: Team, kind: OrderKind, now: datetime, actor_id: int | None, **fields: Any) -> Order:
    terms = fields.get("plan_terms") or fields["pack_terms"]
    priced = quote(team, terms, unused=fields.pop("unused", 0))
    from_owed = priced.from_owed
    order = Order.objects.create(
        team=team,
        kind=kind,
        list_price=priced.list_price,
        unused=priced.unused,
        deducted=priced.deducted,
        tax_rate=priced.tax_rate,
        tax=priced.tax,
        total=priced.total,
        currency=priced.currency,
        gateway=gateway().name,
        made_at=aware(now),
        actor_id=actor_id,
        **{"due_at": aware(now) + DUE, **fields},
    )
    if from_owed:
        _owe(order, -from_owed, now, "used for an order")
    if order.total == 0 and kind is not OrderKind.RENEW:
        return mark_paid(order.pk, now=now, reference="nothing to pay", actor_id=actor_id)
    return order


def _deliver(order: Order, now: datetime, actor_id: int | None) -> None:
    if order.kind == OrderKind.PACK:
        _deliver_pack(order, now)
    elif order.kind == OrderKind.RENEW:
        subscriptions.renew(order.subscription.pk, order.plan_terms, now=now)
    else:
        running = _advanced(order.team_id, now)
        if running is None:
            made = subscriptions.subscribe(order.team_id, order.plan_terms, now=now, actor_id=actor_id)
            order.subscription = made
        else:
            subscriptions.upgrade(running.pk, order.plan_terms, now=now, actor_id=actor_id)
            order.subscription = running


def _deliver_pack(order: Order, now: datetime) -> None:
    terms = order.pack_terms
    months = terms.validity_months
    expires_at = None if months is None else add_months(now, months, zone_of(order.team))
    ledger.grant(
        order.team_id,
        f"order:{order.pk}",
        Source.PAY_AS_YOU_GO,
        terms.amount,
        now=now,
        expires_at=expires_at,
    )


def _void_others(team: Team, now: datetime) -> None:
    """An order for another plan that was left lying must not be paid by mistake later."""
    kinds = (OrderKind.SUBSCRIBE, OrderKind.UPGRADE)
    for order_id in Order.objects.filter(team=team, state=OrderState.OPEN, kind__in=kinds).values_list(
        "id", flat=True
    ):
        void(order_id, now=now)


def _owe(order: Order, amount: int, now: datetime, reason: str) -> None:
    Owed.objects.create(
        team=order.team, order=order, at=aware(now), amount=amount, currency=order.currency, reason=reason
    )


def _locked(order_id: int) -> Order:
    rows = Order.objects.select_for_update(of=("self",)).select_related(
        "team", "plan_terms__plan", "pack_terms__pack", "subscription"
    )
    order = rows.filter(pk=order_id).first()
    if order is None:
        raise OrderStateError(f"There is no order {order_id}.")
    return order
