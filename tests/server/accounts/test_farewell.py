"""Exporting one's data and deleting one's account."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from offcut.errors import LastOwnerError
from offcut.server.accounts import signals
from offcut.server.accounts.keys import make_key
from offcut.server.accounts.models import ApiKey, AuditEntry, Membership, Person, Team
from offcut.server.accounts.people import delete_person
from offcut.server.accounts.roles import Role
from offcut.server.accounts.teams import change_role

pytestmark = pytest.mark.django_db
Browser = Callable[..., Client]


def exported(client: Client) -> dict[str, object]:
    response = client.get("/account/export/")
    assert response["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


def test_the_export_holds_the_persons_data_and_no_secret(
    alice: Person, bob: Person, team: Team, sign_in: Browser
) -> None:
    key, token = make_key(team, "shop", by=alice)
    files = exported(sign_in(alice, team, proved=True))
    assert files["person.json"]["email"] == "alice@example.org"
    assert files["teams.json"][0]["role"] == "owner"
    assert files["keys.json"][0]["prefix"] == key.prefix
    assert "key.made" in [entry["deed"] for entry in files["deeds.json"]]
    text = json.dumps(files)
    alice.refresh_from_db()
    for secret in (token, key.digest, alice.password, "bob@example.org"):
        assert secret not in text


def test_others_add_to_the_export(alice: Person, sign_in: Browser) -> None:
    def add(person: Person, **_: object) -> tuple[str, object]:
        return "statement", [person.pk]

    signals.person_exporting.connect(add)
    try:
        files = exported(sign_in(alice, proved=True))
    finally:
        signals.person_exporting.disconnect(add)
    assert files["statement.json"] == [alice.pk]


def test_exporting_asks_for_the_password_again(alice: Person, sign_in: Browser) -> None:
    response = sign_in(alice).get("/account/export/")
    assert response["Location"].startswith("/account/reauthenticate/")


def test_deleting_forgets_the_person_and_keeps_the_books(charlie: Person, sign_in: Browser) -> None:
    team = charlie.teams.get()
    make_key(team, "shop", by=charlie)
    number = charlie.pk
    client = sign_in(charlie, proved=True)
    assert "Charlie&#x27;s team" in client.get("/account/delete/").content.decode()
    client.post("/account/delete/", {"sure": "on"})
    assert not Person.objects.filter(pk=number).exists()
    assert not EmailAddress.objects.filter(email="charlie@example.org").exists()
    team.refresh_from_db()
    assert team.is_closed
    assert not ApiKey.objects.filter(team=team, revoked_at=None).exists()
    # The audit log still says what person 123 did, and no longer who that was.
    entries = AuditEntry.objects.filter(actor_id=number)
    assert entries.filter(deed="person.deleted").exists()
    assert "harlie" not in str(list(AuditEntry.objects.values()))
    assert client.get("/account/").status_code == 302


def test_not_without_the_tick(charlie: Person, sign_in: Browser) -> None:
    sign_in(charlie, proved=True).post("/account/delete/", {})
    assert Person.objects.filter(pk=charlie.pk).exists()


def test_the_only_owner_of_others_is_held_back(
    alice: Person, bob: Person, team: Team, sign_in: Browser
) -> None:
    client = sign_in(alice, team, proved=True)
    assert "only owner" in client.get("/account/delete/").content.decode()
    assert client.post("/account/delete/", {"sure": "on"}).status_code == 409
    with pytest.raises(LastOwnerError):
        delete_person(alice)
    assert Person.objects.filter(pk=alice.pk).exists()
    assert team.memberships.count() == 2
    change_role(Membership.objects.get(team=team, person=bob), Role.OWNER, by=alice)
    client.post("/account/delete/", {"sure": "on"})
    team.refresh_from_db()
    assert not team.is_closed
    assert [member.person for member in team.memberships.all()] == [bob]
