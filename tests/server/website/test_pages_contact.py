"""The contact form: a letter is kept, mailed, and answered; machines fall into the trap."""

from __future__ import annotations

import json
import zipfile
from datetime import timedelta
from io import BytesIO
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from offcut.server.accounts.export import export_person
from offcut.server.accounts.models import Person
from offcut.server.accounts.people import create_owner
from offcut.server.website.pages import contact, letters
from offcut.server.website.pages.models import Letter, LetterState
from offcut.server.website.pages.tasks import mail_letters

LETTER = {
    "name": "Ana\r\nBcc: x@example.com",
    "email": "ana@example.org",
    "topic": "billing",
    "text": "Where is my invoice?\nThanks & bye",
}


@pytest.fixture(autouse=True)
def _fresh_counts(db: None) -> None:
    contact.forget_counts()


def write(client: Client, **changes: str) -> Any:
    return client.post("/es/contact/", {**LETTER, **changes})


def test_a_letter_reaches_the_owners_once(client: Client, mails: list) -> None:
    create_owner("owner@example.org")
    answer = write(client)
    assert answer.status_code == 302
    assert client.get(answer["Location"]).status_code == 200
    mail_letters.call()
    mail_letters.call()
    (sent,) = mails
    assert sent.to == ["owner@example.org"]
    assert sent.reply_to == ["ana@example.org"]
    assert "Ana Bcc: x@example.com" in sent.subject
    assert "Thanks & bye" in sent.body
    letter = Letter.objects.get()
    assert (letter.language, letter.state) == ("es", LetterState.OPEN)
    assert f"/operator/pages/letter/{letter.pk}/change/" in sent.body
    assert letter.mailed_at is not None


def test_a_mail_server_that_is_away_loses_no_letter(
    client: Client, mails: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(client)

    def refuse(*_: object, **__: object) -> int:
        raise SMTPServerDisconnected("gone")

    now = timezone.now()
    with monkeypatch.context() as patch:
        patch.setattr(mail.EmailMessage, "send", refuse)
        assert letters.mail_due(now) == 0
    assert letters.mail_due(now) == 0
    assert letters.mail_due(now + letters.WAITS[0]) == 1
    assert len(mails) == 1


def test_what_falls_into_the_trap_is_kept_as_junk(client: Client, mails: list) -> None:
    assert write(client, website="https://spam.example").status_code == 302
    mail_letters.call()
    assert Letter.objects.get().state == LetterState.JUNK
    assert mails == []


def test_too_many_from_one_place_keep_their_words(client: Client) -> None:
    for _ in range(contact.LETTERS_AN_HOUR):
        assert write(client).status_code == 302
    answer = write(client, text="The sixth letter")
    assert answer.status_code == 429
    assert "The sixth letter" in answer.content.decode()
    assert Letter.objects.count() == contact.LETTERS_AN_HOUR


def test_a_form_that_is_wrong_is_shown_again_and_counts_nothing(client: Client) -> None:
    for _ in range(contact.LETTERS_AN_HOUR + 1):
        answer = write(client, email="nobody")
        assert answer.status_code == 200
        assert "Where is my invoice?" in answer.content.decode()
    assert write(client).status_code == 302


def test_a_person_gets_their_letters_with_their_data(client: Client) -> None:
    person = Person.objects.create_user("ana@example.org", "a long enough password")
    client.force_login(person)
    write(client)
    archive = zipfile.ZipFile(BytesIO(export_person(person)))
    assert json.loads(archive.read("letters.json"))[0]["text"].startswith("Where is my invoice?")


def test_the_operator_answers_and_time_forgets(client: Client) -> None:
    write(client)
    client.force_login(create_owner("owner@example.org"))
    letter = Letter.objects.get()
    listing = client.get("/operator/pages/letter/")
    assert "ana@example.org" in listing.content.decode()
    change = f"/operator/pages/letter/{letter.pk}/change/"
    assert client.post(change, {"state": "answered", "note": "Sent the invoice."}).status_code == 302
    letter.refresh_from_db()
    assert letter.closed_at is not None
    kept = timedelta(days=letters.KEPT_DAYS)
    letters.forget_closed(letter.closed_at + kept - timedelta(hours=1))
    assert Letter.objects.exists()
    letters.forget_closed(letter.closed_at + kept + timedelta(hours=1))
    assert not Letter.objects.exists()
