"""API keys: made, shown once, checked, refused by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from offcut.errors import (
    ExpiredKeyError,
    MemberGoneError,
    NotAllowedError,
    RevokedKeyError,
    TeamSuspendedError,
    UnknownKeyError,
)
from offcut.server.accounts.keys import KEYS_MAX, authenticate_key, make_key, revoke_key, take_over_key
from offcut.server.accounts.models import ApiKey, AuditEntry, Membership, Person, Team
from offcut.server.accounts.teams import remove_member, resume_team, suspend_team

pytestmark = pytest.mark.django_db
Browser = Callable[..., Client]


def test_a_key_opens_its_team(alice: Person, team: Team) -> None:
    key, token = make_key(team, "shop", by=alice, monthly_limit_credits=40)
    found = authenticate_key(token)
    assert found == key
    assert found.team == team
    assert found.monthly_limit_credits == 40


def test_only_a_digest_is_kept(alice: Person, team: Team) -> None:
    _, token = make_key(team, "shop", by=alice)
    rows = str(list(ApiKey.objects.values())) + str(list(AuditEntry.objects.values()))
    assert token not in rows
    assert token.rpartition("_")[2] not in rows


def test_tokens_differ_and_are_long(alice: Person, team: Team) -> None:
    tokens = {make_key(team, "shop", by=alice)[1] for _ in range(20)}
    assert len(tokens) == 20
    assert all(re.fullmatch(r"offcut_\w{8}_[A-Za-z0-9]{32}", token) for token in tokens)


@pytest.mark.parametrize(
    "wrong", ["", "x", "offcut_", "offcut_aaaaaaaa_" + "b" * 32, "\x00" * 40, "é" * 50, "a" * 100_000]
)
def test_unknown_keys(db: None, wrong: str) -> None:
    with pytest.raises(UnknownKeyError):
        authenticate_key(wrong)


def test_the_right_beginning_is_not_enough(alice: Person, team: Team) -> None:
    key, token = make_key(team, "shop", by=alice)
    other = token[:-1] + ("a" if token[-1] != "a" else "b")
    with pytest.raises(UnknownKeyError):
        authenticate_key(other)
    key.refresh_from_db()
    assert key.last_used_at is None


def test_revoked(alice: Person, team: Team) -> None:
    key, token = make_key(team, "shop", by=alice)
    revoke_key(key, by=alice)
    with pytest.raises(RevokedKeyError):
        authenticate_key(token)


def test_expired_at_its_very_moment(alice: Person, team: Team) -> None:
    end = datetime(2027, 1, 1, tzinfo=UTC)
    with time_machine.travel(end - timedelta(seconds=1), tick=False):
        _, token = make_key(team, "shop", by=alice, expires_at=end)
        authenticate_key(token)
    with time_machine.travel(end, tick=False), pytest.raises(ExpiredKeyError):
        authenticate_key(token)


def test_a_suspended_team(alice: Person, team: Team) -> None:
    _, token = make_key(team, "shop", by=alice)
    suspend_team(team, "unpaid", by=None)
    with pytest.raises(TeamSuspendedError):
        authenticate_key(token)
    resume_team(team, by=None)
    authenticate_key(token)


def test_a_key_stops_with_its_maker_until_taken_over(
    alice: Person, bob: Person, charlie: Person, team: Team
) -> None:
    key, token = make_key(team, "shop", by=bob)
    remove_member(Membership.objects.get(team=team, person=bob), by=bob)
    with pytest.raises(MemberGoneError):
        authenticate_key(token)
    for person in (bob, charlie):
        with pytest.raises(NotAllowedError):
            take_over_key(key, by=person)
    take_over_key(key, by=alice)
    assert authenticate_key(token) == key


def test_a_person_who_may_not_sign_in_has_no_keys(bob: Person, team: Team) -> None:
    _, token = make_key(team, "shop", by=bob)
    bob.is_active = False
    bob.save()
    with pytest.raises(MemberGoneError):
        authenticate_key(token)


def test_last_use_is_noted_once_a_minute(alice: Person, team: Team) -> None:
    key, token = make_key(team, "shop", by=alice)
    begin = timezone.now()
    seen = []
    for seconds in (0, 30, 61):
        with time_machine.travel(begin + timedelta(seconds=seconds), tick=False):
            authenticate_key(token)
            key.refresh_from_db()
            seen.append(round((key.last_used_at - begin).total_seconds()))
    assert seen == [0, 0, 61]


def test_a_check_costs_one_query(
    alice: Person, team: Team, django_assert_num_queries: Callable[[int], object]
) -> None:
    _, token = make_key(team, "shop", by=alice)
    authenticate_key(token)
    with django_assert_num_queries(1):
        assert authenticate_key(token).team.name


def test_there_is_a_limit(alice: Person, team: Team) -> None:
    for _ in range(KEYS_MAX):
        make_key(team, "shop", by=alice)
    with pytest.raises(NotAllowedError):
        make_key(team, "one too many", by=alice)


def test_the_page_shows_a_key_once(alice: Person, team: Team, sign_in: Browser) -> None:
    client = sign_in(alice, team)
    page = client.post("/keys/", {"name": "shop", "monthly_limit_credits": "5"}).content.decode()
    token = re.search(r"offcut_\w{8}_\w{32}", page)
    assert token
    assert authenticate_key(token.group(0)).monthly_limit_credits == 5
    again = client.get("/keys/")
    assert token.group(0) not in again.content.decode()
    assert token.group(0)[:15] in again.content.decode()
    assert "no-store" in again["Cache-Control"]


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"name": "shop", "monthly_limit_credits": "0"},
        {"name": "shop", "monthly_limit_credits": "-1"},
        {"name": "shop", "expires_on": "2001-01-01"},
        {"name": "shop", "expires_on": "tomorrow"},
    ],
)
def test_the_page_refuses(alice: Person, team: Team, sign_in: Browser, fields: dict[str, str]) -> None:
    page = sign_in(alice, team).post("/keys/", fields).content.decode()
    assert "errorlist" in page
    assert not ApiKey.objects.exists()


def test_who_may_revoke_by_the_page(
    alice: Person, bob: Person, charlie: Person, team: Team, sign_in: Browser
) -> None:
    of_alice, _ = make_key(team, "Alice's", by=alice)
    of_bob, _ = make_key(team, "Bob's", by=bob)
    assert sign_in(charlie).post(f"/keys/{of_alice.pk}/revoke/").status_code == 404
    bobs = sign_in(bob, team)
    assert bobs.post(f"/keys/{of_alice.pk}/revoke/").status_code == 403
    assert bobs.post(f"/keys/{of_bob.pk}/revoke/").status_code == 302
    assert sign_in(alice, team).post(f"/keys/{of_alice.pk}/revoke/").status_code == 302
    assert not ApiKey.objects.filter(revoked_at=None).exists()


def test_taking_over_by_the_page(alice: Person, bob: Person, team: Team, sign_in: Browser) -> None:
    key, token = make_key(team, "shop", by=bob)
    remove_member(Membership.objects.get(team=team, person=bob), by=alice)
    client = sign_in(alice, team)
    assert "its maker left" in client.get("/keys/").content.decode()
    client.post(f"/keys/{key.pk}/take-over/")
    assert authenticate_key(token) == key
