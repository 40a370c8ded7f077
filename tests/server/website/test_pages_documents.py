"""The API's documents and tables by language: the same shape, code, numbers and links, in other words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.test import Client
from django.utils import translation
from django.utils.html import escape
from markdown_it.token import Token

from offcut.server.website.pages import documents, markdown, parameters

FOLDER = Path(documents.__file__).parent / "documents"
NAMES = (documents.API, documents.COMING_FROM)
PAGES = {documents.API: "api/", documents.COMING_FROM: "api/coming-from-remove-bg/"}
TRANSLATIONS = [code for code, _ in settings.LANGUAGES if code != "en"]
IN_ENGLISH = "Parts of this page are in English: it is the language of the programs that it is about."
NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
WORD = re.compile(r"[^\W\d_]{2,}")
SENTENCE_WORDS_MIN = 3
"""One or two words may be the same in two languages; a sentence is not."""


def problems(english: str, translated: str) -> Iterator[str]:
    """Where a translation says something else than the English text, as far as a program can tell."""
    theirs, ours = markdown.parse(english), markdown.parse(translated)
    if [token.type for token in ours] != [token.type for token in theirs]:
        yield f"other parts: {_first_difference(ours, theirs)}"
        return
    for our, their in zip(ours, theirs, strict=True):
        if (our.tag, our.info) != (their.tag, their.info):
            yield f"another heading or kind of code: {our.content!r}"
        if our.type == "fence" and our.content != their.content:
            yield f"another code: {our.content!r}"
        if our.type == "inline":
            yield from _problems_of_text(our, their)


def _problems_of_text(ours: Token, theirs: Token) -> Iterator[str]:
    for what, kept in (("codes", _codes), ("links", _links), ("numbers", _numbers)):
        if kept(ours) != kept(theirs):
            yield f"other {what}: {ours.content!r}, in English {theirs.content!r}"
    if _prose(ours) == _prose(theirs) and len(WORD.findall(_prose(ours))) >= SENTENCE_WORDS_MIN:
        yield f"left in English: {ours.content!r}"


def _first_difference(ours: list[Token], theirs: list[Token]) -> str:
    pairs = zip(ours, theirs, strict=False)
    places = (place for place, (our, their) in enumerate(pairs) if our.type != their.type)
    place = next(places, min(len(ours), len(theirs)) - 1)
    return f"{ours[place].content!r}, in English {theirs[place].content!r}"


def _codes(text: Token) -> set[str]:
    return {part.content for part in text.children or [] if part.type == "code_inline"}


def _links(text: Token) -> list[str]:
    return [str(part.attrs["href"]) for part in text.children or [] if part.type == "link_open"]


def _numbers(text: Token) -> list[str]:
    """Sorted, because the order of words differs; with a point, whatever the language puts there."""
    return sorted(number.replace(",", ".") for number in NUMBER.findall(_prose(text)))


def _prose(text: Token) -> str:
    return " ".join(part.content for part in text.children or [] if part.type == "text")


def read(name: str, language: str = "") -> str:
    return (FOLDER / language / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("language", TRANSLATIONS)
@pytest.mark.parametrize("name", NAMES)
def test_a_translation_says_what_the_english_document_says(name: str, language: str) -> None:
    assert not list(problems(read(name), read(name, language)))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("## Fotos geben\n\n", "", "other parts"),
        ("Wer vor der Antwort auflegt", "\n\nWer vor der Antwort auflegt, zahlt.\n\nWer", "other parts"),
        ("## Fotos geben", "### Fotos geben", "another heading"),
        ('"image_file": photo', '"image_file": foto', "another code"),
        ("```ruby", "```perl", "kind of code"),
        ("`id_reused`", "`id_used`", "other codes"),
        ("höchstens 22 MB", "höchstens 20 MB", "other numbers"),
        ("#every-parameter", "#alle-parameter", "other links"),
        ("Berechnet wird dann nichts.", "Nothing is charged then.", "left in English"),
    ],
)
def test_a_translation_that_falls_behind_is_found(old: str, new: str, problem: str) -> None:
    german = read(documents.API, "de")
    assert old in german
    assert any(problem in found for found in problems(read(documents.API), german.replace(old, new)))


def test_a_language_without_documents_shows_the_english_ones() -> None:
    assert documents.document(documents.API, "it").language == "en"


def main_of(client: Client, address: str) -> str:
    content = client.get(address).content.decode()
    return content.partition("<main")[2].partition("</main>")[0]


@pytest.mark.django_db
@pytest.mark.parametrize("language", TRANSLATIONS)
@pytest.mark.parametrize("name", NAMES)
def test_a_place_has_one_name_in_all_languages(client: Client, name: str, language: str) -> None:
    names = re.compile(r'\bid="([^"]+)"')
    english = names.findall(main_of(client, f"/en/{PAGES[name]}"))
    assert {"when-it-is-refused", "every-parameter"} & set(english)
    assert names.findall(main_of(client, f"/{language}/{PAGES[name]}")) == english


@pytest.mark.django_db
@pytest.mark.parametrize("language", TRANSLATIONS)
def test_the_api_page_has_no_english_left(client: Client, language: str) -> None:
    shown = main_of(client, f"/{language}/api/")
    with translation.override(language):
        for sentence in parameters.sentences(yaml.safe_load(read(documents.OPENAPI))):
            assert escape(sentence) not in shown
            assert escape(translation.gettext(sentence)) in shown
        for words in ("Values", "When not given", "What it does", "What it says", "a file (multipart)"):
            assert words not in shown
            assert translation.gettext(words) in shown
        assert translation.gettext(IN_ENGLISH) not in shown
    assert ">deprecated<" not in shown
    assert ">text<" not in shown
    for section in documents.document(documents.API, "en").sections:
        assert not section.title or section.title not in shown
    # The names of programming languages are the same everywhere.
    assert set(re.findall(r'<(\w+)[^>]* lang="en"', shown)) == {"summary"}
    assert shown.count('class="codes"') == 1
    assert f'href="/{language}/api/coming-from-remove-bg/#every-parameter"' in shown


@pytest.mark.django_db
@pytest.mark.parametrize("language", TRANSLATIONS)
def test_coming_from_remove_bg_has_no_english_left(client: Client, language: str) -> None:
    shown = main_of(client, f"/{language}/{PAGES[documents.COMING_FROM]}")
    assert 'lang="en"' not in shown
    assert 'class="message"' not in shown
    assert f'<article class="prose" lang="{language}">' in shown
