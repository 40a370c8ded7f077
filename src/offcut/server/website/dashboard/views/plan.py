"""Plan and packs: what there is, and what choosing it means before it is confirmed."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from offcut.server.accounts.models import Membership
from offcut.server.accounts.roles import Deed, may
from offcut.server.accounts.views.access import refuse_acting
from offcut.server.credits import subscriptions
from offcut.server.credits.models import PackTerms, PlanTerms
from offcut.server.credits.price_list import packs_on_offer, plans_on_offer
from offcut.server.payments import orders
from offcut.server.payments.models import Order, OrderState
from offcut.server.payments.sellers import seller, tax_name, tax_rate_for
from offcut.server.website.dashboard.access import area_page, attempt, billing_page
from offcut.server.website.dashboard.plan_changes import cancellation, pack_purchase, plan_change
from offcut.server.website.dashboard.standing import standing


@area_page
def plan(request: HttpRequest, own: Membership) -> HttpResponse:
    """The plan the team has, the price list, and orders that wait to be paid."""
    now = timezone.now()
    own_standing = standing(own.team, now=now)
    waiting = Order.objects.filter(team=own.team, state=OrderState.OPEN)
    may_pay = may(own.role, Deed.MANAGE_BILLING)
    plans = plans_on_offer(now)
    context = {
        "own": own,
        "standing": own_standing,
        "running": own_standing.subscription,
        "groups": [
            (_("Paid by the month"), [terms for terms in plans if terms.plan.billing_months == 1]),
            (_("Paid by the year"), [terms for terms in plans if terms.plan.billing_months != 1]),
        ],
        "packs": packs_on_offer(now),
        "may_pay": may_pay,
        "waiting": waiting.select_related("plan_terms__plan", "pack_terms__pack") if may_pay else [],
        "tax_rate": tax_rate_for(own.team),
        "tax_name": tax_name(seller()),
    }
    return render(request, "dashboard/plan.html", context)


@billing_page
def choose(request: HttpRequest, own: Membership, plan_id: int) -> HttpResponse:
    """Says what moving to the plan means; POST moves."""
    now = timezone.now()
    terms = _offered(plans_on_offer(now), lambda offer: offer.plan_id == plan_id)
    if request.method == "POST" and _is_still(request, terms):
        refuse_acting(request)
        return _choose(request, own, terms)
    change = plan_change(own.team, terms, now=now)
    context = {
        "own": own,
        "change": change,
        "terms": terms,
        "running": subscriptions.running(own.team_id),
        "tax_name": tax_name(seller()),
    }
    return render(request, "dashboard/choose_plan.html", context)


@billing_page
def buy_pack(request: HttpRequest, own: Membership, pack_id: int) -> HttpResponse:
    """Says what the pack costs and gives; POST orders it."""
    now = timezone.now()
    terms = _offered(packs_on_offer(now), lambda offer: offer.pack_id == pack_id)
    if request.method == "POST" and _is_still(request, terms):
        refuse_acting(request)
        order = attempt(
            request,
            lambda: orders.order_pack(own.team, terms.pack, now=timezone.now(), actor_id=request.user.pk),
        )
        return redirect("dashboard:plan") if order is None else _to_order(request, order)
    context = {
        "own": own,
        "purchase": pack_purchase(own.team, terms, now=now),
        "terms": terms,
        "tax_name": tax_name(seller()),
    }
    return render(request, "dashboard/buy_pack.html", context)


@billing_page
def cancel(request: HttpRequest, own: Membership) -> HttpResponse:
    """Says what cancelling means; POST cancels."""
    running = subscriptions.running(own.team_id)
    if running is None or running.cancels_at_end:
        messages.error(request, _("There is no subscription to cancel."))
        return redirect("dashboard:plan")
    if request.method == "POST":
        refuse_acting(request)
        done = attempt(
            request,
            lambda: subscriptions.cancel(running.pk, now=timezone.now(), actor_id=request.user.pk),
        )
        if done is not None:
            messages.success(request, _("Your subscription is cancelled. Packs and gifts stay."))
        return redirect("dashboard:plan")
    context = {
        "own": own,
        "running": running,
        "cancellation": cancellation(own.team, running, now=timezone.now()),
    }
    return render(request, "dashboard/cancel_plan.html", context)


@billing_page
def resume(request: HttpRequest, own: Membership) -> HttpResponse:
    """Takes back a cancellation or a chosen smaller plan."""
    running = subscriptions.running(own.team_id)
    if request.method == "POST" and running is not None:
        refuse_acting(request)
        done = attempt(
            request,
            lambda: subscriptions.resume(running.pk, now=timezone.now(), actor_id=request.user.pk),
        )
        if done is not None:
            messages.success(request, _("Your plan goes on as it was."))
    return redirect("dashboard:plan")


def _choose(request: HttpRequest, own: Membership, terms: PlanTerms) -> HttpResponse:
    done: list[Order | None] | None = attempt(
        request,
        # In a list, because a downgrade makes no order and is no refusal.
        lambda: [orders.choose_plan(own.team, terms.plan, now=timezone.now(), actor_id=request.user.pk)],
    )
    if done is None:
        return redirect("dashboard:plan")
    order = done[0]
    if order is None:
        words = _("Chosen. %(plan)s begins at your next billing date.")
        messages.success(request, words % {"plan": terms.plan.name})
        return redirect("dashboard:plan")
    return _to_order(request, order)


def _to_order(request: HttpRequest, order: Order) -> HttpResponse:
    if order.state == OrderState.PAID:
        messages.success(request, _("Done. There was nothing to pay, and your credits are here."))
    else:
        messages.success(request, _("Your order is made. Your credits come as soon as it is paid."))
    return redirect("dashboard:order", order.pk)


def _offered(offers: list, fits: Callable[[object], bool]) -> object:  # type: ignore[type-arg]
    found = next((offer for offer in offers if fits(offer)), None)
    if found is None:
        raise Http404
    return found


def _is_still(request: HttpRequest, terms: PlanTerms | PackTerms) -> bool:
    """Whether the terms that were shown are the ones that hold: nobody buys at a price they have not seen."""
    if request.POST.get("terms") == str(terms.pk):
        return True
    messages.error(request, _("The price list has changed. Please look at the new terms, then confirm."))
    return False
