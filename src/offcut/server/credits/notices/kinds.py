"""The kinds of notices."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class NoticeKind(models.TextChoices):
    PERIOD_THRESHOLD = "period_threshold", _("80 % of the period's credits are used")
    SUBSCRIPTION_USED_UP = "subscription_used_up", _("Subscription used up, pay-as-you-go begins")
    EVERYTHING_USED_UP = "everything_used_up", _("Everything is used up")
    RENEWED = "renewed", _("A new period has begun")
    ROLLOVER_CUT = "rollover_cut", _("The roll-over cap cut credits")
    LOT_EXPIRING = "lot_expiring", _("Credits end in 14 days")
    PAYMENT_FAILED = "payment_failed", _("A payment failed")


ALWAYS_SENT = frozenset({NoticeKind.PAYMENT_FAILED})
"""What nobody can switch off: it costs them their credits if they miss it."""
