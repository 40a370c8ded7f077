"""The reader's own numbers, for articles about credits: what is left, and which way never to run out fits."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from offcut.errors import CreditError
from offcut.server.accounts.current_team import current_membership
from offcut.server.accounts.models import Membership
from offcut.server.accounts.roles import Deed, may
from offcut.server.credits.advice import Advice, Course, Way
from offcut.server.credits.history import advice_for
from offcut.server.credits.models import Pack, Plan
from offcut.server.credits.statement import balance
from offcut.server.website.help.amounts import credit_count, money
from offcut.server.website.help.wording import Words


def balance_context(request: HttpRequest, words: Words) -> dict[str, Any]:
    """Return what is left of each kind of credits; for a stranger the offer to sign in."""
    membership = current_membership(request)
    if membership is None:
        return _stranger(request, words)
    try:
        found = balance(membership.team_id, at=timezone.now())
    except CreditError:
        return {"sentence": words.say("no_account")}
    rows = [
        (words.say(f"source_{source}"), credit_count(amount, words))
        for source, amount in found.by_source.items()
        if amount
    ]
    previews = words.counted("preview", found.free_preview_count)
    return {
        "title": words.say("balance_title", team=membership.team.name),
        "sentence": words.say("balance", credits=credit_count(found.total, words), previews=previews),
        "rows": rows if len(rows) > 1 else [],
    }


def advice_context(request: HttpRequest, words: Words) -> dict[str, Any]:
    """Return the balance, and for those who look after the billing also the advice."""
    context = balance_context(request, words)
    membership = current_membership(request)
    if membership is None or "title" not in context:
        return context
    if not may(membership.role, Deed.MANAGE_BILLING):
        return {**context, "advice": words.say("advice_for_others")}
    return {**context, "advice": _advice(membership, words)}


def _stranger(request: HttpRequest, words: Words) -> dict[str, Any]:
    if request.user.is_authenticated:
        return {"sentence": words.say("no_account")}
    return {"sentence": words.say("stranger"), "sign_in": words.say("sign_in")}


def _advice(membership: Membership, words: Words) -> str:
    advice = advice_for(membership.team_id, now=timezone.now())
    if advice.way is Way.NOT_ENOUGH_HISTORY:
        return words.say("advice_not_enough_history")
    values = {
        "months": words.counted("month", advice.month_count),
        "used": credit_count(advice.used_amount, words),
    }
    if advice.best is None:
        return words.say("advice_nothing_on_offer", **values)
    values |= _course_values(advice.best, words)
    return words.say(f"advice_{_sentence(advice)}", **values) + _comparison(advice, words)


def _sentence(advice: Advice) -> str:
    """Which sentence: a pack as a backup to a plan is not the same as packs in place of one."""
    if advice.way is Way.PACK and advice.best is not None and advice.best.plan is None:
        return "packs_alone"
    return str(advice.way)


def _course_values(course: Course, words: Words) -> dict[str, str]:
    values = {"price": _price(course, course.price)}
    if course.plan is not None:
        values["plan"] = Plan.objects.get(pk=course.plan.plan_id).name
        values["monthly"] = credit_count(course.plan.monthly_amount, words)
    if course.pack is not None:
        values["pack"] = Pack.objects.get(pk=course.pack.pack_id).name
        values["count"] = words.counted("pack", course.pack_count)
    return values


def _comparison(advice: Advice, words: Words) -> str:
    if advice.now is None or advice.best is None or advice.saving <= 0:
        return ""
    return " " + words.say("advice_saving", saving=_price(advice.best, advice.saving))


def _price(course: Course, price: int) -> str:
    offer = (
        Plan.objects.get(pk=course.plan.plan_id)
        if course.plan is not None
        else Pack.objects.get(pk=course.pack.pack_id)  # type: ignore[union-attr]
    )
    return money(price, offer.terms_at(timezone.now()).currency)
