"""No language that is offered lacks a word, and every translation keeps the placeholders."""

from __future__ import annotations

import io
import re
import string
import tomllib

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from tools import words

LANGUAGES = words.languages()
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")
NOTICES = words.SERVER / "credits/notices/words"


@pytest.fixture(scope="module")
def template() -> Catalog:
    return words.found()


def test_four_languages_are_spoken() -> None:
    assert {"es", "de", "fr"} <= set(LANGUAGES)


def test_what_the_api_page_shows_of_the_openapi_document_is_found(template: Catalog) -> None:
    assert template.get("Width of the result in pixels.")
    # No page shows this one: a translator is spared it.
    assert not template.get("Refused; nothing is charged.")


def test_a_mere_per_cent_sign_is_no_placeholder() -> None:
    catalog = Catalog(locale="de")
    catalog.add("10% in the order of CSS")
    assert b"python-format" not in words.as_po(catalog)
    catalog.add("%(percent)s %% in all", flags={"python-format"})
    assert words.as_po(catalog).count(b"python-format") == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_string_is_missing(language: str, template: Catalog) -> None:
    lacking = [str(message.id) for message in words.missing(words.merged(language, template))]
    assert not lacking, f"{len(lacking)} strings lack their {language}; make words lists them: {lacking[:10]}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_translated_that_nobody_says(language: str, template: Catalog) -> None:
    unused = [
        message.id
        for message in words.read(language)
        if message.id and template.get(message.id, message.context) is None
    ]
    assert not unused, unused


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_kept(language: str) -> None:
    for message in words.read(language):
        ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
        said = message.string if isinstance(message.string, tuple | list) else (message.string,)
        wanted = set(PLACEHOLDER.findall(ids[-1]))
        for text in said:
            # One of something may be said without its number.
            assert set(PLACEHOLDER.findall(text)) in (wanted, set(PLACEHOLDER.findall(ids[0]))), (ids, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_file_is_that_of_the_words(language: str) -> None:
    made = read_mo(io.BytesIO(words.as_mo(words.po_file(language).read_bytes(), language)))
    with words.mo_file(language).open("rb") as kept:
        assert {str(m.id): m.string for m in made} == {str(m.id): m.string for m in read_mo(kept)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_mails_about_credits_are_complete(language: str) -> None:
    english, other = (
        tomllib.loads((NOTICES / f"{code}.toml").read_text(encoding="utf-8")) for code in ("en", language)
    )
    assert _shape(english) == _shape(other)


def _shape(words_of: object) -> object:
    """The names in a table of words, and for each text the placeholders in it."""
    if isinstance(words_of, dict):
        return {name: _shape(inner) for name, inner in words_of.items()}
    text = "".join(words_of) if isinstance(words_of, list) else str(words_of)
    return sorted({name for _, name, _, _ in string.Formatter().parse(text) if name})
