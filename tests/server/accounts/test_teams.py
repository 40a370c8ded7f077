"""Teams by HTTP: who may do what, and that nobody else can."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from offcut.errors import LastOwnerError, NotAllowedError
from offcut.server.accounts import signals
from offcut.server.accounts.models import Membership, Person, Team
from offcut.server.accounts.roles import Deed, Role, may, may_change
from offcut.server.accounts.teams import change_role, close_team, open_team, remove_member, require

pytestmark = pytest.mark.django_db
Browser = Callable[..., Client]


def own(team: Team, person: Person) -> Membership:
    return Membership.objects.get(team=team, person=person)


def test_the_roles_grow_by_steps() -> None:
    reach = {role: {deed for deed in Deed if may(role, deed)} for role in Role}
    assert reach[Role.MEMBER] < reach[Role.ADMIN] < reach[Role.OWNER] == set(Deed)


@pytest.mark.parametrize(
    ("role", "of", "to", "allowed"),
    [
        (Role.OWNER, Role.OWNER, Role.MEMBER, True),
        (Role.OWNER, Role.MEMBER, Role.OWNER, True),
        (Role.ADMIN, Role.MEMBER, Role.ADMIN, True),
        (Role.ADMIN, Role.ADMIN, None, True),
        (Role.ADMIN, Role.MEMBER, Role.OWNER, False),
        (Role.ADMIN, Role.OWNER, None, False),
        (Role.MEMBER, Role.MEMBER, Role.ADMIN, False),
        (Role.MEMBER, Role.MEMBER, None, False),
    ],
)
def test_who_may_change_whom(role: Role, of: Role, to: Role | None, allowed: bool) -> None:
    assert may_change(role, of, to) is allowed


def test_everybody_sees_their_team_only(
    alice: Person, bob: Person, charlie: Person, team: Team, sign_in: Browser
) -> None:
    for person in (alice, bob):
        page = sign_in(person, team).get("/team/").content.decode()
        assert "alice@example.org" in page
        assert "charlie@example.org" not in page
    page = sign_in(charlie).get("/team/").content.decode()
    assert "alice@example.org" not in page


def test_a_stranger_cannot_switch_to_the_team(charlie: Person, team: Team, sign_in: Browser) -> None:
    assert sign_in(charlie).post("/team/switch/", {"team": team.pk}).status_code == 404


def test_only_owners_and_admins_rename(
    alice: Person, bob: Person, charlie: Person, team: Team, sign_in: Browser
) -> None:
    assert sign_in(bob, team).post("/team/rename/", {"name": "Bob's"}).status_code == 403
    sign_in(charlie).post("/team/rename/", {"name": "Charlie's new name"})
    team.refresh_from_db()
    assert team.name == "Alice's team"
    sign_in(alice, team).post("/team/rename/", {"name": "Studio"})
    team.refresh_from_db()
    assert team.name == "Studio"


def test_roles_change_by_owners_hands(
    alice: Person, bob: Person, charlie: Person, team: Team, sign_in: Browser
) -> None:
    address = f"/team/members/{own(team, bob).pk}/role/"
    assert sign_in(bob, team).post(address, {"role": "admin"}).status_code == 403
    # Charlie works in his own team, where there is no such member.
    assert sign_in(charlie).post(address, {"role": "admin"}).status_code == 404
    sign_in(alice, team).post(address, {"role": "admin"})
    assert own(team, bob).role == Role.ADMIN
    # An admin cannot make themself an owner, nor touch one.
    bobs = sign_in(bob, team)
    assert bobs.post(address, {"role": "owner"}).status_code == 403
    assert bobs.post(f"/team/members/{own(team, alice).pk}/remove/").status_code == 403
    assert own(team, alice).role == Role.OWNER


def test_removing_and_leaving(
    alice: Person, bob: Person, charlie: Person, team: Team, sign_in: Browser
) -> None:
    address = f"/team/members/{own(team, bob).pk}/remove/"
    assert sign_in(charlie).post(address).status_code == 404
    response = sign_in(bob, team).post(address)
    assert response["Location"] == "/account/"
    assert not Membership.objects.filter(team=team, person=bob).exists()


def test_the_last_owner_stays(alice: Person, bob: Person, team: Team, sign_in: Browser) -> None:
    client = sign_in(alice, team)
    response = client.post(f"/team/members/{own(team, alice).pk}/remove/")
    assert response.status_code == 409
    assert "last owner" in response.content.decode()
    assert client.post(f"/team/members/{own(team, alice).pk}/role/", {"role": "member"}).status_code == 409
    assert own(team, alice).role == Role.OWNER
    change_role(own(team, bob), Role.OWNER, by=alice)
    remove_member(own(team, alice), by=alice)
    with pytest.raises(LastOwnerError):
        remove_member(own(team, bob), by=bob)


def test_a_member_who_is_gone_already(alice: Person, bob: Person, team: Team) -> None:
    member = own(team, bob)
    remove_member(member, by=bob)
    with pytest.raises(NotAllowedError):
        remove_member(member, by=alice)


def test_closing_ends_keys_people_and_name(alice: Person, bob: Person, team: Team, sign_in: Browser) -> None:
    assert sign_in(bob, team, proved=True).post("/team/close/").status_code == 403
    sign_in(alice, team).post("/team/close/")
    team.refresh_from_db()
    assert not team.is_closed, "closed without asking for the password again"
    client = sign_in(alice, team, proved=True)
    client.post("/keys/", {"name": "shop"})
    client.post("/team/close/")
    team.refresh_from_db()
    assert team.is_closed
    assert team.name == ""
    assert not team.memberships.exists()
    assert not team.keys.filter(revoked_at=None).exists()
    # With no team left, the team's page leads to making one.
    assert client.get("/team/")["Location"] == "/team/new/"


def test_who_listens_may_refuse_the_closing(alice: Person, team: Team) -> None:
    def refuse(**_: object) -> None:
        raise NotAllowedError("An invoice is open.")

    signals.team_closing.connect(refuse)
    try:
        with pytest.raises(NotAllowedError):
            close_team(team, by=alice)
    finally:
        signals.team_closing.disconnect(refuse)
    team.refresh_from_db()
    assert not team.is_closed


def test_opening_tells_whether_it_is_a_sign_up(alice: Person) -> None:
    heard = []

    def listen(team: Team, at_sign_up: bool, **_: object) -> None:
        heard.append((team.name, at_sign_up))

    signals.team_opened.connect(listen)
    try:
        open_team(alice, "Second")
    finally:
        signals.team_opened.disconnect(listen)
    assert heard == [("Second", False)]


def test_there_is_a_limit_of_teams(
    alice: Person, team: Team, sign_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("offcut.server.accounts.teams.TEAMS_OWNED_MAX", 2)
    client = sign_in(alice)
    assert client.post("/team/new/", {"name": "Second"}).status_code == 302
    assert client.post("/team/new/", {"name": "Third"}).status_code == 403
    assert alice.teams.count() == 2


def test_require_names_what_is_missing(alice: Person, bob: Person, charlie: Person, team: Team) -> None:
    assert require(alice, team, Deed.MANAGE_BILLING).role == Role.OWNER
    for person in (bob, charlie):
        with pytest.raises(NotAllowedError):
            require(person, team, Deed.MANAGE_BILLING)
