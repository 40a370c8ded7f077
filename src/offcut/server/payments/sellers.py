"""Who sells, who buys, and the tax between them."""

from __future__ import annotations

from django.utils.translation import gettext

from offcut.server.accounts.models import Team
from offcut.server.payments.models import REVERSE_CHARGE, TAX_NAME, Buyer, Seller

RATE_SCALE = 10_000
"""A tax rate of 10 000 is 100 %."""


def seller() -> Seller:
    """Return the one row that says who sells."""
    return Seller.objects.get_or_create(pk=1)[0]


def buyer(team: Team) -> Buyer:
    """Return what the team wants on its invoices; the team's name where it has said nothing."""
    return Buyer.objects.filter(team=team).first() or Buyer(team=team, name=team.name)


def tax_rate_for(team: Team) -> int:
    """Return the tax rate for a team, in 1/100 percent.

    A business in another country (it has a tax number) owes the tax itself: reverse charge. Whether that
    is right for the owner's country is the owner's to know; the note on the invoice is theirs to word.
    """
    return 0 if is_reverse_charge(seller(), buyer(team)) else seller().tax_rate


def is_reverse_charge(selling: Seller, buying: Buyer) -> bool:
    """Say whether the buyer is a business in another country than the seller."""
    return bool(buying.tax_number and selling.country and buying.country not in ("", selling.country))


def tax_name(selling: Seller) -> str:
    """Return what the tax is called: our word in the active language, until the owner writes another."""
    return gettext(TAX_NAME) if selling.tax_name == TAX_NAME else selling.tax_name


def reverse_charge_note(selling: Seller) -> str:
    """Return the note for businesses abroad: ours in the active language, until the owner writes another."""
    note = selling.reverse_charge_note
    return gettext(REVERSE_CHARGE) if note == REVERSE_CHARGE else note


def tax_on(net: int, rate: int) -> int:
    """Return the tax on `net` (1/100 of money), rounded half up."""
    return (net * rate + RATE_SCALE // 2) // RATE_SCALE
