"""`offcut admin …` as an operator types it."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from offcut.errors import RevokedKeyError
from offcut.server.accounts.keys import authenticate_key, make_key
from offcut.server.accounts.models import Person, Team
from offcut.server.accounts.people import create_owner
from offcut.server.commands import server_app

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
