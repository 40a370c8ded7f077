"""Finding articles: by beginnings, without accents, with slips, and with whatever strangers type."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from offcut.server.website.help.articles import shelves
from offcut.server.website.help.search import Entry, Index, plain
from offcut.server.website.help.views import index


@pytest.mark.parametrize(
    ("language", "question", "slug"),
    [
        ("en", "never run out", "never-run-out"),
        ("en", "how do I get my money back", "invoices-and-refunds"),
        ("en", "magik brush", "magic-brush"),
        ("en", "refnd", "invoices-and-refunds"),
        ("en", "pass", "sign-in-safely"),
        ("en", "refunds?", "invoices-and-refunds"),
        ("en", "delete my photos", "privacy"),
        ("en", "PHOTOSHOP", "formats-and-sizes"),
        ("es", "contrasena", "sign-in-safely"),
        ("es", "devolución", "invoices-and-refunds"),
        ("es", "quitar fondo", "first-cut-out"),
        ("de", "Groessen", "formats-and-sizes"),
        ("de", "größen", "formats-and-sizes"),
        ("de", "schluessel", "api-keys"),
        ("de", "Wie kann ich kündigen?", "changing-plans"),
        ("fr", "resilier", "changing-plans"),
        ("fr", "cheveux", "hair-fur-glass"),
        ("fr", "supprimer mon compte", "privacy"),
    ],
)
def test_a_question_finds_its_article_first(language: str, question: str, slug: str) -> None:
    assert index(language).find(question)[0] == slug


def test_the_title_of_every_article_finds_it_first() -> None:
    for language, here in shelves().items():
        for article in here.articles.values():
            found = index(language).find(article.title)
            assert article.slug in found[:2], (language, article.title, found[:3])


def test_words_are_compared_without_case_accents_and_ligatures() -> None:
    assert plain("Où CRÉER, ¿niño? Straße cœur") == ["ou", "creer", "nino", "strasse", "coeur"]


def test_what_stands_in_the_title_comes_before_what_stands_in_the_text() -> None:
    entries = [
        Entry("text", {"title": "Other", "text": "apple apple apple"}),
        Entry("title", {"title": "Apple", "text": "something"}),
        Entry("neither", {"title": "Pear", "text": "pear"}),
    ]
    assert Index(entries).find("apple") == ["title", "text"]


@pytest.mark.parametrize(
    "question",
    [
        "", " ", "a" * 100_000, "word " * 10_000, "\0", "<script>alert(1)</script>", "' OR 1=1 --", "%",
        "\\", "((((", "🙈🙉", "\u202e\u0000\ud7ff", "{{ own-numbers }}", "{% load x %}", "ﷺ" * 90,
    ],
)  # fmt: skip
def test_whatever_is_asked_gets_a_page(db: None, client: Client, question: str) -> None:
    answer = client.get("/en/help/", {"q": question})
    assert answer.status_code == 200
    assert b"<script>alert" not in answer.content


def test_nothing_found_says_what_to_do_and_shows_the_topics(db: None, client: Client) -> None:
    text = client.get("/en/help/", {"q": "xyzzyqwv"}).content.decode()
    assert "Nothing about “xyzzyqwv”" in text
    assert "Try one word" in text
    assert "/en/help/never-run-out/" in text


def test_results_come_without_scripts_and_as_a_part_for_htmx(db: None, client: Client) -> None:
    whole = client.get("/es/help/", {"q": "créditos"})
    part = client.get("/es/help/", {"q": "créditos"}, headers={"HX-Request": "true"})
    link = 'href="/es/help/never-run-out/"'
    assert link in whole.content.decode()
    assert link in part.content.decode()
    assert b"<html" in whole.content
    assert b"<html" not in part.content
    assert "HX-Request" in whole["Vary"]


def test_the_first_page_shows_all_articles_by_topic(db: None, client: Client) -> None:
    with translation.override("fr"):
        text = client.get(reverse("help:home")).content.decode()
        for article in shelves()["fr"].articles.values():
            assert reverse("help:article", args=[article.slug]) in text
    assert "Crédits et formules" in text
