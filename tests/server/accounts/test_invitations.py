"""Invitations by HTTP: sent, accepted, declined, withdrawn, over."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.test import Client
from django.utils import timezone

from offcut.server.accounts import invitations
from offcut.server.accounts.models import Invitation, Membership, Person, SignInLink, Team
from offcut.server.accounts.roles import Role
from offcut.server.accounts.sign_in_links import make_sign_in_link
from offcut.server.accounts.tasks import forget_what_is_over

pytestmark = pytest.mark.django_db
Browser = Callable[..., Client]


def invite(client: Client, email: str, role: str = "member") -> str:
    response = client.post("/team/invite/", {"email": email, "role": role})
    assert response.status_code == 200, response.content.decode()
    found = re.search(r"/invitations/[\w-]+/", mail.outbox[-1].body)
    assert found
    return found.group(0)


def test_from_mail_to_member(alice: Person, charlie: Person, team: Team, sign_in: Browser) -> None:
    link = invite(sign_in(alice, team), "Charlie@example.org", "admin")
    message = mail.outbox[-1]
    assert message.to == ["charlie@example.org"]
    assert "Alice" in message.body
    assert message.alternatives[0][1] == "text/html"
    client = sign_in(charlie)
    assert "Join the team" in client.get(link).content.decode()
    assert not Membership.objects.filter(team=team, person=charlie).exists(), "looking is no answer"
    client.post(link, {"answer": "accept"})
    assert Membership.objects.get(team=team, person=charlie).role == Role.ADMIN
    # They now work in that team, and the link is used up.
    assert "alice@example.org" in client.get("/team/").content.decode()
    assert client.post(link, {"answer": "accept"}).status_code == 410


def test_the_token_is_kept_nowhere(alice: Person, team: Team, sign_in: Browser) -> None:
    token = invite(sign_in(alice, team), "new@example.org").split("/")[2]
    assert token not in str(list(Invitation.objects.values()))


def test_members_cannot_invite_and_admins_make_no_owner(
    alice: Person, bob: Person, charlie: Person, team: Team, sign_in: Browser
) -> None:
    bobs = sign_in(bob, team)
    assert bobs.post("/team/invite/", {"email": "x@example.org", "role": "member"}).status_code == 403
    Membership.objects.filter(team=team, person=bob).update(role=Role.ADMIN)
    bobs.post("/team/invite/", {"email": "x@example.org", "role": "owner"})
    sign_in(charlie).post("/team/invite/", {"email": "x@example.org", "role": "member"})
    assert not Invitation.objects.filter(team=team).exists()


def test_the_link_in_other_hands(
    alice: Person, bob: Person, charlie: Person, team: Team, sign_in: Browser
) -> None:
    link = invite(sign_in(alice, team), "somebody@example.org")
    client = sign_in(charlie)
    assert "Join the team" not in client.get(link).content.decode()
    assert client.post(link, {"answer": "accept"}).status_code == 410
    assert not Membership.objects.filter(team=team, person=charlie).exists()


def test_an_invitation_waits_on_the_persons_page(
    alice: Person, bob: Person, charlie: Person, team: Team, sign_in: Browser
) -> None:
    invite(sign_in(alice, team), charlie.email)
    number = Invitation.objects.get().pk
    assert sign_in(bob).post(f"/invitations/{number}/answer/", {"answer": "accept"}).status_code == 404
    client = sign_in(charlie)
    assert "Invitation to Alice" in client.get("/account/").content.decode()
    client.post(f"/invitations/{number}/answer/", {"answer": "accept"})
    assert Membership.objects.filter(team=team, person=charlie).exists()


def test_declining_needs_no_account(alice: Person, team: Team, sign_in: Browser, client: Client) -> None:
    link = invite(sign_in(alice, team), "new@example.org")
    assert client.get(link).status_code == 200
    client.post(link, {"answer": "decline"})
    assert Invitation.objects.get().declined_at is not None
    assert client.get(link).status_code == 410


def test_withdrawn_and_replaced(alice: Person, bob: Person, team: Team, sign_in: Browser) -> None:
    client = sign_in(alice, team)
    first = invite(client, "new@example.org")
    second = invite(client, "new@example.org")
    assert Client().get(first).status_code == 410
    assert Client().get(second).status_code == 200
    latest = Invitation.objects.latest("id")
    address = f"/team/invitations/{latest.pk}/withdraw/"
    assert sign_in(bob, team).post(address).status_code == 403
    client.post(address)
    assert Client().get(second).status_code == 410


def test_an_invitation_ends(alice: Person, charlie: Person, team: Team, sign_in: Browser) -> None:
    link = invite(sign_in(alice, team), charlie.email)
    days = settings.CONFIGURATION.invitation_days
    client = sign_in(charlie)
    with time_machine.travel(timezone.now() + timedelta(days=days, minutes=-1), tick=False):
        assert client.get(link).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=days, minutes=1), tick=False):
        assert client.post(link, {"answer": "accept"}).status_code == 410
        assert "Invitation to" not in client.get("/account/").content.decode()


def test_somebody_who_is_in_already(alice: Person, bob: Person, team: Team, sign_in: Browser) -> None:
    response = sign_in(alice, team).post("/team/invite/", {"email": bob.email, "role": "member"})
    assert response.status_code == 410
    assert "in the team already" in response.content.decode()


def test_an_invitation_opens_a_closed_door(
    alice: Person, team: Team, sign_in: Browser, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.CONFIGURATION._values, "sign_up", "invited")
    client.get(invite(sign_in(alice, team), "new@example.org"))
    client.post("/account/signup/", {"email": "new@example.org", "password1": "correct horse battery"})
    assert Person.objects.filter(email="new@example.org").exists()


def test_what_is_long_over_is_forgotten(alice: Person, team: Team, sign_in: Browser) -> None:
    client = sign_in(alice, team)
    invite(client, "new@example.org")
    make_sign_in_link(alice)
    with time_machine.travel(timezone.now() + timedelta(days=20)):
        forget_what_is_over.call()
    assert Invitation.objects.count() == SignInLink.objects.count() == 1
    with time_machine.travel(timezone.now() + timedelta(days=60)):
        forget_what_is_over.call()
    assert not Invitation.objects.exists()
    assert not SignInLink.objects.exists()


def test_a_team_sends_so_many_a_day(
    alice: Person, team: Team, sign_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "INVITATIONS_A_DAY_MAX", 2)
    client = sign_in(alice, team)
    for _ in range(2):
        invite(client, "new@example.org")
    response = client.post("/team/invite/", {"email": "new@example.org", "role": "member"})
    assert "too many invitations today" in response.content.decode()
    assert len(mail.outbox) == 2
