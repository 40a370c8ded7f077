"""Every page for every role: who may open it, and that nobody sees another team's data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.server.website.dashboard.conftest import NOW, spend, subscribe

from offcut.server.accounts.models import ApiKey, Person, Team
from offcut.server.credits.models import Pack, Plan
from offcut.server.payments import orders, refunds
from offcut.server.payments.models import Buyer, Invoice, Order, OrderState, RefundRequest
from offcut.server.removals.models import Submission

pytestmark = pytest.mark.django_db
SignIn = Callable[[Person], Client]

FOR_MEMBERS = ("overview", "usage", "plan", "notices", "improvement")
FOR_PAYERS = ("statement", "orders", "usage_file")


@pytest.fixture
def order(team: Team, small: Plan) -> Order:
    """Paid, with an invoice."""
    return subscribe(team, small)


def submission(team: Team) -> Submission:
    return Submission.objects.create(
        team=team, file=f"{team.pk}/nothing.jpg", filename="cat.jpg", width=4, height=3, bytes=12
    )


@pytest.mark.parametrize("name", FOR_MEMBERS)
def test_every_member_may_open_it(
    name: str, alice: Person, ada: Person, bob: Person, order: Order, sign_in: SignIn
) -> None:
    for person in (alice, ada, bob):
        assert sign_in(person).get(reverse(f"dashboard:{name}")).status_code == 200


@pytest.mark.parametrize("name", FOR_PAYERS)
def test_owners_and_admins_may_open_it_and_members_may_not(
    name: str, alice: Person, ada: Person, bob: Person, order: Order, sign_in: SignIn
) -> None:
    for person in (alice, ada):
        assert sign_in(person).get(reverse(f"dashboard:{name}")).status_code == 200
    refused = sign_in(bob).get(reverse(f"dashboard:{name}"))
    assert refused.status_code == 403
    assert "Only owners and admins" in refused.content.decode()
    assert "Ask one of them" in refused.content.decode()


def deeds(order: Order, invoice: Invoice, plan: Plan, pack: Pack) -> list[str]:
    return [
        reverse("dashboard:choose_plan", args=[plan.pk]),
        reverse("dashboard:buy_pack", args=[pack.pk]),
        reverse("dashboard:cancel_plan"),
        reverse("dashboard:resume_plan"),
        reverse("dashboard:order", args=[order.pk]),
        reverse("dashboard:cancel_order", args=[order.pk]),
        reverse("dashboard:ask_refund", args=[order.pk]),
        reverse("dashboard:invoice", args=[invoice.pk]),
        reverse("dashboard:orders"),
    ]


def test_a_member_changes_nothing(
    bob: Person, team: Team, order: Order, large: Plan, pack: Pack, sign_in: SignIn
) -> None:
    browser = sign_in(bob)
    for address in deeds(order, order.invoices.get(), large, pack):
        assert browser.post(address, {"terms": large.terms.get().pk, "words": ""}).status_code == 403
    assert Order.objects.count() == 1
    assert not RefundRequest.objects.exists()
    assert not Buyer.objects.exists()


def test_a_member_sees_no_way_to_pay_and_whom_to_ask(
    bob: Person, ada: Person, team: Team, small: Plan, pack: Pack, sign_in: SignIn
) -> None:
    browser = sign_in(bob)
    plan = browser.get(reverse("dashboard:plan")).content.decode()
    assert "Owners and admins of the team choose and pay" in plan
    assert reverse("dashboard:choose_plan", args=[small.pk]) not in plan
    assert reverse("dashboard:buy_pack", args=[pack.pk]) not in plan
    assert reverse("dashboard:orders") not in plan
    spend(team, 100)
    assert "credits: Alice, Ada" in (browser.get(reverse("dashboard:overview")).content.decode())


def test_another_teams_things_are_not_there(
    team: Team, order: Order, large: Plan, charlie: Person, sign_in: SignIn
) -> None:
    given = submission(team)
    stranger = sign_in(charlie)
    number = [order.pk]
    for method, address in (
        (stranger.get, reverse("dashboard:order", args=number)),
        (stranger.post, reverse("dashboard:cancel_order", args=number)),
        (stranger.post, reverse("dashboard:ask_refund", args=number)),
        (stranger.get, reverse("dashboard:invoice", args=[order.invoices.get().pk])),
        (stranger.post, reverse("dashboard:take_back", args=[given.pk])),
    ):
        assert method(address).status_code == 404
    assert Submission.objects.filter(pk=given.pk).exists()


def test_pages_show_the_own_team_only(
    team: Team, order: Order, key: ApiKey, charlie: Person, sign_in: SignIn
) -> None:
    submission(team)
    spend(team, 100, key=key)
    stranger = sign_in(charlie)
    for name in (*FOR_MEMBERS, *FOR_PAYERS):
        answer = stranger.get(reverse(f"dashboard:{name}"))
        content = answer.getvalue().decode()
        for secret in ("Atelier", "Shop", "cat.jpg", f"Order {order.pk}<"):
            assert secret not in content, name
    assert not stranger.get(reverse("dashboard:orders")).context["page"].object_list
    assert stranger.get(reverse("dashboard:usage")).context["usage"].total.images == 0


def test_a_visitor_is_asked_to_sign_in(client: Client, db: None) -> None:
    for name in (*FOR_MEMBERS, *FOR_PAYERS):
        answer = client.get(reverse(f"dashboard:{name}"))
        assert answer.status_code == 302
        assert reverse("account_login") in answer.url


def test_an_operator_acting_as_somebody_buys_nothing(
    alice: Person, team: Team, pack: Pack, small: Plan, sign_in: SignIn
) -> None:
    operator = Person.objects.create_user("owner@example.org", None, is_staff=True, is_superuser=True)
    browser = sign_in(operator)
    browser.post(reverse("hijack:acquire"), {"user_pk": alice.pk, "next": "/"})
    assert browser.get(reverse("dashboard:overview")).context["own"].team == team
    for name, offer in (("buy_pack", pack), ("choose_plan", small)):
        address = reverse(f"dashboard:{name}", args=[offer.pk])
        assert browser.get(address).status_code == 200
        assert browser.post(address, {"terms": offer.terms.get().pk}).status_code == 403
    assert not Order.objects.exists()


def test_the_navigation_has_what_the_person_may_open(
    alice: Person, bob: Person, team: Team, sign_in: SignIn
) -> None:
    own = sign_in(alice).get(reverse("dashboard:overview")).content.decode()
    members = sign_in(bob).get(reverse("dashboard:overview")).content.decode()
    for name in ("statement", "orders"):
        link = f'href="{reverse(f"dashboard:{name}")}"'
        assert link in own
        assert link not in members
    assert 'aria-current="page"' in own


@pytest.mark.parametrize("name", ["accounts:overview", "accounts:team", "accounts:keys", "account_email"])
def test_account_pages_have_the_same_navigation(name: str, owner: Client) -> None:
    page = owner.get(reverse(name)).content.decode()
    assert reverse("dashboard:plan") in page
    assert page.count('aria-current="page"') >= 1


def test_a_person_without_a_team_still_has_their_own_page(bob: Person, sign_in: SignIn) -> None:
    bob.memberships.all().delete()
    browser = sign_in(bob)
    page = browser.get(reverse("accounts:overview")).content.decode()
    assert reverse("dashboard:plan") not in page
    assert browser.get(reverse("dashboard:overview")).url == reverse("accounts:new_team")


@pytest.mark.parametrize("language", ["en", "es", "de", "fr"])
def test_pages_open_in_every_language(
    language: str, team: Team, order: Order, pack: Pack, large: Plan, owner: Client
) -> None:
    for path in (
        *(reverse(f"dashboard:{name}") for name in (*FOR_MEMBERS, *FOR_PAYERS)),
        *deeds(order, order.invoices.get(), large, pack)[:3],
        reverse("dashboard:order", args=[order.pk]),
    ):
        answer = owner.get(path.replace("/en/", f"/{language}/", 1))
        assert answer.status_code == 200, path


def test_numbers_are_written_as_the_language_does(team: Team, order: Order, owner: Client) -> None:
    path = reverse("dashboard:order", args=[order.pk])
    assert "9.00\N{NO-BREAK SPACE}USD" in owner.get(path).content.decode()
    assert "9,00\N{NO-BREAK SPACE}USD" in owner.get(path.replace("/en/", "/de/")).content.decode()
    spend(team, 25)
    assert "40,75" in owner.get("/es/dashboard/").content.decode()


def test_the_clock_of_the_team_counts(team: Team, owner: Client) -> None:
    spend(team, 100, NOW.replace(day=20, hour=23, minute=30))
    assert "03/21/2026 12:30 a.m." in owner.get(reverse("dashboard:overview")).content.decode()


def test_an_order_is_taken_back_and_a_renewal_is_not(
    team: Team, order: Order, pack: Pack, owner: Client, clock: object
) -> None:
    from offcut.server.payments import renewals

    waiting = orders.order_pack(team, pack, now=NOW)
    answer = owner.post(reverse("dashboard:cancel_order", args=[waiting.pk]), follow=True)
    assert "There is nothing to pay" in answer.content.decode()
    waiting.refresh_from_db()
    assert waiting.state == OrderState.VOID
    renewals.run_due(NOW + timedelta(days=28))
    renewal = Order.objects.get(kind="renew")
    answer = owner.post(reverse("dashboard:cancel_order", args=[renewal.pk]), follow=True)
    assert "cancel the subscription" in answer.content.decode()
    renewal.refresh_from_db()
    assert renewal.state == OrderState.OPEN


def test_an_order_taken_back_twice_says_so(team: Team, pack: Pack, owner: Client) -> None:
    waiting = orders.order_pack(team, pack, now=NOW)
    address = reverse("dashboard:cancel_order", args=[waiting.pk])
    owner.post(address)
    answer = owner.post(address, follow=True)
    assert "changed in the meantime" in answer.content.decode()


def test_how_to_pay_is_said(team: Team, pack: Pack, owner: Client) -> None:
    from offcut.server.payments.sellers import seller

    selling = seller()
    selling.payment_instructions = "Transfer to the bank of <b>Spain</b>."
    selling.save()
    waiting = orders.order_pack(team, pack, now=NOW)
    page = owner.get(reverse("dashboard:order", args=[waiting.pk])).content.decode()
    assert "Transfer to the bank of &lt;b&gt;Spain" in page
    assert f"order number {waiting.pk}" in page
    assert "April 3, 2026" in page


def test_the_invoice_is_a_pdf(order: Order, owner: Client) -> None:
    answer = owner.get(reverse("dashboard:invoice", args=[order.invoices.get().pk]))
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    assert f"{order.invoices.get().number}.pdf" in answer["Content-Disposition"]


def test_what_is_on_invoices_can_be_changed(team: Team, order: Order, pack: Pack, owner: Client) -> None:
    address = reverse("dashboard:orders")
    sent = {"name": "Atelier SL", "address": "Calle 1\nMadrid", "country": "es", "tax_number": "B1"}
    assert owner.post(address, sent).status_code == 302
    paid = orders.mark_paid(orders.order_pack(team, pack, now=NOW).pk, now=NOW)
    assert paid.invoices.get().buyer["name"] == "Atelier SL"
    assert paid.invoices.get().buyer["country"] == "ES"
    assert order.invoices.get().buyer["name"] == "Atelier"
    assert "Two letters" in owner.post(address, sent | {"country": "1S"}).content.decode()


def test_a_refund_is_asked_for_once_with_the_rule_shown(
    team: Team, alice: Person, order: Order, owner: Client
) -> None:
    for _ in range(3):
        spend(team, 100)
    page = owner.get(reverse("dashboard:order", args=[order.pk]))
    points = page.context["refund_rule"]
    assert [point.is_met for point in points] == [True, True, True, True]
    assert "it is 3." in page.content.decode()
    address = reverse("dashboard:ask_refund", args=[order.pk])
    owner.post(address, {"words": "Too small for us"})
    asked = RefundRequest.objects.get()
    assert (asked.words, asked.asked_by_id, asked.objections) == ("Too small for us", alice.pk, [])
    again = owner.post(address, {"words": ""}, follow=True).content.decode()
    assert "a request waits already" in again
    assert "A person decides by March 30, 2026" in again
    refunds.refuse(asked.pk, reason="We talked.", by=None, now=timezone.now())
    decided = owner.get(reverse("dashboard:order", args=[order.pk])).content.decode()
    assert "We talked." in decided


def test_the_rule_on_the_page_is_the_rule(
    team: Team, alice: Person, order: Order, pack: Pack, sign_in: SignIn, clock: object
) -> None:
    """As many points are unmet as the rule itself objects to."""
    paid = orders.mark_paid(orders.order_pack(team, pack, now=NOW).pk, now=NOW)
    for found in (order, paid):
        for moment in (NOW, NOW + timedelta(days=15)):
            clock.move_to(moment)  # type: ignore[attr-defined]
            page = sign_in(alice).get(reverse("dashboard:order", args=[found.pk]))
            unmet = [point for point in page.context["refund_rule"] if not point.is_met]
            assert len(unmet) == len(refunds.objections(found, now=moment))


def test_a_photo_is_taken_back(team: Team, owner: Client) -> None:
    given = submission(team)
    assert "cat.jpg" in owner.get(reverse("dashboard:improvement")).content.decode()
    answer = owner.post(reverse("dashboard:take_back", args=[given.pk]), follow=True)
    assert "The photo is deleted" in answer.content.decode()
    assert not Submission.objects.exists()


@pytest.mark.parametrize("name", ["cancel_order", "ask_refund", "take_back", "seen"])
def test_looking_changes_nothing(name: str, team: Team, order: Order, owner: Client) -> None:
    arguments = {"take_back": [submission(team).pk], "seen": []}.get(name, [order.pk])
    assert owner.get(reverse(f"dashboard:{name}", args=arguments)).status_code == 405
