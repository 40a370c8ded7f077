"""Invoices: numbered without gaps, kept as they were issued, printed as PDF."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Max

from offcut.server.credits.amounts import credits_of
from offcut.server.credits.months import aware
from offcut.server.payments.models import Buyer, Invoice, Order, Seller
from offcut.server.payments.sellers import buyer, is_reverse_charge, seller


def issue(order: Order, *, now: datetime, is_credit_note: bool = False) -> Invoice:
    """Issue the invoice of an order, or the credit note that takes it back, in the caller's transaction."""
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
        seller=_party(selling) | {"tax_name": selling.tax_name},
        buyer=_party(buying) | {"name": buying.name or order.team.name},
        lines=[{**line, "price": sign * line["price"]} for line in _lines(order)],
        net=sign * order.net,
        tax_rate=order.tax_rate,
        tax=sign * order.tax,
        total=sign * order.total,
        currency=order.currency,
        note=selling.reverse_charge_note if is_reverse_charge(selling, buying) else "",
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
        amount = f"{credits_of(order.plan_terms.monthly_amount)} × {months}"
    else:
        amount = str(credits_of(order.pack_terms.amount))
    lines = [{"title": order.title, "credits": amount, "price": order.list_price}]
    if order.deducted:
        lines.append({"title": "Deducted", "credits": "", "price": -order.deducted})
    return lines
