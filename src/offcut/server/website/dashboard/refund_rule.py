"""The refund rule, point by point, with what is true of an order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from offcut.server.credits import rules
from offcut.server.payments.models import Order
from offcut.server.payments.refunds import facts


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the rule, in words, and whether the order meets it."""

    words: str
    is_met: bool


def refund_rule(order: Order, *, now: datetime) -> list[Point]:
    """Return the points of the rule for a paid order. A person decides, whatever they say."""
    known = facts(order, now=now)
    last_day = known.paid_at + timedelta(days=rules.REFUND_DAYS)
    day = date_format(timezone.localtime(last_day), "DATE_FORMAT")
    return [
        Point(
            _("Asked for within %(count)s days of the payment: until %(day)s.")
            % {"count": rules.REFUND_DAYS, "day": day},
            now <= last_day,
        ),
        Point(_("It is the first subscription of this team."), known.is_first_subscription),
        Point(
            _("Fewer than %(count)s images were processed: it is %(own)s.")
            % {"count": rules.REFUND_IMAGE_COUNT, "own": known.image_count},
            known.image_count < rules.REFUND_IMAGE_COUNT,
        ),
        Point(_("The team has had no refund before."), not known.was_refunded_before),
    ]
