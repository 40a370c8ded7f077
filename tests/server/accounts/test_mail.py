"""Mails of accounts, sent through a real SMTP server."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings
from django.test import Client

from offcut.server.accounts.models import Person, Team

pytestmark = pytest.mark.django_db


class Letterbox:
    """What an SMTP server was given."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:  # noqa: N802
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"


@pytest.fixture
def letterbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Letterbox]:
    box = Letterbox()
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    monkeypatch.setattr(settings, "EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
    monkeypatch.setattr(settings, "EMAIL_HOST", "127.0.0.1")
    monkeypatch.setattr(settings, "EMAIL_PORT", port)
    monkeypatch.setattr(settings, "EMAIL_USE_TLS", False)
    yield box
    server.stop()


def read(mail: EmailMessage) -> tuple[str, str]:
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    return text.get_content(), html.get_content()


def test_confirming_and_resetting(letterbox: Letterbox, client: Client, alice: Person) -> None:
    client.post("/account/signup/", {"email": "dora@example.org", "password1": "correct horse battery"})
    client.post("/account/password/reset/", {"email": alice.email})
    assert [mail["To"] for mail in letterbox.mails] == ["dora@example.org", "alice@example.org"]
    for mail, path in zip(letterbox.mails, ("/account/confirm-email/", "/password/reset/key/"), strict=True):
        text, html = read(mail)
        assert path in text
        assert path in html
        assert "<a href=" in html
        assert "example.com" not in text
        assert mail["From"] == settings.DEFAULT_FROM_EMAIL


def test_inviting(letterbox: Letterbox, alice: Person, team: Team, sign_in: Callable[..., Client]) -> None:
    sign_in(alice, team).post("/team/invite/", {"email": "new@example.org", "role": "member"})
    text, html = read(letterbox.mails[0])
    assert letterbox.mails[0]["Subject"] == "Join Alice's team on Offcut"
    for body in (text, html):
        assert "Alice" in body
        assert "/invitations/" in body


def test_names_cannot_add_headers_or_markup(
    letterbox: Letterbox, alice: Person, team: Team, sign_in: Callable[..., Client]
) -> None:
    client = sign_in(alice, team)
    name = "<b>x</b>\r\nBcc: all@example.org"
    client.post("/team/rename/", {"name": name})
    team.refresh_from_db()
    assert team.name == "<b>x</b> Bcc: all@example.org"
    Team.objects.update(name=name)
    client.post("/team/invite/", {"email": "new@example.org", "role": "member"})
    mail = letterbox.mails[0]
    assert mail["Bcc"] is None
    assert "<b>" not in read(mail)[1]
