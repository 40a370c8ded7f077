"""The documents about the API that the website shows: copies of pages of docs/, by language.

`documents/<language>/<name>`, where there is one, stands in for `documents/<name>`, which is English. Its
headings keep the English anchors, by their place: `/de/api/#when-it-is-refused` leads where `/en/` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString
from markdown_it.token import Token

from offcut.server.website.pages import markdown

API = "api.md"
COMING_FROM = "coming-from-remove-bg.md"
OPENAPI = "v1.yaml"
ADDRESS_IN_TEXTS = "http://127.0.0.1:8000"
"""The address that the documents name; the website shows its own in its place."""

LANGUAGE_NAMES = {
    "sh": "cURL", "python": "Python", "js": "Node.js", "php": "PHP", "ruby": "Ruby", "go": "Go",
    "java": "Java", "csharp": "C#",
}  # fmt: skip
_LINK_WORDS = {"[coming-from-remove-bg.md]": "[Coming from remove.bg]", "[openapi/v1.yaml]": "[OpenAPI]"}
"""Links that are called by their file in docs/, where there are files."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document below a heading of the second level. The first has no title."""

    title: str
    anchor: str
    html: SafeString


@dataclass(frozen=True, slots=True)
class Sample:
    """The same call in one programming language."""

    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Document:
    """A document in parts. `language` is the one it is written in."""

    language: str
    sections: tuple[Section, ...]


def document(name: str, language: str) -> Document:
    """A document in a language, or else in English."""
    text, written_in = _read(name, language)
    tokens = markdown.parse(text)
    if written_in != "en":
        _take_anchors(tokens, markdown.parse(_read(name, "en")[0]))
    sections = [
        Section(title, anchor, markdown.render_tokens(part, link=_address))
        for title, anchor, part in _split(tokens)
    ]
    return Document(written_in, tuple(sections))


@lru_cache
def samples() -> tuple[Sample, ...]:
    """The first call, in every programming language that the document has."""
    text, _language = _read(API, "en")
    fences = [token for token in markdown.parse(text) if token.type == "fence"]
    return tuple(
        Sample(LANGUAGE_NAMES[fence.info], fence.content.rstrip())
        for fence in fences
        if fence.info in LANGUAGE_NAMES
    )


def openapi_text() -> str:
    """The OpenAPI document, with this website as its server."""
    return _read(OPENAPI, "en")[0]


def _read(name: str, language: str) -> tuple[str, str]:
    folder = files("offcut.server.website.pages") / "documents"
    translated = folder / language / name
    if language in dict(settings.LANGUAGES) and language != "en" and translated.is_file():
        found, written_in = translated, language
    else:
        found, written_in = folder / name, "en"
    text = found.read_text(encoding="utf-8")
    for theirs, ours in {ADDRESS_IN_TEXTS: settings.PUBLIC_URL, **_LINK_WORDS}.items():
        text = text.replace(theirs, ours)
    return text, written_in


def _take_anchors(tokens: list[Token], english: list[Token]) -> None:
    """Name a translation's headings as the English ones: one link must serve all languages."""
    for ours, theirs in zip(markdown.headings(tokens), markdown.headings(english), strict=True):
        ours.attrs["id"] = theirs.attrs["id"]


def _split(tokens: list[Token]) -> Iterator[tuple[str, str, list[Token]]]:
    """(title, anchor, tokens below it); the document's own title is left out, the page has one."""
    title, anchor, part = "", "", []
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if token.type == "heading_open" and token.tag in {"h1", "h2"}:
            if part:
                yield title, anchor, part
            title, anchor, part = "", "", []
            if token.tag == "h2":
                title, anchor = tokens[place + 1].content, str(token.attrs["id"])
            place += 3
        else:
            part.append(token)
            place += 1
    if part:
        yield title, anchor, part


def _address(target: str) -> str:
    """Where a link of docs/ leads on the website; "" for pages that it has not."""
    if target.startswith(("https://", "http://", "#")):
        return target
    path, _, place = target.partition("#")
    names = {
        API: "pages:api",
        COMING_FROM: "pages:coming_from_remove_bg",
        f"openapi/{OPENAPI}": "pages:openapi",
    }
    return reverse(names[path]) + (f"#{place}" if place else "") if path in names else ""
