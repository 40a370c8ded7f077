"""Numbers as an article writes them."""

from __future__ import annotations

from decimal import Decimal

from django.utils.formats import number_format

from offcut.server.credits.amounts import credits_of
from offcut.server.website.help.wording import Words


def credit_count(amount: int, words: Words) -> str:
    """Write 1/100 credits with their unit: 25 becomes "0.25 credits"."""
    return words.counted("credit", credits_of(amount))


def megapixels(pixels: int, words: Words) -> str:
    """Write pixels as megapixels: 250 000 becomes "0.25 megapixels"."""
    return words.counted("megapixel", Decimal(pixels).scaleb(-6).normalize() + 0)


def money(price: int, currency: str) -> str:
    """Write 1/100 of money: 900, "USD" becomes "9.00 USD", or "9,00 USD" where that is how it is written."""
    return f"{number_format(Decimal(price) / 100, 2, use_l10n=True, force_grouping=True)}\u00a0{currency}"
