"""What every team gets without paying, and how long a hold lasts: the owner's settings, as amounts."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from offcut.server.credits.rules import PREVIEW_AMOUNT


def gift_amount() -> int:
    """The gift to a new team, in 1/100 credit. 0: none."""
    return int(settings.GIFT_CREDITS) * 100


def free_preview_amount() -> int:
    """What the free API previews of one month are worth, in 1/100 credit. 0: none."""
    return int(settings.FREE_PREVIEWS) * PREVIEW_AMOUNT


def hold_lifetime() -> timedelta:
    """How long a hold waits for its result."""
    return timedelta(seconds=int(settings.HOLD_S))
