"""“Was this article helpful?”: one answer a session and article, changeable, counted for the operator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from offcut.server.accounts.models import Person
from offcut.server.website.help import voting
from offcut.server.website.help.models import WORDS_LENGTH_MAX, Vote

ARTICLE = "/en/help/roll-over/"
FEEDBACK = ARTICLE + "feedback/"


@pytest.fixture(autouse=True)
def _no_answers_counted(db: None) -> Iterator[None]:
    voting.forget()
    yield
    voting.forget()


def answer(client: Client, value: str = "yes", path: str = FEEDBACK, **fields: str) -> Any:
    return client.post(path, {"answer": value, **fields})


def test_an_answer_is_kept_and_thanked_for(client: Client) -> None:
    response = answer(client)
    assert response.status_code == 302
    assert response["Location"] == ARTICLE + "#feedback"
    text = client.get(ARTICLE).content.decode()
    assert "Thank you for your answer." in text
    assert Vote.objects.get().is_helpful


def test_the_same_reader_is_counted_once_and_may_change_their_mind(client: Client) -> None:
    answer(client, "yes")
    answer(client, "no", words="Too long.")
    answer(client, "no", path="/de/help/roll-over/feedback/")
    vote = Vote.objects.get()
    assert (vote.is_helpful, vote.words, vote.language) == (False, "Too long.", "de")
    answer(client, "no", words="")
    assert Vote.objects.get().words == ""


def test_other_readers_and_other_articles_count_apart(client: Client) -> None:
    answer(client)
    answer(client, path="/en/help/privacy/feedback/")
    answer(Client())
    assert Vote.objects.count() == 3
    assert "Thank you" not in Client().get(ARTICLE).content.decode()


def test_signing_in_does_not_make_another_reader(client: Client) -> None:
    person = Person.objects.create_user("reader@example.org", "long enough")
    answer(client, "yes")
    client.force_login(person)
    answer(client, "no")
    assert Vote.objects.count() == 1


def test_reading_alone_begins_no_session(client: Client) -> None:
    client.get(ARTICLE)
    assert "offcut-session" not in client.cookies


@pytest.mark.parametrize(
    "fields",
    [{}, {"answer": ""}, {"answer": "perhaps"}, {"answer": "no", "words": "x" * (WORDS_LENGTH_MAX + 1)},
     {"answer": "no", "words": "a\0b"}],
)  # fmt: skip
def test_an_answer_that_is_none_is_refused_and_kept_nowhere(client: Client, fields: dict[str, str]) -> None:
    response = client.post(FEEDBACK, fields)
    assert response.status_code == 400
    assert b"Was this article helpful?" in response.content
    assert not Vote.objects.exists()


def test_words_that_are_too_long_are_not_lost(client: Client) -> None:
    answer(client, "no")
    words = "y" * (WORDS_LENGTH_MAX + 1)
    assert words in client.post(FEEDBACK, {"answer": "no", "words": words}).content.decode()


def test_answers_need_the_form_of_the_page() -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(FEEDBACK, {"answer": "yes"}).status_code == 403
    assert strict.get(FEEDBACK).status_code == 405
    assert Client().post("/en/help/nowhere/feedback/", {"answer": "yes"}).status_code == 404


def test_one_address_cannot_drown_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voting, "ANSWERS_AN_HOUR", 3)
    statuses = [answer(Client()).status_code for _ in range(5)]
    assert statuses == [302, 302, 302, 429, 429]
    assert Vote.objects.count() == 3


def test_words_are_shown_as_text(client: Client) -> None:
    answer(client, "no", words="<script>alert(1)</script>")
    assert b"<script>alert" not in client.get(ARTICLE).content


def test_the_operator_sees_counts_by_article_and_language_and_the_words(client: Client) -> None:
    for value, path in (("yes", FEEDBACK), ("no", FEEDBACK), ("no", "/fr/help/bulk/feedback/")):
        answer(Client(), value, path, words="Plus d’exemples" if "/fr/" in path else "")
    assert [
        (row.slug, row.language, row.yes, row.no, row.words, row.percent) for row in voting.tallies()
    ] == [
        ("bulk", "fr", 0, 1, 1, 0),
        ("roll-over", "en", 1, 1, 0, 50),
    ]
    owner = Person.objects.create_superuser("owner@example.org", "long enough")
    client.force_login(owner)
    text = client.get("/operator/help/vote/").content.decode()
    assert "By article and language" in text
    assert "Plus d’exemples" in text
    assert "50 %" in text
    row = Vote.objects.get(slug="bulk")
    assert str(row.voter) not in client.get(f"/operator/help/vote/{row.pk}/change/").content.decode()
    assert client.get("/operator/help/vote/add/").status_code == 403
    assert client.post(f"/operator/help/vote/{row.pk}/delete/", {"post": "yes"}).status_code == 302
    assert Vote.objects.count() == 2


def test_nobody_else_sees_the_counts(client: Client) -> None:
    client.force_login(Person.objects.create_user("reader@example.org", "long enough"))
    assert client.get("/operator/help/vote/").status_code == 302
