"""The operator's pages about credits and money, by HTTP."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from offcut.server.accounts.export import export_person
from offcut.server.accounts.models import AuditEntry, Membership, Person, Team
from offcut.server.accounts.roles import Role
from offcut.server.credits import history, ledger, statement
from offcut.server.credits.models import Entry, Kind, Pack, Plan, PlanTerms
from offcut.server.credits.rules import Source
from offcut.server.payments import orders, refunds
from offcut.server.payments.models import Order, OrderState, RefundRequest

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(db: None) -> Team:
    team = Team.objects.create(name="Atelier", time_zone="Europe/Madrid")
    ledger.open_account(team, now=timezone.now())
    return team


@pytest.fixture
def desk(db: None) -> Client:
    owner = Person.objects.create_user("owner@example.org", None, is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def bob() -> Client:
    """Staff, but no owner."""
    client = Client()
    person = Person.objects.create_user("bob@example.org", None, is_staff=True)
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def pack() -> Pack:
    pack = Pack.objects.create(name="Ten")
    pack.terms.create(starts_at=timezone.now() - timedelta(days=1), price=900, amount=1000)
    return pack


def total(team: Team) -> int:
    return statement.balance(team.pk, at=timezone.now()).total


def test_a_grant_sent_twice_is_made_once_and_named(desk: Client, team: Team) -> None:
    address = reverse("admin:credits_account_grant", args=[team.pk])
    assert desk.get(address).status_code == 200
    words = {
        "amount": "12.5",
        "source": "gift",
        "reason": "A fair",
        "token": str(uuid.uuid4()),
        "last_day": "2099-01-31",
    }
    for _ in range(2):
        assert desk.post(address, words).status_code == 302
    assert total(team) == 1250
    entry = Entry.objects.get(kind=Kind.GRANT)
    assert (entry.reason, entry.actor_id) == ("A fair", Person.objects.get(email="owner@example.org").pk)
    assert AuditEntry.objects.get(deed="credits.granted").detail["reason"] == "A fair"
    assert entry.expires_at.isoformat() == "2099-02-01T00:00:00+00:00"


@pytest.mark.parametrize(
    "change", [{"amount": "0"}, {"amount": "0.001"}, {"reason": ""}, {"source": "subscription"}]
)
def test_a_grant_that_makes_no_sense(desk: Client, team: Team, change: dict) -> None:
    words = {"amount": "1", "source": "gift", "reason": "r", "token": str(uuid.uuid4()), **change}
    assert desk.post(reverse("admin:credits_account_grant", args=[team.pk]), words).status_code == 200
    assert total(team) == 0


def test_a_correction_names_its_entry(desk: Client, team: Team) -> None:
    ledger.grant(team.pk, "g", Source.PAY_AS_YOU_GO, 500, now=timezone.now())
    ledger.hold(team.pk, "image 1", 100, content_hash="x", now=timezone.now())
    ledger.capture(team.pk, "image 1", now=timezone.now())
    capture = Entry.objects.get(kind=Kind.CAPTURE)
    address = reverse("admin:credits_entry_correct", args=[capture.pk])
    assert desk.post(address, {"change": "1", "reason": ""}).status_code == 200
    assert desk.post(address, {"change": "2", "reason": "too much"}).status_code == 200
    assert total(team) == 400
    assert desk.post(address, {"change": "1", "reason": "The cut-out was empty"}).status_code == 302
    assert total(team) == 500
    page = desk.get(reverse("admin:credits_account_change", args=[team.pk])).content.decode()
    for words in ("image 1", "The cut-out was empty", "Pay-as-you-go", str(capture.pk), "Corrected"):
        assert words in page
    assert AuditEntry.objects.get(deed="credits.corrected").detail["credits"] == "1"


def test_only_owners_may_act(bob: Client, client: Client, team: Team) -> None:
    entry = ledger.grant(team.pk, "g", Source.GIFT, 500, now=timezone.now()).entries.get()
    for address in (
        reverse("admin:credits_account_grant", args=[team.pk]),
        reverse("admin:credits_entry_correct", args=[entry.pk]),
        reverse("admin:credits_account_change", args=[team.pk]),
    ):
        assert bob.get(address).status_code == 403
        assert bob.post(address, {"change": "-1", "reason": "r"}).status_code == 403
        assert client.get(address).status_code == 302
    assert total(team) == 500


def test_orders_are_marked_as_paid_and_invoices_downloaded(desk: Client, team: Team, pack: Pack) -> None:
    order = orders.order_pack(team, pack, now=timezone.now())
    other = orders.order_pack(team, pack, now=timezone.now())
    listed = reverse("admin:payments_order_changelist")
    assert "9.00 USD" in desk.get(listed).content.decode()
    desk.post(listed, {"action": "mark_paid", "_selected_action": [order.pk]})
    desk.post(listed, {"action": "make_void", "_selected_action": [order.pk, other.pk]})
    assert list(Order.objects.order_by("id").values_list("state", flat=True)) == [
        OrderState.PAID,
        OrderState.VOID,
    ]
    assert total(team) == 1000
    invoice = order.invoices.get()
    page = desk.get(reverse("admin:payments_invoice_pdf", args=[invoice.pk]))
    assert page["Content-Type"] == "application/pdf"
    assert page.content.startswith(b"%PDF")
    assert set(AuditEntry.objects.values_list("deed", flat=True)) >= {"order.paid", "order.void"}


def test_staff_who_are_no_owners_cannot_mark_orders(bob: Client, team: Team, pack: Pack) -> None:
    order = orders.order_pack(team, pack, now=timezone.now())
    bob.post(
        reverse("admin:payments_order_changelist"), {"action": "mark_paid", "_selected_action": [order.pk]}
    )
    order.refresh_from_db()
    assert order.state == OrderState.OPEN


def test_the_refund_queue_shows_the_rule_and_a_person_decides(desk: Client, team: Team, pack: Pack) -> None:
    order = orders.mark_paid(orders.order_pack(team, pack, now=timezone.now()).pk, now=timezone.now())
    asked = refunds.ask(order, by=None, words="By mistake", now=timezone.now())
    address = reverse("admin:payments_refundrequest_change", args=[asked.pk])
    page = desk.get(address).content.decode()
    assert "By mistake" in page
    assert "not the first subscription" in page
    assert desk.get(reverse("admin:payments_refundrequest_changelist")).status_code == 200
    desk.post(address, {"grant": "yes", "reason": ""})
    assert RefundRequest.objects.get().state == "waiting"
    desk.post(address, {"grant": "yes", "reason": "goodwill"})
    assert RefundRequest.objects.get().state == "granted"
    assert total(team) == 0


def test_a_plans_history_is_added_to_and_never_changed(desk: Client) -> None:
    address = reverse("admin:credits_plan_add")
    words = {
        "name": "Forty", "billing_months": "1", "is_offered": "on", "position": "1",
        "terms-TOTAL_FORMS": "1", "terms-INITIAL_FORMS": "0",
        "terms-0-starts_at_0": "2026-01-01", "terms-0-starts_at_1": "00:00:00", "terms-0-price": "9.00",
        "terms-0-currency": "USD", "terms-0-monthly_amount": "40", "terms-0-rollover_cap_multiple": "5",
        "terms-0-grace_days": "7",
    }  # fmt: skip
    assert desk.post(address, words).status_code == 302
    terms = PlanTerms.objects.get()
    assert (terms.price, terms.monthly_amount, terms.actor_id is not None) == (900, 4000, True)
    plan = Plan.objects.get()
    page = reverse("admin:credits_plan_change", args=[plan.pk])
    assert desk.get(page).status_code == 200
    desk.post(page, {**words, "terms-INITIAL_FORMS": "1", "terms-0-id": terms.pk, "terms-0-price": "1.00"})
    assert PlanTerms.objects.get().price == 900
    assert AuditEntry.objects.filter(deed="plan.changed").exists()


LISTS = [
    *("credits_account", "credits_plan", "credits_pack", "credits_subscription"),
    *("notices_notice", "notices_delivery"),
    *("payments_order", "payments_invoice", "payments_seller", "payments_buyer", "payments_owed"),
]


@pytest.mark.parametrize("name", LISTS)
def test_every_list_opens(desk: Client, team: Team, name: str) -> None:
    page = desk.get(reverse(f"admin:{name}_changelist"), {"q": "Atelier"}, follow=True)
    assert page.status_code == 200


def test_the_usage_report_has_a_row_for_each_image(team: Team) -> None:
    now = timezone.now()
    ledger.grant(team.pk, "gift", Source.GIFT, 50, now=now)
    ledger.grant(team.pk, "pack", Source.PAY_AS_YOU_GO, 500, now=now)
    for number in range(2):
        ledger.hold(team.pk, f"=cmd|{number}", 100, content_hash="x", now=now, size="full")
        ledger.capture(team.pk, f"=cmd|{number}", now=now)
    ledger.hold(team.pk, "not captured", 100, content_hash="x", now=now)
    last = Entry.objects.filter(kind=Kind.CAPTURE).last()
    ledger.correct(last.pk, 100, reason="r", actor_id=None, now=now)
    report = io.StringIO()
    day = timedelta(days=1)
    assert history.write_usage(report, team, since=now - day, until=now + day) == 2
    head, first, second = report.getvalue().splitlines()
    assert head == "when,id,api_key,size,credits,sources,credits_given_back"
    assert first.endswith(",'=cmd|0,,full,1,gift+pay_as_you_go,0")
    assert second.endswith(",'=cmd|1,,full,1,pay_as_you_go,1")


def test_a_persons_export_has_the_statements_of_their_teams(team: Team) -> None:
    alice, bob = (Person.objects.create_user(f"{name}@example.org", None) for name in ("alice", "bob"))
    Membership.objects.create(team=team, person=alice, role=Role.OWNER)
    Membership.objects.create(team=team, person=bob, role=Role.MEMBER)
    ledger.grant(team.pk, "gift", Source.GIFT, 50, now=timezone.now(), reason="welcome")
    with zipfile.ZipFile(io.BytesIO(export_person(alice))) as exported:
        (found,) = json.loads(exported.read("credits.json"))
    assert found["team_id"] == team.pk
    assert [(line["credits"], line["reason"]) for line in found["lines"]] == [("0.5", "welcome")]
    with zipfile.ZipFile(io.BytesIO(export_person(bob))) as exported:
        assert json.loads(exported.read("credits.json")) == []
