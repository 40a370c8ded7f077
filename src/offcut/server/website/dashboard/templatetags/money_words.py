"""Money in templates: `{{ order.total|as_money:order.currency }}`."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.utils.formats import number_format

register = template.Library()


@register.filter
def as_money(amount: int, currency: str) -> str:
    """Write 1/100 of money in the reader's language: 123456, "USD" becomes "1,234.56 USD"."""
    number = number_format(Decimal(abs(amount)) / 100, decimal_pos=2, use_l10n=True, force_grouping=True)
    # A no-break space keeps number and currency in one line.
    return f"{'−' if amount < 0 else ''}{number}\N{NO-BREAK SPACE}{currency}"


@register.filter
def as_percent(rate: int) -> str:
    """Write 1/100 percent as percent: 1900 becomes "19", 550 becomes "5.5" or "5,5"."""
    return str(number_format(f"{rate / 100:g}", use_l10n=True))
