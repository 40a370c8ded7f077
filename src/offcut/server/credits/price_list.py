"""The price list: what is on offer at a moment, with the terms that hold then."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from offcut.server.credits.models import PackTerms, PlanTerms

AnyTerms = TypeVar("AnyTerms", PlanTerms, PackTerms)


def plans_on_offer(now: datetime) -> list[PlanTerms]:
    """Return the terms of every plan on the price list that has a price, in the list's order."""
    rows = PlanTerms.objects.filter(plan__is_offered=True, starts_at__lte=now).select_related("plan")
    rows = rows.order_by("plan__position", "plan_id", "-starts_at", "-id")
    return _first_of_each(rows, "plan_id")


def packs_on_offer(now: datetime) -> list[PackTerms]:
    """Return the terms of every pack on the price list that has a price, in the list's order."""
    rows = PackTerms.objects.filter(pack__is_offered=True, starts_at__lte=now).select_related("pack")
    rows = rows.order_by("pack__position", "pack_id", "-starts_at", "-id")
    return _first_of_each(rows, "pack_id")


def _first_of_each(rows: Iterable[AnyTerms], offer: str) -> list[AnyTerms]:
    found: dict[int, AnyTerms] = {}
    for row in rows:
        found.setdefault(getattr(row, offer), row)
    return list(found.values())
