"""Delivering notices: to whom, in which order, how often, and when to give up.

A worker claims a delivery by moving its `due_at`: of two workers one row is changed by one of them. One
that dies after claiming leaves the row to be due again, so a mail is sent at least once; its Message-ID is
always the same, so that a mail program can show it once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from smtplib import SMTPException

from django.core.mail import get_connection
from django.db import transaction

from offcut.server.accounts.models import Membership
from offcut.server.accounts.roles import Deed, may
from offcut.server.credits.notices.mail import mail_of
from offcut.server.credits.notices.models import Delivery, DeliveryState, Notice, Switch

CLAIM = timedelta(minutes=5)
"""For how long a claimed delivery is left alone. Longer than a mail server may take to answer."""
WAITS = [timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480, 1440)]
"""How long to wait after each failed attempt. After the last one the delivery is given up."""


def deliver_due(now: datetime, *, limit: int = 200) -> int:
    """Address new notices and send what is due; return how many mails were sent."""
    address_new(now)
    due = Delivery.objects.filter(state=DeliveryState.WAITING, due_at__lte=now).order_by("due_at", "id")
    return sum(_deliver(delivery, now) for delivery in due[:limit])


def address_new(now: datetime) -> None:
    """Make a delivery of each new notice for everybody who looks after the team's billing."""
    for notice in Notice.objects.filter(addressed_at=None).order_by("id"):
        with transaction.atomic():
            if Notice.objects.filter(pk=notice.pk, addressed_at=None).update(addressed_at=now):
                Delivery.objects.bulk_create(_deliveries(notice, now), ignore_conflicts=True)


def _deliveries(notice: Notice, now: datetime) -> list[Delivery]:
    members = Membership.objects.filter(team_id=notice.team_id, person__is_active=True)
    recipients = [member.person_id for member in members if may(member.role, Deed.MANAGE_BILLING)]
    off = set(
        Switch.objects.filter(kind=notice.kind, person__in=recipients).values_list("person_id", flat=True)
    )
    return [
        Delivery(
            notice=notice,
            person_id=person_id,
            due_at=now,
            state=DeliveryState.SWITCHED_OFF if person_id in off else DeliveryState.WAITING,
        )
        for person_id in recipients
    ]


def _deliver(delivery: Delivery, now: datetime) -> bool:
    claimed = Delivery.objects.filter(
        pk=delivery.pk, state=DeliveryState.WAITING, due_at=delivery.due_at
    ).update(due_at=now + CLAIM, attempts=delivery.attempts + 1)
    if not claimed:
        return False
    delivery.attempts += 1
    try:
        with get_connection() as connection:
            connection.send_messages([mail_of(delivery)])
    except (SMTPException, OSError) as problem:
        _put_off(delivery, now, problem)
        return False
    Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.SENT, sent_at=now, problem="")
    return True


def _put_off(delivery: Delivery, now: datetime, problem: Exception) -> None:
    # What a mail server says may name addresses, so the row keeps it and the log does not.
    words = f"{type(problem).__name__}: {problem}"[:300]
    if delivery.attempts > len(WAITS):
        Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.GIVEN_UP, problem=words)
    else:
        Delivery.objects.filter(pk=delivery.pk).update(
            due_at=now + WAITS[delivery.attempts - 1], problem=words
        )
