"""Moving a subscription along: begin, renew, upgrade, downgrade, cancel, resume, fall due, end.

This module is the only writer of subscriptions and their events, and sees no money: `server.payments`
calls it when something has been paid. Periods are months counted from the anchor (months.py); all
functions take `now` as an aware datetime and are one transaction each.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import structlog

from offcut.errors import CreditError, PlanChangeError, SubscriptionError
from offcut.server.credits import ledger, rules
from offcut.server.credits.models import (
    Account,
    Plan,
    PlanTerms,
    Subscription,
    SubscriptionEvent,
    SubscriptionState,
)
from offcut.server.credits.months import add_months, aware, period_at
from offcut.server.credits.notices import outbox
from offcut.server.credits.notices.kinds import NoticeKind
from offcut.server.credits.transactions import in_transaction

Result = TypeVar("Result")
log = structlog.get_logger(__name__)


def running(team_id: int) -> Subscription | None:
    """Return the team's subscription that has not ended, if it has one."""
    rows = Subscription.objects.select_related("terms__plan", "account__team")
    return rows.filter(account_id=team_id).exclude(state=SubscriptionState.ENDED).first()


def billing_end(subscription: Subscription) -> datetime:
    """Return when the time that is paid for ends: for a yearly plan the year's end, not the month's."""
    months = subscription.paid_months
    return add_months(subscription.anchor_at, months, ZoneInfo(subscription.time_zone))


def billing_start(subscription: Subscription) -> datetime:
    """Return when the payment that runs now began to count."""
    months = subscription.paid_months - subscription.terms.plan.billing_months
    return add_months(subscription.anchor_at, months, ZoneInfo(subscription.time_zone))


def subscribe(team_id: int, terms: PlanTerms, *, now: datetime, actor_id: int | None = None) -> Subscription:
    """Begin a paid subscription. Raises SubscriptionError when the team has one that runs."""

    def work() -> Subscription:
        account = _locked(team_id)
        before = running(team_id)
        if before is not None and advance(before.pk, now=now).state != SubscriptionState.ENDED:
            raise SubscriptionError("This team has a subscription already.", hint="Change its plan.")
        zone = account.team.time_zone
        start, end = period_at(now, 0, ZoneInfo(zone))
        subscription = Subscription.objects.create(
            account=account,
            terms=terms,
            time_zone=zone,
            started_at=start,
            anchor_at=start,
            period_start=start,
            period_end=end,
            paid_months=terms.plan.billing_months,
            state=SubscriptionState.ACTIVE,
        )
        _grant(subscription, cap=None, now=now)
        _write_down(subscription, "subscribed", now, actor_id, plan=terms.plan.name, terms=terms.pk)
        return subscription

    return in_transaction(work)


def renew(subscription_id: int, terms: PlanTerms, *, now: datetime) -> Subscription:
    """Take note that the next billing period is paid, with `terms`; begin it if its time has come.

    Raises SubscriptionError for a subscription that has ended or is cancelled, or whose next period is
    paid already.
    """

    def work(subscription: Subscription) -> None:
        if subscription.cancels_at_end:
            raise SubscriptionError("This subscription is cancelled.", hint="Resume it first.")
        if subscription.renewal_terms_id is not None:
            raise SubscriptionError("The next period is paid already.")
        subscription.renewal_terms = terms
        _write_down(subscription, "renewal_paid", now, None, plan=terms.plan.name, terms=terms.pk)
        _advance(subscription, now)

    return _change(subscription_id, now, work)


def upgrade(
    subscription_id: int, terms: PlanTerms, *, now: datetime, actor_id: int | None = None
) -> Subscription:
    """Move to a larger plan at once: a new period begins now, unused credits stay, the grant comes on top.

    Raises PlanChangeError when it is no upgrade, SubscriptionError when it has ended.
    """

    def work(subscription: Subscription) -> None:
        old = subscription.terms.facts
        if rules.plan_change(old, terms.facts) is not rules.Change.UPGRADE:
            raise PlanChangeError("A smaller plan begins at the next billing date.")
        subscription.terms, subscription.renewal_terms, subscription.next_plan = terms, None, None
        subscription.anchor_at, subscription.period_index = aware(now), 0
        subscription.stretch += 1
        subscription.paid_months = terms.plan.billing_months
        subscription.state, subscription.cancels_at_end = SubscriptionState.ACTIVE, False
        _set_period(subscription)
        _grant(subscription, cap=None, now=now)
        _write_down(subscription, "upgraded", now, actor_id, plan=terms.plan.name, before=old.plan_id)

    return _change(subscription_id, now, work)


