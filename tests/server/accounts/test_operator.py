"""The operator's pages, acting as somebody, and the log of who did what."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from offcut.errors import SignInLinkError, TeamSuspendedError
from offcut.server.accounts.keys import authenticate_key, make_key
from offcut.server.accounts.models import AuditEntry, Person, Team
from offcut.server.accounts.people import create_owner
from offcut.server.accounts.sign_in_links import make_sign_in_link, use_sign_in_link

pytestmark = pytest.mark.django_db
Browser = Callable[..., Client]


@pytest.fixture
def owner(db: None) -> Person:
    return create_owner("owner@example.org", "Olga")


@pytest.fixture
def desk(owner: Person) -> Client:
    """The owner's browser, signed in by a one-time link."""
    client = Client()
    path = make_sign_in_link(owner).partition("8000")[2]
    assert client.get(path).status_code == 200
    assert client.post(path).status_code == 302
    return client


def test_a_sign_in_link_works_once(owner: Person) -> None:
    path = make_sign_in_link(owner).partition("8000")[2]
    client = Client()
    client.get(path)
    assert client.get("/account/").status_code == 302, "looking at the link signed in"
    client.post(path)
    assert client.get("/account/").status_code == 200
    assert Client().post(path).status_code == 410


def test_unknown_links(db: None, client: Client) -> None:
    assert client.get("/sign-in/once/nonsense/").status_code == 410
    with pytest.raises(SignInLinkError):
        use_sign_in_link("nonsense")


def test_nobody_else_gets_in(alice: Person, client: Client, sign_in: Browser) -> None:
    assert client.get("/operator/")["Location"].startswith("/operator/login/")
    signed_in = sign_in(alice)
    assert signed_in.get("/operator/", follow=True).status_code == 403
    for path in ("accounts/team/", "accounts/person/", "accounts/auditentry/"):
        assert signed_in.get(f"/operator/{path}").status_code == 302


@pytest.mark.parametrize("search", ["Alice", "alice@example.org", "offcut_"])
def test_finding_a_team(desk: Client, alice: Person, team: Team, search: str) -> None:
    make_key(team, "shop", by=alice)
    page = desk.get("/operator/accounts/team/", {"q": search}).content.decode()
    assert "Alice&#x27;s team" in page
    details = desk.get(f"/operator/accounts/team/{team.pk}/change/").content.decode()
    assert "alice@example.org" in details or "Alice" in details
    assert "offcut_" in details


@pytest.mark.parametrize("name", ["team", "person", "apikey", "auditentry"])
def test_every_list_opens(desk: Client, alice: Person, team: Team, name: str) -> None:
    make_key(team, "shop", by=alice)
    assert desk.get(f"/operator/accounts/{name}/", {"q": "1"}).status_code == 200
    assert desk.get(f"/operator/accounts/{name}/add/").status_code == 403


def test_suspending_needs_a_reason_and_stops_the_keys(desk: Client, alice: Person, team: Team) -> None:
    _, token = make_key(team, "shop", by=alice)
    address = f"/operator/accounts/team/{team.pk}/suspend/"
    desk.post(address, {"reason": ""})
    authenticate_key(token)
    desk.post(address, {"reason": "chargeback"})
    with pytest.raises(TeamSuspendedError):
        authenticate_key(token)
    entry = AuditEntry.objects.get(deed="team.suspended")
    assert entry.detail == {"reason": "chargeback"}
    assert entry.actor_id == Person.objects.get(email="owner@example.org").pk
    desk.post(f"/operator/accounts/team/{team.pk}/resume/")
    authenticate_key(token)


def test_an_operator_who_is_no_owner_cannot_suspend(
    bob: Person, alice: Person, team: Team, sign_in: Browser
) -> None:
    Person.objects.filter(pk=bob.pk).update(is_staff=True)
    response = sign_in(bob).post(f"/operator/accounts/team/{team.pk}/suspend/", {"reason": "spite"})
    assert response.status_code == 403
    team.refresh_from_db()
    assert not team.is_suspended


def test_acting_shows_a_banner_and_is_written_down(desk: Client, owner: Person, alice: Person) -> None:
    desk.post("/operator/act-as/acquire/", {"user_pk": alice.pk})
    page = desk.get("/account/").content.decode()
    assert "You act as <strong>Alice</strong>" in page
    desk.post("/team/rename/", {"name": "Changed"})
    entry = AuditEntry.objects.get(deed="team.renamed")
    assert (entry.actor_id, entry.acting_operator_id) == (alice.pk, owner.pk)
    desk.post("/operator/act-as/release/")
    assert "You act as" not in desk.get("/account/").content.decode()
    deeds = list(AuditEntry.objects.filter(deed__startswith="acting").order_by("id"))
    assert [(entry.deed, entry.actor_id, entry.subject) for entry in deeds] == [
        ("acting.begun", owner.pk, f"person {alice.pk}"),
        ("acting.ended", owner.pk, f"person {alice.pk}"),
    ]


@pytest.mark.parametrize(
    "path",
    [
        "/account/export/",
        "/account/delete/",
        "/team/close/",
        "/account/email/",
        "/account/password/set/",
        "/account/password/change/",
        "/account/2fa/totp/activate/",
        "/account/2fa/webauthn/add/",
    ],
)
def test_acting_does_not_reach_private_pages(desk: Client, alice: Person, path: str) -> None:
    # Without a password there is nothing to ask again for, so only the rule itself stands in the way.
    alice.set_unusable_password()
    alice.save()
    desk.post("/operator/act-as/acquire/", {"user_pk": alice.pk})
    assert desk.post(path, {"sure": "on"}).status_code == 403
    assert desk.post("/keys/", {"name": "mine"}).status_code == 403
    assert Person.objects.filter(pk=alice.pk).exists()


def test_who_may_act(owner: Person, alice: Person, bob: Person, sign_in: Browser) -> None:
    assert sign_in(alice).post("/operator/act-as/acquire/", {"user_pk": bob.pk}).status_code == 403
    Person.objects.filter(pk=bob.pk).update(is_staff=True)
    client = sign_in(bob)
    assert client.post("/operator/act-as/acquire/", {"user_pk": alice.pk}).status_code == 403
    assert client.post("/operator/act-as/acquire/", {"user_pk": owner.pk}).status_code == 403


def test_no_owner_acts_as_an_operator(desk: Client, bob: Person) -> None:
    Person.objects.filter(pk=bob.pk).update(is_staff=True)
    assert desk.post("/operator/act-as/acquire/", {"user_pk": bob.pk}).status_code == 403


def test_what_is_changed_in_the_admin_is_written_down(desk: Client, owner: Person, alice: Person) -> None:
    address = f"/operator/accounts/person/{alice.pk}/change/"
    fields = {"is_active": ""} | {
        f"memberships-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS")
    }
    desk.post(address, fields)
    alice.refresh_from_db()
    assert not alice.is_active
    entry = AuditEntry.objects.get(deed="operator.changed")
    assert (entry.actor_id, entry.subject) == (owner.pk, f"person {alice.pk}")
    assert "lice" not in str(entry.detail)


def test_the_audit_log_only_grows(alice: Person) -> None:
    entry = AuditEntry.objects.first()
    assert entry is not None
    for change in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(deed="nothing"),
        lambda: AuditEntry.objects.bulk_update([entry], ["deed"]),
    ):
        with pytest.raises(TypeError):
            change()
    assert AuditEntry.objects.filter(pk=entry.pk, deed=entry.deed).exists()
