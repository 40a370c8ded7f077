"""Alice owns a team, Ada is an admin of it, Bob a member; Charlie has a team of his own. It is noon."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import translation

from offcut.server.accounts.keys import make_key
from offcut.server.accounts.models import ApiKey, Membership, Person, Team
from offcut.server.accounts.people import welcome
from offcut.server.accounts.roles import Role
from offcut.server.credits import ledger
from offcut.server.credits.models import Pack, PackTerms, Plan, PlanTerms
from offcut.server.payments import orders
from offcut.server.payments.models import Order

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    """Time stands still at NOW until the test moves it."""
    with time_machine.travel(NOW, tick=False) as coordinates:
        yield coordinates


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Addresses are English, whatever language a page of an earlier test was in."""
    with translation.override("en"):
        yield


def make_person(name: str) -> Person:
    person = Person.objects.create_user(f"{name.lower()}@example.org", None, name=name)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    welcome(person)
    return person


@pytest.fixture
def alice(db: None) -> Person:
    return make_person("Alice")


@pytest.fixture
def team(alice: Person) -> Team:
    """Alice's, in Madrid; it has the gift of one credit."""
    team = alice.teams.get()
    Team.objects.filter(pk=team.pk).update(time_zone="Europe/Madrid", name="Atelier")
    team.refresh_from_db()
    return team


@pytest.fixture
def ada(team: Team) -> Person:
    person = make_person("Ada")
    person.memberships.all().delete()
    Membership.objects.create(team=team, person=person, role=Role.ADMIN)
    return person


@pytest.fixture
def bob(team: Team) -> Person:
    person = make_person("Bob")
    person.memberships.all().delete()
    Membership.objects.create(team=team, person=person, role=Role.MEMBER)
    return person


@pytest.fixture
def charlie(db: None) -> Person:
    return make_person("Charlie")


@pytest.fixture
def sign_in() -> Callable[[Person], Client]:
    """A browser in which the person is signed in."""

    def browser(person: Person) -> Client:
        client = Client(headers={"accept-language": "en"})
        client.force_login(person, backend=BACKEND)
        return client

    return browser


@pytest.fixture
def owner(alice: Person, team: Team, sign_in: Callable[[Person], Client]) -> Client:
    """Alice's browser."""
    return sign_in(alice)


@pytest.fixture
def key(team: Team, alice: Person) -> ApiKey:
    return make_key(team, "Shop", by=alice)[0]


def make_plan(name: str, credit_count: int, price: int, *, months: int = 1, rollover: int = 5) -> Plan:
    plan = Plan.objects.create(name=name, billing_months=months, position=credit_count)
    PlanTerms.objects.create(
        plan=plan,
        starts_at=NOW - timedelta(days=900),
        price=price,
        monthly_amount=credit_count * 100,
        rollover_cap_multiple=rollover,
    )
    return plan


@pytest.fixture
def small(db: None) -> Plan:
    return make_plan("Small", 40, 900)


@pytest.fixture
def large(db: None) -> Plan:
    return make_plan("Large", 200, 3900)


@pytest.fixture
def pack(db: None) -> Pack:
    pack = Pack.objects.create(name="Ten")
    PackTerms.objects.create(
        pack=pack, starts_at=NOW - timedelta(days=900), price=900, amount=1000, validity_months=24
    )
    return pack


def subscribe(team: Team, plan: Plan, now: datetime = NOW) -> Order:
    order = orders.choose_plan(team, plan, now=now)
    assert order is not None
    return orders.mark_paid(order.pk, now=now, reference="transfer")


_numbers = itertools.count()


def spend(
    team: Team, amount: int, now: datetime = NOW, *, key: ApiKey | None = None, preview: bool = False
) -> None:
    """Pay for one image."""
    name = f"image:{next(_numbers)}"
    ledger.hold(
        team.pk, name, amount, content_hash=name, now=now, key=key, preview=preview, size="full asked"
    )
    ledger.capture(team.pk, name, now=now)
