"""The first page: what there is, what is used, what comes next, and how never to run out."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language

from offcut.server.accounts.models import Membership, Person
from offcut.server.accounts.roles import Deed, Role, may
from offcut.server.credits import allowances
from offcut.server.credits.advice import Way
from offcut.server.credits.history import advice_for
from offcut.server.credits.notices import outbox
from offcut.server.credits.notices.mail import told
from offcut.server.credits.price_list import packs_on_offer, plans_on_offer
from offcut.server.credits.rules import PREVIEW_AMOUNT, Source
from offcut.server.website.dashboard.access import area_page
from offcut.server.website.dashboard.ledger_words import latest_uses
from offcut.server.website.dashboard.standing import Standing, standing

USE_COUNT = 8
NOTICE_COUNT = 3


@area_page
def overview(request: HttpRequest, own: Membership) -> HttpResponse:
    """Balance, period, latest images, advice; and what the team has not been shown yet."""
    now = timezone.now()
    own_standing = standing(own.team, now=now)
    context = {
        "own": own,
        "standing": own_standing,
        "free_preview_count": allowances.free_preview_amount() // PREVIEW_AMOUNT,
        **_notices(request, own),
        "uses": latest_uses(own.team, USE_COUNT),
        "may_pay": may(own.role, Deed.MANAGE_BILLING),
        "payers": _payers(own),
        **_advice(own, own_standing, now),
    }
    return render(request, "dashboard/overview.html", context)


def _notices(request: HttpRequest, own: Membership) -> dict[str, object]:
    """The newest of what the person has not been shown, and how many there are."""
    person = Person.objects.get(pk=request.user.pk)
    unshown = outbox.unshown(person, own.team_id)
    found = []
    for notice in reversed(unshown[-NOTICE_COUNT:]):
        notice.team = own.team
        subject, paragraphs = told(notice, get_language() or "en")
        found.append({"id": notice.pk, "subject": subject, "paragraphs": paragraphs, "kind": notice.kind})
    return {"notices": found, "notice_count": len(unshown)}


def _payers(own: Membership) -> list[str]:
    """Whom to ask: those who look after billing, for members who do not."""
    if may(own.role, Deed.MANAGE_BILLING):
        return []
    payers = own.team.memberships.filter(role__in=(Role.OWNER, Role.ADMIN)).select_related("person")
    return [str(member.person) for member in payers.order_by("id")]


def _advice(own: Membership, own_standing: Standing, now: object) -> dict[str, object]:
    """The advice, and the three ways in the team's own numbers."""
    advice = advice_for(own.team_id, now=now)  # type: ignore[arg-type]
    plans = plans_on_offer(now)  # type: ignore[arg-type]
    packs = packs_on_offer(now)  # type: ignore[arg-type]
    running = own_standing.subscription
    best = advice.best
    best_plan = best.plan if best is not None else None
    larger = [
        terms
        for terms in plans
        if running is None
        or (
            terms.monthly_amount > running.terms.monthly_amount
            and terms.plan.billing_months == running.terms.plan.billing_months
        )
    ]
    return {
        "advice": advice,
        "has_history": advice.way is not Way.NOT_ENOUGH_HISTORY,
        "month_average": advice.used_amount // advice.month_count if advice.month_count else 0,
        "best_plan": next((t for t in plans if best_plan and t.plan_id == best_plan.plan_id), None),
        "best_pack": next(
            (t for t in packs if best is not None and best.pack and t.pack_id == best.pack.pack_id), None
        ),
        "larger_plan": min(larger, key=lambda terms: (terms.monthly_amount, terms.price), default=None),
        "smallest_pack": min(packs, key=lambda terms: terms.price, default=None),
        "currency": (plans[0] if plans else packs[0]).currency if plans or packs else "",
        "backup": own_standing.balance.by_source[Source.PAY_AS_YOU_GO],
    }
