"""Amounts in templates: `{{ lot.available|as_credits }}`."""

from __future__ import annotations

from django import template
from django.utils.formats import number_format

from offcut.server.credits.amounts import SCALE, credits_of

register = template.Library()


@register.filter
def as_credits(amount: int) -> str:
    """Write an amount (1/100 credit) as credits, in the reader's language."""
    return number_format(credits_of(amount), use_l10n=True)


@register.filter
def whole_credits(amount: int) -> int:
    """Return the number that decides between “credit” and “credits”: 1 for exactly one, else another."""
    return 1 if amount == SCALE else 2


@register.filter
def with_sign(amount: int) -> str:
    """Write a change of an amount with its sign; nothing for no change."""
    return "" if amount == 0 else f"{'+' if amount > 0 else '−'}{as_credits(abs(amount))}"
