"""Refunds: asked for, checked against the rule, decided by a person."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from offcut.errors import RefundError
from offcut.server.accounts.audit import write_down
from offcut.server.accounts.models import Person
from offcut.server.credits import ledger, rules, subscriptions
from offcut.server.credits.models import Hold, HoldState, Kind, Lot, Subscription
from offcut.server.credits.months import aware
from offcut.server.credits.transactions import in_transaction
from offcut.server.payments import invoices
from offcut.server.payments.gateway import Outcome, gateway
from offcut.server.payments.models import Order, OrderKind, OrderState, RefundRequest, RefundState


def ask(order: Order, *, by: Person | None, words: str = "", now: datetime) -> RefundRequest:
    """Ask for a refund of a paid order. The rule's objections are written down with it.

    Raises RefundError when the order is not paid or a request waits already.
    """
    if order.state != OrderState.PAID:
        raise RefundError("Only a paid order can be refunded.")
    try:
        with transaction.atomic():
            return RefundRequest.objects.create(
                order=order,
                asked_at=aware(now),
                asked_by_id=by.pk if by else None,
                words=words,
                objections=objections(order, now=now),
                decide_by=aware(now) + timedelta(days=rules.REFUND_DECISION_DAYS),
            )
    except IntegrityError:
        raise RefundError("A refund of this order is being decided already.") from None


def objections(order: Order, *, now: datetime) -> list[str]:
    """Return what speaks against a refund by the rule; empty when nothing does."""
    return rules.refund_objections(facts(order, now=now))


def facts(order: Order, *, now: datetime) -> rules.RefundFacts:
    """Return what the refund rule asks about a paid order."""
    assert order.paid_at is not None
    first = Subscription.objects.filter(account_id=order.team_id).order_by("id").first()
    is_first = order.kind == OrderKind.SUBSCRIBE and first is not None and order.subscription_id == first.pk
    return rules.RefundFacts(
        paid_at=order.paid_at,
        asked_at=aware(now),
        is_first_subscription=is_first,
        image_count=Hold.objects.filter(account_id=order.team_id, state=HoldState.CAPTURED).count(),
        was_refunded_before=RefundRequest.objects.filter(
            order__team_id=order.team_id, state=RefundState.GRANTED
        ).exists(),
    )


def refuse(request_id: int, *, reason: str, by: Person | None, now: datetime) -> RefundRequest:
    """Refuse a refund. Raises RefundError without a reason, or when it is decided already."""

    def work() -> RefundRequest:
        request = _waiting(request_id, reason)
        return _decide(request, RefundState.REFUSED, reason, by, now)

    return in_transaction(work)


def grant(request_id: int, *, reason: str, by: Person | None, now: datetime) -> RefundRequest:
    """Grant a refund: the money goes back, the credits end, a credit note is issued.

    A person may grant what the rule speaks against; the reason is kept. A waiting request is decided and
    everything is done in one transaction, after the gateway has given the money back: a gateway's refund
    may be repeated for the same order, so a crash in between is put right by granting again.
    Raises RefundError without a reason, when decided already, or when the gateway does not give it back.
    """
    request = RefundRequest.objects.select_related("order").get(pk=request_id)
    _refuse_undecidable(request, reason)
    if gateway(request.order.gateway).refund(request.order) is Outcome.FAILED:
        raise RefundError("The payment provider did not give the money back.")

    def work() -> RefundRequest:
        waiting = _waiting(request_id, reason)
        order = Order.objects.select_for_update(of=("self",)).get(pk=waiting.order_id)
        order.state = OrderState.REFUNDED
        order.save(update_fields=["state"])
        _take_back(order, reason, by, now)
        if order.list_price:
            invoices.issue(order, now=now, is_credit_note=True)
        return _decide(waiting, RefundState.GRANTED, reason, by, now)

    return in_transaction(work)


def _waiting(request_id: int, reason: str) -> RefundRequest:
    request = RefundRequest.objects.select_for_update().get(pk=request_id)
    _refuse_undecidable(request, reason)
    return request


def _refuse_undecidable(request: RefundRequest, reason: str) -> None:
    if not reason.strip():
        raise RefundError("A decision needs a reason.")
    if request.state != RefundState.WAITING:
        raise RefundError("This request is decided already.")


def _decide(
    request: RefundRequest, state: RefundState, reason: str, by: Person | None, now: datetime
) -> RefundRequest:
    request.state, request.decided_at, request.decision = state, aware(now), reason
    request.decided_by_id = by.pk if by else None
    request.save()
    write_down(
        f"refund.{state}", by=by, team=request.order.team, subject=f"order {request.order_id}", reason=reason
    )
    return request


def _take_back(order: Order, reason: str, by: Person | None, now: datetime) -> None:
    actor_id = by.pk if by else None
    if order.kind == OrderKind.PACK:
        lot = Lot.objects.get(account_id=order.team_id, reference=f"order:{order.pk}")
        if lot.available:
            granted = lot.entries.get(kind=Kind.GRANT)
            ledger.correct(granted.pk, -lot.available, reason=reason, actor_id=actor_id, now=now)
        return
    running = subscriptions.running(order.team_id)
    if running is not None and running.pk == order.subscription_id:
        subscriptions.end_now(running.pk, reason=reason, now=now, actor_id=actor_id)
