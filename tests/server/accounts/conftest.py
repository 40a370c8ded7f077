"""Alice owns a team, Bob is a member of it, Charlie is a stranger with a team of his own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from offcut.server.accounts.models import Membership, Person, Team
from offcut.server.accounts.people import welcome
from offcut.server.accounts.roles import Role

PASSWORD = "correct horse battery"


def make_person(name: str) -> Person:
    email = f"{name.lower()}@example.org"
    person = Person.objects.create_user(email, PASSWORD, name=name)
    EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
    welcome(person)
    return person


@pytest.fixture
def alice(db: None) -> Person:
    return make_person("Alice")


@pytest.fixture
def bob(db: None, team: Team) -> Person:
    person = make_person("Bob")
    Membership.objects.create(team=team, person=person, role=Role.MEMBER)
    return person


@pytest.fixture
def charlie(db: None) -> Person:
    return make_person("Charlie")


@pytest.fixture
def team(alice: Person) -> Team:
    """Alice's."""
    return alice.teams.get()


@pytest.fixture
def sign_in() -> Callable[..., Client]:
    """A browser in which a person has signed in with their password, working in `team`."""

    def browser(person: Person, team: Team | None = None, *, proved: bool = False) -> Client:
        client = Client()
        response = client.post("/account/login/", {"login": person.email, "password": PASSWORD})
        assert response.status_code == 302, response.content.decode()
        if team is not None:
            assert client.post("/team/switch/", {"team": team.pk}).status_code == 302
        if proved:
            # Deeds that cannot be undone ask for the password once more.
            assert client.post("/account/reauthenticate/", {"password": PASSWORD}).status_code == 302
        return client

    return browser
