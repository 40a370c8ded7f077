"""`offcut admin …` as an operator types it."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from offcut.errors import RevokedKeyError
from offcut.server.accounts.keys import authenticate_key, make_key
from offcut.server.accounts.models import Person, Team
from offcut.server.accounts.people import create_owner
from offcut.server.command import server_app

pytestmark = pytest.mark.django_db


def type_in(*words: str, fails: bool = False) -> str:
    result = CliRunner().invoke(server_app, ["admin", *words])
    assert result.exit_code == (1 if fails else 0), result.output
    return result.output


@pytest.fixture
def team(db: None) -> Team:
    return create_owner("owner@example.org", "Olga").teams.get()


def test_making_an_owner() -> None:
    output = type_in("create-owner", "Olga@Example.org", "--name", "Olga")
    assert re.search(r"http://127.0.0.1:8000/sign-in/once/\S+/", output)
    olga = Person.objects.get(email="olga@example.org")
    assert olga.is_superuser
    assert olga.teams.count() == 1
    type_in("create-owner", "olga@example.org")
    assert Person.objects.count() == 1


def test_finding_and_showing(team: Team) -> None:
    key, token = make_key(team, "shop", by=Person.objects.get())
    for text in ("Olga", "owner@example", key.prefix, str(team.pk)):
        assert f"{team.pk}\topen\tOlga's team" in type_in("team", "find", text)
    shown = type_in("team", "show", str(team.pk))
    assert "owner@example.org" in shown
    assert key.prefix in shown
    assert token not in shown


def test_suspending_and_resuming(team: Team) -> None:
    type_in("team", "suspend", str(team.pk), "--reason", "chargeback")
    assert "suspended" in type_in("team", "show", str(team.pk))
    type_in("team", "resume", str(team.pk))
    team.refresh_from_db()
    assert not team.is_suspended
    lines = type_in("audit", "--team", str(team.pk))
    assert "console\tteam.suspended" in lines
    assert "chargeback" in lines


def test_revoking_a_key(team: Team) -> None:
    key, token = make_key(team, "shop", by=Person.objects.get())
    type_in("revoke-key", key.prefix)
    with pytest.raises(RevokedKeyError):
        authenticate_key(token)


@pytest.mark.parametrize(
    "words",
    [
        ("team", "find", "nobody at all"),
        ("team", "show", "999999"),
        ("team", "suspend", "999999", "--reason", "x"),
        ("sign-in-link", "nobody@example.org"),
        ("reset-second-factor", "nobody@example.org"),
        ("revoke-key", "offcut_nothing"),
    ],
)
def test_what_is_not_there_is_said(words: tuple[str, ...]) -> None:
    assert "offcut: " in type_in(*words, fails=True)


def test_granting_and_correcting(team: Team) -> None:
    output = type_in("credits", "grant", str(team.pk), "10.25", "--reason", "a lost order")
    assert f"Granted 10.25 credits to {team.name}" in output
    lines = type_in("credits", "statement", str(team.pk)).splitlines()
    assert "adjustment\t10.25" in lines
    entry = next(line for line in lines if "a lost order" in line).partition("\t")[0]
    type_in("credits", "correct", entry, "-0.25", "--reason", "a slip")
    corrected = type_in("credits", "statement", str(team.pk)).splitlines()
    assert "adjustment\t10" in corrected
    assert any("a slip" in line for line in corrected)
    deeds = type_in("audit", "--team", str(team.pk))
    assert "credits.granted" in deeds
    assert "credits.corrected" in deeds


def test_the_same_grant_twice_gives_once(team: Team) -> None:
    for _ in range(2):
        type_in("credits", "grant", str(team.pk), "5", "--reason", "x", "--id", "order-7")
    assert "adjustment\t5" in type_in("credits", "statement", str(team.pk)).splitlines()
    type_in("credits", "grant", str(team.pk), "6", "--reason", "x", "--id", "order-7", fails=True)


@pytest.mark.parametrize(
    "words",
    [
        ("grant", "TEAM", "0", "--reason", "x"),
        ("grant", "TEAM", "0.001", "--reason", "x"),
        ("grant", "TEAM", "many", "--reason", "x"),
        ("grant", "TEAM", "5", "--reason", "x", "--until", "tomorrow"),
        ("grant", "999999", "5", "--reason", "x"),
        ("correct", "999999", "1", "--reason", "x"),
        ("statement", "999999"),
    ],
)
def test_credits_that_cannot_be_booked(team: Team, words: tuple[str, ...]) -> None:
    before = type_in("credits", "statement", str(team.pk))
    said = type_in("credits", *(word.replace("TEAM", str(team.pk)) for word in words), fails=True)
    assert "offcut: " in said
    assert type_in("credits", "statement", str(team.pk)) == before
