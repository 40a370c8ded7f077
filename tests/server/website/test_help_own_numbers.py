"""The reader's own numbers in articles: the balance, and which of the three ways fits."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client, RequestFactory
from django.utils import translation
from tests.server.api_caller import Caller

from offcut.server.accounts.models import Membership, Person, Team
from offcut.server.accounts.roles import Role
from offcut.server.credits import ledger, subscriptions
from offcut.server.credits.models import Pack, PackTerms, Plan, PlanTerms
from offcut.server.credits.rules import Source
from offcut.server.website.help import own_numbers
from offcut.server.website.help.wording import words_of

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
NEVER = "/en/help/never-run-out/"


def make_plan(name: str, credit_count: int, price: int, **terms: Any) -> PlanTerms:
    plan = Plan.objects.create(name=name)
    return PlanTerms.objects.create(
        plan=plan, starts_at=BEGIN, price=price, monthly_amount=credit_count * 100, **terms
    )


def make_pack(name: str, credit_count: int, price: int, **terms: Any) -> PackTerms:
    pack = Pack.objects.create(name=name)
    return PackTerms.objects.create(
        pack=pack, starts_at=BEGIN, price=price, amount=credit_count * 100, **terms
    )


def spend(team: Team, credit_count: int, at: datetime) -> None:
    for number in range(credit_count):
        request_id = f"{at.isoformat()}-{number}"
        ledger.hold(team.pk, request_id, 100, content_hash="0" * 64, now=at)
        ledger.capture(team.pk, request_id, now=at)


def test_a_stranger_is_asked_to_sign_in_and_comes_back(db: None, client: Client) -> None:
    text = client.get(NEVER).content.decode()
    assert "Sign in to see your own numbers here." in text
    assert "/account/login/?next=/en/help/never-run-out/" in text


def test_a_reader_sees_their_balance_by_source(alice: Caller) -> None:
    browser = Client()
    browser.force_login(alice.person)
    text = browser.get("/en/help/out-of-credits/").content.decode()
    assert "11\u00a0credits left" in text
    assert "<dt>Gift</dt><dd>1\u00a0credit</dd>" in text
    assert "<dt>Pay-as-you-go</dt><dd>10\u00a0credits</dd>" in text
    assert "Two whole months" not in text
    assert "Two whole months of use are needed" in browser.get(NEVER).content.decode()


def test_members_see_the_balance_but_no_advice_about_money(alice: Caller) -> None:
    bob = Person.objects.create_user("bob@example.org", "long enough")
    Membership.objects.create(team=alice.team, person=bob, role=Role.MEMBER)
    browser = Client()
    browser.force_login(bob)
    text = browser.get(NEVER).content.decode()
    assert "11\u00a0credits left" in text
    assert "shown to its owners and admins" in text


def test_somebody_without_a_team_gets_a_sentence(db: None) -> None:
    browser = Client()
    browser.force_login(Person.objects.create_user("nobody@example.org", "long enough"))
    assert "You are in no team with credits" in browser.get(NEVER).content.decode()


def test_a_teams_name_cannot_bring_in_html(alice: Caller) -> None:
    Team.objects.filter(pk=alice.team.pk).update(name="<script>alert(1)</script> {{ gift }} {0}")
    browser = Client()
    browser.force_login(alice.person)
    text = browser.get(NEVER).content.decode()
    assert "<script>alert" not in text
    assert "{{ gift }} {0}" in text


@pytest.mark.parametrize(
    ("plan", "spent", "told"),
    [
        ("Small", (9, 10), "What you have fits"),
        (
            "Small",
            (11, 12),
            "The third way fits: keep what you have and add Pack 5 as a backup (1",
        ),
        ("Small", (30, 30), "The first way fits: the plan Large with 50\u00a0credits a month"),
        ("Large", (9, 9), "The second way fits: credits pile up, and the plan Small with 10\u00a0credits"),
        (
            "Small",
            (2, 1),
            "You need no plan for that: Pack 5 would have been enough (1",
        ),
    ],
)
def test_the_advice_names_the_way_that_fits(db: None, plan: str, spent: tuple[int, int], told: str) -> None:
    plans = {"Small": make_plan("Small", 10, 900), "Large": make_plan("Large", 50, 2500)}
    make_pack("Pack 5", 5, 900)
    with time_machine.travel(BEGIN, tick=False):
        carol = Caller.make("carol")
        subscriptions.subscribe(carol.team.pk, plans[plan], now=BEGIN)
    ledger.grant(carol.team.pk, "enough to spend", Source.GIFT, 10_000, now=BEGIN)
    for month, count in enumerate(spent, 1):
        spend(carol.team, count, datetime(2026, month, 15, tzinfo=UTC))
    request = RequestFactory().get("/")
    request.user, request.session = carol.person, {}  # type: ignore[assignment]
    with time_machine.travel(datetime(2026, 3, 2, tzinfo=UTC), tick=False), translation.override("en"):
        context = own_numbers.advice_context(request, words_of("en"))
    assert f"You used {sum(spent)}\u00a0credits in the last 2\u00a0months." in context["advice"]
    assert told in context["advice"]


def test_the_price_list_is_that_of_the_plans(db: None, client: Client) -> None:
    path = "/de/help/roll-over/"
    assert "keine Preisliste" in client.get(path).content.decode()
    make_plan("Klein", 40, 900)
    make_plan("Ohne", 200, 3900, rollover_cap_multiple=0)
    make_pack("Vorrat", 75, 4900, validity_months=None)
    Plan.objects.create(name="Ohne Preis")
    hidden = make_plan("Alt", 5, 100).plan
    Plan.objects.filter(pk=hidden.pk).update(is_offered=False)
    text = client.get(path).content.decode()
    assert "keine Preisliste" not in text
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", text.replace("\u00a0", " "))
    assert cells[:4] == ["Klein", "40 Credits", "9,00 USD im Monat", "höchstens 200 Credits"]
    assert cells[4:8] == ["Ohne", "200 Credits", "39,00 USD im Monat", "nichts"]
    assert cells[8:] == ["Vorrat", "75 Credits", "49,00 USD", "nie"]
    assert '<td data-name="Preis">' in text
