"""Plans and packs on the price list, as tables in an article."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from offcut.server.credits.models import Pack, PackTerms, Plan, PlanTerms
from offcut.server.website.help.amounts import credit_count, money
from offcut.server.website.help.wording import Words


def context(_request: HttpRequest, words: Words) -> dict[str, Any]:
    """Return the tables; a sentence where nothing is on the list."""
    now = timezone.now()
    plans = [_plan_row(terms, words) for terms in _offered(Plan, now)]
    packs = [_pack_row(terms, words) for terms in _offered(Pack, now)]
    tables = [
        table(("plan", "credits_a_month", "price", "carries_over"), plans, words),
        table(("pack", "credits", "price", "valid"), packs, words),
    ]
    return {
        "sentence": "" if plans or packs else words.say("no_price_list"),
        "tables": [one for one in tables if one["rows"]],
    }


def table(head: Sequence[str], rows: Sequence[Sequence[str]], words: Words) -> dict[str, Any]:
    """Return a table for `help/live/table.html`: each cell with its column's name. `head` names words."""
    names = [words.say(name) for name in head]
    return {"head": names, "rows": [list(zip(names, row, strict=True)) for row in rows]}


def _offered(kind: type[Plan | Pack], now: Any) -> list[Any]:
    offers = kind.objects.filter(is_offered=True, terms__starts_at__lte=now).distinct()
    return [offer.terms_at(now) for offer in offers]


def _plan_row(terms: PlanTerms, words: Words) -> list[str]:
    every = "price_a_year" if terms.plan.billing_months == 12 else "price_a_month"
    cap = terms.facts.rollover_cap
    return [
        terms.plan.name,
        credit_count(terms.monthly_amount, words),
        words.say(every, price=money(terms.price, terms.currency)),
        words.say("at_most_credits", credits=credit_count(cap, words)) if cap else words.say("nothing"),
    ]


def _pack_row(terms: PackTerms, words: Words) -> list[str]:
    months = terms.validity_months
    return [
        terms.pack.name,
        credit_count(terms.amount, words),
        money(terms.price, terms.currency),
        words.say("for_ever") if months is None else words.counted("month", months),
    ]
