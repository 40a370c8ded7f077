"""Signing up, confirming the address, signing in, and getting back in."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Callable
from html import unescape
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client

from offcut.server.accounts.models import AuditEntry, Person, Team
from offcut.server.accounts.roles import Role

PASSWORD = "correct horse battery"

pytestmark = pytest.mark.django_db


def link_in(text: str) -> str:
    found = re.search(r"https?://[^/\s]+(/\S+)", text)
    assert found, text
    return found.group(1)


def sign_up(client: Client, email: str = "Dora@Example.org") -> None:
    response = client.post("/account/signup/", {"email": email, "password1": PASSWORD})
    assert response.status_code == 302
    assert response["Location"] == "/account/confirm-email/"


def test_from_sign_up_to_signed_in(client: Client) -> None:
    sign_up(client)
    dora = Person.objects.get(email="dora@example.org")
    assert [(own.role, own.team.name) for own in dora.memberships.all()] == [(Role.OWNER, "dora's team")]
    # Without a confirmed address there is no way in.
    client.post("/account/login/", {"login": "dora@example.org", "password": PASSWORD})
    assert client.get("/account/").status_code == 302
    confirm = link_in(mail.outbox[0].body)
    assert client.get(confirm).status_code == 200
    client.post(confirm)
    client.post("/account/login/", {"login": "DORA@example.org", "password": PASSWORD})
    page = client.get("/account/")
    assert page.status_code == 200
    assert "dora@example.org" in page.content.decode()


def on_the_way(client: Client, wanted: str, *, other_browser: bool = False) -> str:
    """Where Dora is when she has signed up on her way to a page, confirmed her address and signed in."""
    address = f"/account/signup/?next={quote(wanted)}"
    shown = re.search(r'name="next" value="([^"]*)"', client.get(address).content.decode())
    assert shown, "the form does not say where to go on"
    fields = {"email": "dora@example.org", "password1": PASSWORD, "next": unescape(shown.group(1))}
    assert client.post(address, fields)["Location"] == "/account/confirm-email/"
    browser = Client() if other_browser else client
    answer = browser.post(link_in(mail.outbox[-1].body))
    assert answer["Location"] == "/account/login/"
    return browser.post("/account/login/", {"login": "dora@example.org", "password": PASSWORD})["Location"]


def test_the_way_by_the_letterbox_leads_on_to_where_it_began(client: Client) -> None:
    assert on_the_way(client, "/fr/pricing/?a=1&b=2") == "/fr/pricing/?a=1&b=2"
    # Once only: the next time she signs in she is asked for nothing.
    client.post("/account/logout/")
    again = client.post("/account/login/", {"login": "dora@example.org", "password": PASSWORD})
    assert again["Location"] == "/en/"


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_the_way_by_the_letterbox_never_leads_to_another_host(client: Client, wanted: str) -> None:
    assert on_the_way(client, wanted) == "/en/"


def test_a_mail_opened_in_another_browser_leads_to_the_front_page(client: Client) -> None:
    assert on_the_way(client, "/fr/pricing/", other_browser=True) == "/en/"


def test_a_taken_address_is_not_given_away(client: Client, alice: Person) -> None:
    sign_up(client, alice.email)
    assert Person.objects.count() == 1
    assert Team.objects.count() == 1
    assert "/confirm-email/" not in mail.outbox[0].body


@pytest.mark.parametrize("password", ["short", "password1234", "dora@example.org"])
def test_weak_passwords_are_refused(client: Client, password: str) -> None:
    response = client.post("/account/signup/", {"email": "dora@example.org", "password1": password})
    assert response.status_code == 200
    assert not Person.objects.exists()


def test_sign_up_for_invited_people_only(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.CONFIGURATION._values, "sign_up", "invited")
    response = client.post("/account/signup/", {"email": "dora@example.org", "password1": PASSWORD})
    assert not Person.objects.exists()
    assert "closed" in response.content.decode().lower()


def test_wrong_passwords_are_throttled(client: Client, alice: Person) -> None:
    for _ in range(10):
        client.post("/account/login/", {"login": alice.email, "password": "wrong"})
    client.post("/account/login/", {"login": alice.email, "password": PASSWORD})
    assert client.get("/account/").status_code == 302, "the right password came in after ten wrong ones"


def test_password_reset_by_mail(client: Client, alice: Person) -> None:
    client.post("/account/password/reset/", {"email": alice.email})
    address = client.get(link_in(mail.outbox[0].body), follow=True).request["PATH_INFO"]
    new = "another horse battery"
    client.post(address, {"password1": new, "password2": new})
    client.post("/account/login/", {"login": alice.email, "password": new})
    assert client.get("/account/").status_code == 200
    assert AuditEntry.objects.filter(deed="password.reset", actor_id=alice.pk).exists()


def test_reset_for_an_unknown_address_tells_the_browser_nothing(client: Client, alice: Person) -> None:
    known = client.post("/account/password/reset/", {"email": alice.email})
    unknown = client.post("/account/password/reset/", {"email": "nobody@example.org"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


def test_password_change_keeps_the_browser_signed_in(alice: Person, sign_in: Callable[..., Client]) -> None:
    client = sign_in(alice)
    new = "another horse battery"
    client.post("/account/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    alice.refresh_from_db()
    assert alice.check_password(new)
    assert client.get("/account/").status_code == 200


def test_a_new_address_counts_once_it_is_confirmed(alice: Person, sign_in: Callable[..., Client]) -> None:
    client = sign_in(alice, proved=True)
    client.post("/account/email/", {"email": "alice@new.example.org", "action_add": ""})
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"
    to_new = [message for message in mail.outbox if message.to == ["alice@new.example.org"]]
    client.post(link_in(to_new[0].body))
    alice.refresh_from_db()
    assert alice.email == "alice@new.example.org"


def test_a_mail_server_that_is_away_is_said(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise smtplib.SMTPServerDisconnected("away")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    response = client.post("/account/signup/", {"email": "dora@example.org", "password1": PASSWORD})
    assert response.status_code == 503
    assert "The mail could not be sent." in response.content.decode()


def test_the_language_a_person_chose(alice: Person, sign_in: Callable[..., Client]) -> None:
    client = sign_in(alice)
    client.post("/account/", {"name": "Alice", "language": "de"})
    page = client.get("/account/", headers={"accept-language": "fr"})
    assert '<html lang="de">' in page.content.decode()


@pytest.mark.parametrize(
    "path", ["/account/", "/team/", "/team/new/", "/keys/", "/account/export/", "/account/delete/"]
)
def test_signed_out_people_are_led_to_the_door(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/account/login/")
