"""What pages hand to their scripts is said in each language: no sentence is left in English."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse
from tests.server.plain_runner import photo_bytes
from tests.server.website_people import Browser, feed

pytestmark = pytest.mark.django_db

LANGUAGES = ("de", "es", "fr")
PAGES = {"home:home": 2, "images:image": 1, "images:batch": 1, "studio:studio": 1}
"""The pages with scripts that speak, and how many sets of words each hands over."""

SIGNS = {"{value} %", "{value} px"}
THE_SAME = {
    "de": SIGNS,
    "es": SIGNS,
    # The nouns are the same in French, and so is the order of the words.
    "fr": SIGNS
    | {"{n} minute", "{n} minutes", "{n} photo", "{n} photos"}
    | {"{width} × {height} pixels", "{width} × {height} pixels."},
}
"""What is written in a language as in English."""


def sets_of_words(page: str) -> dict[str, object]:
    """Every set of words on a page, by its id."""
    found = re.findall(r'<script id="([\w-]+-words)" type="application/json">(.*?)</script>', page, re.DOTALL)
    return {name: json.loads(text) for name, text in found}


def sentences(words: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Each sentence with the path to it, those for one and for many apart. Addresses are no sentences."""
    if isinstance(words, dict):
        for name, inner in words.items():
            if not name.endswith("_url"):
                yield from sentences(inner, f"{path}/{name}")
    else:
        yield path, str(words)


@pytest.fixture
def addresses(visitor: Browser) -> dict[str, str]:
    """Where the pages are, without their language."""
    answer = visitor.upload(photo_bytes(120, 80), photo_bytes(121, 80)).json()
    feed()
    image, batch = answer["images"][0]["id"], answer["batch"]["id"]
    named = {"images:image": [image], "studio:studio": [image], "images:batch": [batch]}
    return {name: reverse(name, args=named.get(name, [])).removeprefix("/en") for name in PAGES}


def said(client: Client, address: str, language: str) -> dict[str, str]:
    words = sets_of_words(client.get(f"/{language}{address}").content.decode())
    return dict(sentences(words))


@pytest.mark.parametrize("name", PAGES)
def test_no_sentence_of_a_script_is_left_in_english(
    visitor: Browser, addresses: dict[str, str], name: str
) -> None:
    page = visitor.client.get(f"/en{addresses[name]}").content.decode()
    assert len(sets_of_words(page)) == PAGES[name]
    english = said(visitor.client, addresses[name], "en")
    assert len(english) > 40
    for language in LANGUAGES:
        other = said(visitor.client, addresses[name], language)
        assert other.keys() == english.keys()
        same = {path for path, text in english.items() if other[path] == text}
        left = {path for path in same if english[path] not in THE_SAME[language]}
        assert not left, (language, left)
        places = {path for path, text in english.items() if _places(text) != _places(other[path])}
        assert not places, (language, places)


def _places(sentence: str) -> list[str]:
    return sorted(re.findall(r"\{\w+\}", sentence))