def downgrade(
    subscription_id: int, plan: Plan, *, now: datetime, actor_id: int | None = None
) -> Subscription:
    """Choose a smaller plan for the next billing date; until then nothing changes.

    Raises PlanChangeError when it is no downgrade, SubscriptionError when it has ended, is cancelled, or
    its next period is paid already.
    """

    def work(subscription: Subscription) -> None:
        if (
            rules.plan_change(subscription.terms.facts, plan.terms_at(now).facts)
            is not rules.Change.DOWNGRADE
        ):
            raise PlanChangeError("A larger plan begins at once, and is paid first.")
        if subscription.cancels_at_end:
            raise SubscriptionError("This subscription is cancelled.", hint="Resume it first.")
        if subscription.renewal_terms_id is not None:
            raise SubscriptionError("The next period is paid already.")
        subscription.next_plan = plan
        _write_down(subscription, "downgrade_chosen", now, actor_id, plan=plan.name)

    return _change(subscription_id, now, work)


def cancel(subscription_id: int, *, now: datetime, actor_id: int | None = None) -> Subscription:
    """Let the subscription end with the time that is paid for. Its credits end then; packs stay.

    One that is past due ends at once. Raises SubscriptionError when it has ended, is cancelled, or its
    next period is paid already.
    """

    def work(subscription: Subscription) -> None:
        if subscription.cancels_at_end:
            raise SubscriptionError("This subscription is cancelled already.")
        if subscription.renewal_terms_id is not None:
            raise SubscriptionError("The next period is paid already.", hint="Cancel when it has begun.")
        subscription.cancels_at_end, subscription.next_plan = True, None
        _write_down(subscription, "cancelled", now, actor_id)
        if subscription.state == SubscriptionState.PAST_DUE:
            _end_at_once(subscription, now)
        else:
            _move_end(subscription, now)

    return _change(subscription_id, now, work)


def resume(subscription_id: int, *, now: datetime, actor_id: int | None = None) -> Subscription:
    """Take back a cancellation or a chosen downgrade before it happens.

    Raises SubscriptionError when it has ended or there is nothing to take back.
    """

    def work(subscription: Subscription) -> None:
        if not subscription.cancels_at_end and subscription.next_plan_id is None:
            raise SubscriptionError("This subscription is neither cancelled nor about to change.")
        subscription.cancels_at_end, subscription.next_plan = False, None
        _write_down(subscription, "resumed", now, actor_id)
        _move_end(subscription, now)

    return _change(subscription_id, now, work)


def end_now(subscription_id: int, *, reason: str, now: datetime, actor_id: int | None = None) -> Subscription:
    """End the subscription and its credits at once (a refund). Raises SubscriptionError when it has ended."""

    def work(subscription: Subscription) -> None:
        _write_down(subscription, "ended_by_operator", now, actor_id, reason=reason)
        _end_at_once(subscription, now)

    return _change(subscription_id, now, work)


def advance(subscription_id: int, *, now: datetime) -> Subscription:
    """Bring the subscription to `now`: begin months that are paid, fall due, end. Safe to repeat."""
    return _change(
        subscription_id, now, lambda subscription: _advance(subscription, now), may_have_ended=True
    )


def advance_due(now: datetime) -> int:
    """Advance every subscription whose month is over; return how many."""
    due = Subscription.objects.exclude(state=SubscriptionState.ENDED).filter(period_end__lte=now)
    subscription_ids = list(due.order_by("period_end", "id").values_list("id", flat=True))
    for subscription_id in subscription_ids:
        try:
            advance(subscription_id, now=now)
        except CreditError:
            # One account that cannot be written must not keep the others waiting.
            log.exception("subscription could not be advanced", subscription=subscription_id)
    return len(subscription_ids)


def _change(
    subscription_id: int,
    now: datetime,
    work: Callable[[Subscription], None],
    *,
    may_have_ended: bool = False,
) -> Subscription:
    def transaction() -> Subscription:
        account_id = (
            Subscription.objects.filter(pk=subscription_id).values_list("account_id", flat=True).first()
        )
        if account_id is None:
            raise SubscriptionError(f"There is no subscription {subscription_id}.")
        _locked(account_id)
        rows = Subscription.objects.select_related("terms__plan", "renewal_terms__plan", "account__team")
        subscription = rows.get(pk=subscription_id)
        # What was due before is done first, so that no change meets a state that time has passed.
        if subscription.state != SubscriptionState.ENDED:
            _advance(subscription, now)
        if subscription.state == SubscriptionState.ENDED and not may_have_ended:
            raise SubscriptionError("This subscription has ended.", hint="Subscribe anew.")
        if subscription.state != SubscriptionState.ENDED:
            work(subscription)
        subscription.save()
        return subscription

    return in_transaction(transaction)


