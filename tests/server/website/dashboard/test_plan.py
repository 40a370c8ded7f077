"""What the pages say before a change of plan is what then happens."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.server.website.dashboard.conftest import NOW, make_person, make_plan, spend, subscribe

from offcut.server.accounts.models import Person, Team
from offcut.server.credits import ledger, statement, subscriptions
from offcut.server.credits.models import Pack, PackTerms, Plan, PlanTerms, SubscriptionState
from offcut.server.credits.rules import Source
from offcut.server.payments import orders, quotes, renewals
from offcut.server.payments.models import Order, OrderState
from offcut.server.payments.sellers import seller
from offcut.server.website.dashboard.plan_changes import (
    Kind,
    Obstacle,
    cancellation,
    pack_purchase,
    plan_change,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def subscription_credits(team: Team, now: Any) -> int:
    return statement.balance(team.pk, at=now).by_source[Source.SUBSCRIPTION]


def total(team: Team, now: Any) -> int:
    return statement.balance(team.pk, at=now).total


def terms_of(plan: Plan) -> PlanTerms:
    terms: PlanTerms = plan.terms_at(NOW)
    return terms


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    old=st.sampled_from([0, 1, 2, 3, 4]),
    new=st.sampled_from([1, 2, 3, 4]),
    spent=st.sampled_from([0, 25, 100, 3200, 4000]),
    extra=st.sampled_from([0, 700]),
    owed=st.sampled_from([0, 250, 90_000]),
    after=st.sampled_from([0, 3601, 86_400 * 11, 86_400 * 25]),
    tax_rate=st.sampled_from([0, 2100, 550]),
)
def test_what_is_said_is_what_happens(
    old: int, new: int, spent: int, extra: int, owed: int, after: int, tax_rate: int
) -> None:
    from django.db import transaction

    with transaction.atomic():
        _check(old, new, spent, extra, owed, after, tax_rate)
        transaction.set_rollback(True)


def _check(old: int, new: int, spent: int, extra: int, owed: int, after: int, tax_rate: int) -> None:
    plans = [
        None,
        make_plan("Small", 40, 900),
        make_plan("Large", 200, 3900, rollover=1),
        make_plan("Small yearly", 40, 9720, months=12),
        make_plan("Strict", 30, 700, rollover=0),
    ]
    selling = seller()
    selling.tax_rate = tax_rate
    selling.save()
    team = make_person("Dora").teams.get()
    first, target = plans[old], plans[new]
    assert target is not None
    if first is not None:
        subscribe(team, first)
        if spent:
            spend(team, min(spent, terms_of(first).monthly_amount))
    if extra:
        ledger.grant(team.pk, "extra", Source.PAY_AS_YOU_GO, extra, now=NOW)
    if owed:
        team.owed.create(at=NOW, amount=owed, currency="USD", reason="a test")
    now = NOW + timedelta(seconds=after)
    said = plan_change(team, terms_of(target), now=now)
    if said.obstacle is not None:
        assert (said.obstacle, old) == (Obstacle.SAME_PLAN, new)
        return
    assert said.total_after - said.kept - said.granted == said.others
    order = orders.choose_plan(team, target, now=now)
    if said.kind is Kind.DOWNGRADE:
        assert order is None
        _check_downgrade(team, said, now)
        return
    assert order is not None
    assert said.quote is not None
    quoted = said.quote
    assert (order.list_price, order.deducted, order.tax, order.total) == (
        quoted.list_price, quoted.deducted, quoted.tax, quoted.total)  # fmt: skip
    if order.state == OrderState.OPEN:
        orders.mark_paid(order.pk, now=now, reference="transfer")
    assert total(team, now) == said.total_after
    assert subscription_credits(team, now) == said.kept + said.granted
    running = subscriptions.running(team.pk)
    assert running is not None
    assert subscriptions.billing_end(running) == said.billed_at
    assert quotes.owed_to(team, "USD") == owed - quoted.from_owed + quoted.owed_after


def _check_downgrade(team: Team, said: Any, now: Any) -> None:
    before = subscriptions.running(team.pk)
    assert before is not None
    assert subscription_credits(team, now) == said.left
    months_before = (before.paid_months - before.period_index) > 1
    # Twice, as the worker would: the first round begins the months that are due, the second asks.
    for _ in range(2):
        renewals.run_due(said.begins_at - DAY)
    renewal = Order.objects.get(team=team, kind="renew")
    assert (renewal.plan_terms_id, renewal.due_at) == (said.terms.pk, said.begins_at)
    left = subscription_credits(team, said.begins_at - DAY)
    if renewal.state == OrderState.OPEN:
        orders.mark_paid(renewal.pk, now=said.begins_at - DAY)
    assert subscriptions.running(team.pk).terms_id == before.terms_id  # type: ignore[union-attr]
    renewals.run_due(said.begins_at)
    running = subscriptions.running(team.pk)
    assert running is not None
    assert running.terms_id == said.terms.pk
    assert subscriptions.billing_end(running) == said.billed_at
    after = subscription_credits(team, said.begins_at)
    if months_before:
        # A year's other months came in between: only the cap was promised.
        assert after == min(left, said.rollover_cap) + said.granted
    else:
        assert after == said.kept + said.granted
        assert said.cut == said.left - said.kept


@pytest.mark.parametrize("months", [1, 12])
def test_cancelling_ends_what_was_said_when_it_was_said(team: Team, months: int) -> None:
    subscribe(team, make_plan("Plan", 40, 900, months=months))
    ledger.grant(team.pk, "extra", Source.PAY_AS_YOU_GO, 700, now=NOW)
    spend(team, 100)
    running = subscriptions.running(team.pk)
    assert running is not None
    said = cancellation(team, running, now=NOW)
    assert (said.ending, said.staying, said.is_at_once) == (3900, 800, False)
    subscriptions.cancel(running.pk, now=NOW)
    for month in range(months):
        subscriptions.advance_due(NOW + month * 31 * DAY)
    assert subscription_credits(team, said.ends_at - timedelta(seconds=1)) > 0
    assert total(team, said.ends_at) == said.staying
    subscriptions.advance_due(said.ends_at)
    assert subscriptions.running(team.pk) is None


def test_cancelling_while_past_due_ends_at_once_as_said(team: Team, small: Plan) -> None:
    subscribe(team, small)
    late = NOW + 32 * DAY
    renewals.run_due(late)
    running = subscriptions.running(team.pk)
    assert running is not None
    assert running.state == SubscriptionState.PAST_DUE
    said = cancellation(team, running, now=late)
    assert (said.is_at_once, said.ends_at, said.ending, said.staying) == (True, late, 4000, 100)
    subscriptions.cancel(running.pk, now=late)
    assert total(team, late) == said.staying


@pytest.mark.parametrize("validity", [24, None])
def test_a_pack_gives_what_was_said_until_the_day_that_was_said(team: Team, validity: int | None) -> None:
    pack = Pack.objects.create(name="Ten")
    terms = PackTerms.objects.create(
        pack=pack, starts_at=NOW - DAY, price=900, amount=1000, validity_months=validity
    )
    said = pack_purchase(team, terms, now=NOW)
    order = orders.order_pack(team, pack, now=NOW)
    assert order.total == said.quote.total
    orders.mark_paid(order.pk, now=NOW)
    assert total(team, NOW) == said.total_after
    if said.expires_at is None:
        assert total(team, NOW + 9999 * DAY) == said.total_after
    else:
        assert total(team, said.expires_at - timedelta(seconds=1)) == said.total_after
        assert total(team, said.expires_at) == said.total_now


# The pages


def confirm(browser: Client, name: str, offer: Plan | Pack) -> Any:
    address = reverse(f"dashboard:{name}", args=[offer.pk])
    page = browser.get(address)
    assert page.status_code == 200
    return browser.post(address, {"terms": page.context["terms"].pk}, follow=True)


def test_a_subscription_is_chosen_ordered_and_paid(
    team: Team, alice: Person, small: Plan, owner: Client
) -> None:
    page = owner.get(reverse("dashboard:choose_plan", args=[small.pk])).content.decode()
    for words in ("you get 40 credits", "then have 41 credits", "April 20, 2026", "9.00", "up to 200"):
        assert words in page
    assert not Order.objects.exists()
    answer = confirm(owner, "choose_plan", small)
    order = Order.objects.get()
    assert answer.redirect_chain[-1][0] == reverse("dashboard:order", args=[order.pk])
    assert "Your credits come as soon as it is paid" in answer.content.decode()
    assert (order.actor_id, order.state) == (alice.pk, OrderState.OPEN)
    assert total(team, NOW) == 100
    orders.mark_paid(order.pk, now=NOW)
    assert "Your plan: Small" in owner.get(reverse("dashboard:plan")).content.decode()


def test_an_upgrade_says_what_is_deducted_and_what_becomes_void(
    team: Team, small: Plan, large: Plan, owner: Client, clock: Any
) -> None:
    subscribe(team, small)
    clock.move_to(NOW + 10 * DAY)
    waiting = orders.choose_plan(team, make_plan("Middle", 100, 2000), now=NOW + 10 * DAY)
    assert waiting is not None
    page = owner.get(reverse("dashboard:choose_plan", args=[large.pk])).content.decode()
    order = orders.choose_plan(team, large, now=NOW + 10 * DAY)
    assert order is not None
    assert f"−{order.deducted / 100:.2f}" in page
    assert f"<strong>{order.total / 100:.2f}\N{NO-BREAK SPACE}USD</strong>" in page
    assert f"unpaid order {waiting.pk} " in page
    assert "All 40 subscription credits you still have stay" in page


def test_a_downgrade_waits_and_can_be_taken_back(team: Team, small: Plan, large: Plan, owner: Client) -> None:
    subscribe(team, large)
    tiny = make_plan("Tiny", 10, 300, rollover=2)
    page = owner.get(reverse("dashboard:choose_plan", args=[tiny.pk])).content.decode()
    assert "of your 200, carried over: 20; ended: 180" in page
    assert "Until April 20, 2026 nothing changes" in page
    answer = confirm(owner, "choose_plan", tiny)
    assert "Tiny begins at your next billing date" in answer.content.decode()
    assert "On April 20, 2026 the plan becomes Tiny" in answer.content.decode()
    again = owner.get(reverse("dashboard:choose_plan", args=[tiny.pk]))
    assert again.context["change"].obstacle == Obstacle.CHOSEN_ALREADY
    answer = owner.post(reverse("dashboard:resume_plan"), follow=True)
    assert "Your plan goes on as it was" in answer.content.decode()
    running = subscriptions.running(team.pk)
    assert running is not None
    assert running.next_plan is None


def test_cancelling_is_explained_and_can_be_taken_back(team: Team, small: Plan, owner: Client) -> None:
    subscribe(team, small)
    page = owner.get(reverse("dashboard:cancel_plan")).content.decode()
    for words in ("until April 20, 2026", "of the 40 you have now", "packs and gifts stay: 1."):
        assert words in page
    answer = owner.post(reverse("dashboard:cancel_plan"), follow=True)
    assert "Your subscription ends on April 20, 2026" in answer.content.decode()
    smaller = make_plan("Tiny", 10, 300)
    refused = owner.get(reverse("dashboard:choose_plan", args=[smaller.pk]))
    assert refused.context["change"].obstacle == Obstacle.IS_CANCELLED
    assert '<form method="post" class="actions"' not in refused.content.decode()
    owner.post(reverse("dashboard:resume_plan"))
    running = subscriptions.running(team.pk)
    assert running is not None
    assert not running.cancels_at_end
    answer = owner.post(reverse("dashboard:cancel_plan"), follow=True)
    answer = owner.post(reverse("dashboard:cancel_plan"), follow=True)
    assert "no subscription to cancel" in answer.content.decode()


def test_what_is_paid_ahead_cannot_be_cancelled_and_says_why(team: Team, small: Plan, owner: Client) -> None:
    subscribe(team, small)
    renewals.run_due(NOW + 26 * DAY)
    orders.mark_paid(Order.objects.get(kind="renew").pk, now=NOW + 26 * DAY)
    page = owner.get(reverse("dashboard:cancel_plan")).content.decode()
    assert "is paid already" in page
    answer = owner.post(reverse("dashboard:cancel_plan"), follow=True).content.decode()
    assert "changed in the meantime" in answer
    running = subscriptions.running(team.pk)
    assert running is not None
    assert not running.cancels_at_end


def test_a_price_that_has_changed_is_shown_before_it_is_charged(
    team: Team, small: Plan, pack: Pack, owner: Client
) -> None:
    for name, offer in (("choose_plan", small), ("buy_pack", pack)):
        address = reverse(f"dashboard:{name}", args=[offer.pk])
        shown = owner.get(address).context["terms"].pk
        old = offer.terms.get()
        fields = {"monthly_amount": 4000} if name == "choose_plan" else {"amount": 1000}
        offer.terms.create(starts_at=NOW - DAY, price=old.price * 2, currency="USD", **fields)
        answer = owner.post(address, {"terms": shown})
        assert answer.status_code == 200
        assert "The price list has changed" in answer.content.decode()
        assert "18.00" in answer.content.decode()
    assert not Order.objects.exists()


def test_a_pack_is_ordered(team: Team, pack: Pack, owner: Client) -> None:
    page = owner.get(reverse("dashboard:buy_pack", args=[pack.pk])).content.decode()
    for words in ("you get 10 credits, and have 11 together", "until March 20, 2028", "9.00"):
        assert words in page
    confirm(owner, "buy_pack", pack)
    assert Order.objects.get().kind == "pack"


def test_what_is_not_on_the_price_list_cannot_be_had(
    team: Team, small: Plan, pack: Pack, owner: Client
) -> None:
    bare = Plan.objects.create(name="No price")
    Plan.objects.filter(pk=small.pk).update(is_offered=False)
    Pack.objects.filter(pk=pack.pk).update(is_offered=False)
    for name, offer in (("choose_plan", small), ("choose_plan", bare), ("buy_pack", pack)):
        for method in (owner.get, owner.post):
            assert method(reverse(f"dashboard:{name}", args=[offer.pk])).status_code == 404
    page = owner.get(reverse("dashboard:plan")).content.decode()
    assert "no plans on the price list" in page
    assert "no packs on the price list" in page


def test_what_costs_nothing_is_there_at_once(team: Team, owner: Client) -> None:
    answer = confirm(owner, "choose_plan", make_plan("Free", 5, 0))
    assert "There was nothing to pay" in answer.content.decode()
    assert total(team, NOW) == 600


def test_tax_is_said_before(team: Team, pack: Pack, owner: Client) -> None:
    selling = seller()
    selling.tax_rate, selling.tax_name = 2100, "IVA"
    selling.save()
    assert "Prices without IVA" in owner.get(reverse("dashboard:plan")).content.decode()
    page = owner.get(reverse("dashboard:buy_pack", args=[pack.pk])).content.decode()
    assert "IVA 21 %" in page
    assert "10.89" in page


def test_the_tax_is_called_as_on_the_invoice(team: Team, pack: Pack, owner: Client) -> None:
    selling = seller()
    selling.tax_rate = 2100
    selling.save()
    with translation.override("de"):
        address = reverse("dashboard:buy_pack", args=[pack.pk])
    assert "Umsatzsteuer 21 %" in owner.get(address).content.decode()


# Notices and the improvement programme


def test_notices_are_switched_off_and_on(alice: Person, team: Team, owner: Client) -> None:
    from offcut.server.credits.notices import outbox

    address = reverse("dashboard:notices")
    answer = owner.post(address, {"kind": ["period_threshold", "renewed"]}, follow=True)
    assert "Saved." in answer.content.decode()
    assert outbox.switched_off(alice) == {
        "subscription_used_up", "everything_used_up", "rollover_cut", "lot_expiring"}  # fmt: skip
    on = [row["kind"].value for row in answer.context["kinds"] if row["is_on"]]
    assert on == ["period_threshold", "renewed", "payment_failed"]


def test_a_notice_is_shown_until_it_is_read_by_that_person(
    team: Team, alice: Person, ada: Person, owner: Client, sign_in: Callable[[Person], Client]
) -> None:
    from offcut.server.credits.notices.delivery import address_new
    from offcut.server.credits.notices.models import Notice

    spend(team, 100)
    address_new(NOW)
    words = "All credits are used up"
    assert words in owner.get(reverse("dashboard:overview")).content.decode()
    owner.post(reverse("dashboard:seen"), {"notice": Notice.objects.get().pk})
    assert words not in owner.get(reverse("dashboard:overview")).content.decode()
    assert words in sign_in(ada).get(reverse("dashboard:overview")).content.decode()


def test_many_notices_are_shown_newest_first_and_read_at_once(
    team: Team, alice: Person, owner: Client
) -> None:
    from offcut.server.credits.notices import outbox
    from offcut.server.credits.notices.delivery import address_new
    from offcut.server.credits.notices.kinds import NoticeKind

    for number in range(5):
        outbox.write(team.pk, NoticeKind.EVERYTHING_USED_UP, f"lot:{number}", NOW)
    address_new(NOW)
    shown = owner.get(reverse("dashboard:overview"))
    unread = [notice.pk for notice in outbox.unshown(alice, team.pk)]
    assert [row["id"] for row in shown.context["notices"]] == unread[:1:-1]
    assert "I have read all 5 notices" in shown.content.decode()
    owner.post(reverse("dashboard:seen"), {"notice": "all"})
    assert outbox.unshown(alice, team.pk) == []


def test_mails_lead_to_the_credits_in_the_persons_language(
    team: Team, alice: Person, mailoutbox: list
) -> None:
    from offcut.server.credits.notices.delivery import deliver_due

    Person.objects.filter(pk=alice.pk).update(language="de")
    spend(team, 100)
    deliver_due(NOW)
    assert "/de/dashboard/" in mailoutbox[0].body


@pytest.mark.parametrize(("sent", "kept"), [("yes", "yes"), ("no", "no"), ("", None), ("maybe", None)])
def test_the_choice_about_improvement_is_remembered(
    team: Team, alice: Person, owner: Client, sent: str, kept: str | None
) -> None:
    address = reverse("dashboard:improvement")
    owner.post(address, {"choice": "yes"})
    owner.post(address, {"choice": sent})
    assert Person.objects.get(pk=alice.pk).improvement_choice == (kept or "")
    assert owner.get(address).context["choice"] == (kept or "")


ONE_CREDIT = {
    "en": ("You have 1 credit from gifts and packs.", "Your 1 credit from packs and gifts stays"),
    "de": (
        "Sie haben 1 Credit aus Geschenken und Paketen.",
        "Ihr 1 Credit aus Paketen und Geschenken bleibt",
    ),
    "es": ("Tienes 1 crédito de regalos y paquetes.", "Tu 1 crédito de paquetes y regalos se queda"),
    "fr": ("Vous avez 1 crédit issu de cadeaux", "Votre 1 crédit des packs et des cadeaux reste"),
}


@pytest.mark.parametrize("language", ONE_CREDIT)
def test_one_credit_is_not_called_credits(team: Team, small: Plan, owner: Client, language: str) -> None:
    """The gift is what every new account begins with."""
    PackTerms.objects.create(pack=Pack.objects.create(name="One"), starts_at=NOW - DAY, price=90, amount=100)
    have, stays = ONE_CREDIT[language]
    with translation.override(language):
        plan, choose = reverse("dashboard:plan"), reverse("dashboard:choose_plan", args=[small.pk])
        pack = reverse("dashboard:buy_pack", args=[Pack.objects.get(name="One").pk])
        usage = reverse("dashboard:usage")
    pages = [owner.get(address).content.decode() for address in (plan, choose, pack)]
    assert have in pages[0]
    assert stays in pages[1]
    spend(team, 100)
    pages.append(owner.get(usage).content.decode())
    wrong = re.compile(r"\b1(</strong>)? (more are|(subscription )?credits|créditos|crédits|Credits)\b")
    assert [found[0] for page in pages if (found := wrong.search(page))] == []


def test_a_credit_has_one_price_wherever_it_is_told(small: Plan, owner: Client) -> None:
    """9 USD for 40 credits are 22.5 cents, and 48.99 USD for 75 a little over 65."""
    yearly = make_plan("Yearly", 7, 1000, months=12)
    seventy_five = Pack.objects.create(name="Seventy-five")
    terms = PackTerms.objects.create(pack=seventy_five, starts_at=NOW - DAY, price=4899, amount=7500)
    assert (terms_of(small).credit_price, terms_of(yearly).credit_price, terms.credit_price) == (23, 12, 66)
    dashboard = owner.get(reverse("dashboard:plan")).content.decode()
    pricing = owner.get(reverse("pages:pricing")).content.decode()
    for price in ("0.23", "0.12", "0.66"):
        assert f"{price}\N{NO-BREAK SPACE}USD a credit" in dashboard
        assert f">{price}\N{NO-BREAK SPACE}USD</td>" in pricing
