"""Invoices: numbered without gaps, in the buyer's language, kept as they were issued, printed as PDF."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from offcut.server.accounts.models import Person
from offcut.server.credits.amounts import credits_of
from offcut.server.credits.months import aware
from offcut.server.payments.models import Buyer, Invoice, Order, Seller
from offcut.server.payments.sellers import buyer, is_reverse_charge, reverse_charge_note, seller, tax_name


def issue(order: Order, *, now: datetime, is_credit_note: bool = False) -> Invoice:
    """Issue the invoice of an order, or the credit note that takes it back, in the caller's transaction.

    An invoice speaks the language of whoever ordered, a credit note that of the invoice it takes back.
    """
    taken_back = order.invoices.filter(is_credit_note=False).first() if is_credit_note else None
    language = taken_back.language if taken_back is not None else _language(order)
    # The page on which an order is paid may be the operator's, in another language.
    with translation.override(spoken(language)):
        return _write(order, language, now, is_credit_note)


def spoken(language: str) -> str:
    """Return the language to print in: English when the website no longer speaks the one of the invoice."""
    return language if language in dict(settings.LANGUAGES) else "en"


def _language(order: Order) -> str:
    chosen = Person.objects.filter(pk=_orderer_id(order)).values_list("language", flat=True).first()
    return chosen if chosen and chosen in dict(settings.LANGUAGES) else str(settings.LANGUAGE_CODE)


def _orderer_id(order: Order) -> int | None:
    """A renewal is ordered by nobody: there it is the person who ordered the subscription."""
    if order.actor_id is not None or order.subscription_id is None:
        return order.actor_id
    chosen = Order.objects.filter(subscription=order.subscription_id).exclude(actor_id=None)
    return chosen.order_by("-id").values_list("actor_id", flat=True).first()


def _write(order: Order, language: str, now: datetime, is_credit_note: bool) -> Invoice:
    selling, buying = _numbering_seller(), buyer(order.team)
    year = aware(now).year
    last = Invoice.objects.filter(year=year).aggregate(last=Max("serial"))["last"] or 0
    sign = -1 if is_credit_note else 1
    return Invoice.objects.create(
        order=order,
        is_credit_note=is_credit_note,
        year=year,
        serial=last + 1,
        issued_at=aware(now),
        language=language,
        seller=_party(selling) | {"tax_name": tax_name(selling)},
        buyer=_party(buying) | {"name": buying.name or order.team.name},
        lines=[{**line, "price": sign * line["price"]} for line in _lines(order)],
        net=sign * order.net,
        tax_rate=order.tax_rate,
        tax=sign * order.tax,
        total=sign * order.total,
        currency=order.currency,
        note=reverse_charge_note(selling) if is_reverse_charge(selling, buying) else "",
    )


def _numbering_seller() -> Seller:
    # Whoever issues waits for this row, so that numbers have no gap and no twin.
    seller()
    return Seller.objects.select_for_update().get(pk=1)


def _party(party: Seller | Buyer) -> dict[str, Any]:
    return {
        "name": party.name,
        "address": party.address,
        "country": party.country,
        "tax_number": party.tax_number,
    }


def _lines(order: Order) -> list[dict[str, Any]]:
    if order.plan_terms is not None:
        months = order.plan_terms.plan.billing_months
        amount = f"{number_format(credits_of(order.plan_terms.monthly_amount))} × {months}"
    else:
        amount = number_format(credits_of(order.pack_terms.amount))
    lines = [{"title": order.title, "credits": amount, "price": order.list_price}]
    if order.deducted:
        lines.append({"title": _("Deducted"), "credits": "", "price": -order.deducted})
    return lines