def _locked(team_id: int) -> Account:
    account = (
        Account.objects.select_for_update(of=("self",)).select_related("team").filter(pk=team_id).first()
    )
    if account is None:
        raise CreditError(f"Team {team_id} has no account.")
    return account


def _advance(subscription: Subscription, now: datetime) -> None:
    while subscription.state != SubscriptionState.ENDED and now >= subscription.period_end:
        if subscription.period_index + 1 < subscription.paid_months:
            _next_month(subscription, now)
        elif subscription.renewal_terms is not None:
            _next_billing(subscription, subscription.renewal_terms, now)
        elif subscription.cancels_at_end:
            _end(subscription, subscription.period_end)
        elif now >= subscription.period_end + subscription.terms.facts.grace:
            _end(subscription, subscription.period_end + subscription.terms.facts.grace)
        elif subscription.state == SubscriptionState.ACTIVE:
            _fall_due(subscription, now)
        else:
            return


def _fall_due(subscription: Subscription, now: datetime) -> None:
    subscription.state = SubscriptionState.PAST_DUE
    _write_down(subscription, "past_due", now, None)
    plan = subscription.next_plan or subscription.terms.plan
    terms = plan.terms_at(subscription.period_end)
    outbox.write(
        subscription.account_id,
        NoticeKind.PAYMENT_FAILED,
        f"subscription:{subscription.pk}:{subscription.stretch}:{subscription.paid_months}",
        now,
        plan=plan.name,
        price=f"{terms.price / 100:.2f} {terms.currency}",
        ends_at=subscription.period_end + subscription.terms.facts.grace,
    )


def _next_billing(subscription: Subscription, terms: PlanTerms, now: datetime) -> None:
    subscription.terms, subscription.renewal_terms, subscription.next_plan = terms, None, None
    subscription.paid_months += terms.plan.billing_months
    subscription.state = SubscriptionState.ACTIVE
    _next_month(subscription, now)


def _next_month(subscription: Subscription, now: datetime) -> None:
    subscription.period_index += 1
    _set_period(subscription)
    _grant(subscription, cap=subscription.terms.facts.rollover_cap, now=now)
    _write_down(subscription, "period_begun", now, None, index=subscription.period_index)


def _set_period(subscription: Subscription) -> None:
    zone = ZoneInfo(subscription.time_zone)
    start, end = period_at(subscription.anchor_at, subscription.period_index, zone)
    subscription.period_start, subscription.period_end = start, end


def _grant(subscription: Subscription, *, cap: int | None, now: datetime) -> None:
    reference = f"subscription:{subscription.pk}:{subscription.stretch}:{subscription.period_index}"
    began = ledger.begin_period(
        subscription.account_id,
        reference,
        subscription.terms.monthly_amount,
        boundary=subscription.period_start,
        ends_at=_credits_end(subscription),
        cap=cap,
        now=now,
    )
    if began is None or cap is None:
        return
    amounts = {"granted_amount": began.granted, "kept_amount": began.kept}
    tell = (subscription.account_id, NoticeKind.RENEWED, reference, now)
    outbox.write(*tell, **amounts, ends_at=subscription.period_end)
    if began.cut and cap:
        tell = (subscription.account_id, NoticeKind.ROLLOVER_CUT, reference, now)
        outbox.write(*tell, cut_amount=began.cut, kept_amount=began.kept)


def _credits_end(subscription: Subscription) -> datetime:
    is_last_month = subscription.period_index + 1 >= subscription.paid_months
    return rules.period_lot_end(
        subscription.period_end,
        subscription.terms.facts.grace,
        ends_with_period=subscription.cancels_at_end and is_last_month,
    )


def _move_end(subscription: Subscription, now: datetime) -> None:
    ledger.move_subscription_end(subscription.account_id, _credits_end(subscription), now=now)


def _end_at_once(subscription: Subscription, now: datetime) -> None:
    ledger.move_subscription_end(subscription.account_id, now, now=now)
    _end(subscription, now)


def _end(subscription: Subscription, ended_at: datetime) -> None:
    subscription.state, subscription.ended_at = SubscriptionState.ENDED, ended_at
    subscription.next_plan = subscription.renewal_terms = None
    _write_down(subscription, "ended", ended_at, None)


def _write_down(
    subscription: Subscription, deed: str, at: datetime, actor_id: int | None, **detail: Any
) -> None:
    SubscriptionEvent.objects.create(
        subscription=subscription, at=at, deed=deed, detail=detail, actor_id=actor_id
    )
