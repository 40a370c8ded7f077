"""The words of the website in its languages: found in the source, merged into the .po files, compiled.

    make words                  update every language's .po, compile its .mo, say what is missing
    make words LANGUAGE=it      the same, and begin Italian

A translator needs no more than this and an editor for .po files: docs/translating.md.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import yaml
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SERVER = ROOT / "src/offcut/server"
LOCALE = SERVER / "locale"
OPENAPI = SERVER / "website/pages/documents/v1.yaml"
PLACEHOLDER = re.compile(r"%(\(\w+\)|%|s)")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    # home/words.py: both forms for a script, which asks ngettext with what it was given.
    "counted": (1, 2),
}


def found() -> Catalog:
    """Every string that a person may see, in source, templates and the API's document, with its places."""
    catalog = Catalog(project="Offcut", charset="utf-8")
    for path, source in _sources():
        comments = ["Translators:"]
        for _line, text, notes, context in extract("python", io.BytesIO(source), KEYWORDS, comments):
            flags = {"python-format"} if _has_placeholders(text) else set()
            catalog.add(text, locations=[(path, 0)], auto_comments=notes, context=context, flags=flags)
    for sentence in _sentences_of_the_api():
        catalog.add(sentence, locations=[(str(OPENAPI.relative_to(ROOT)), 0)])
    return catalog


def _sentences_of_the_api() -> Iterator[str]:
    # The page picks them, so that nobody translates what it does not show.
    from offcut.server.website.pages.parameters import sentences

    return sentences(yaml.safe_load(OPENAPI.read_text(encoding="utf-8")))


def _sources() -> Iterator[tuple[str, bytes]]:
    from django.conf import settings

    if not settings.configured:
        settings.configure(USE_I18N=True)
    from django.utils.translation.template import templatize

    for path in sorted(SERVER.rglob("*")):
        name = str(path.relative_to(ROOT))
        if path.suffix == ".py" and "migrations" not in path.parts:
            yield name, path.read_bytes()
        elif "templates" in path.parts and path.suffix in {".html", ".md", ".txt", ".xml"}:
            calls = templatize(path.read_text(encoding="utf-8"), origin=name)
            # What is between the calls keeps the page's indentation, which is none that Python knows.
            yield name, "\n".join(line.lstrip() for line in calls.splitlines()).encode()


def _has_placeholders(text: str | tuple[str, ...]) -> bool:
    return bool(PLACEHOLDER.search(text if isinstance(text, str) else "".join(text)))


def languages() -> list[str]:
    """The codes of the languages there are, English apart: it is in the source."""
    return sorted(path.parent.parent.name for path in LOCALE.glob("*/LC_MESSAGES/django.po"))


def po_file(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES/django.po"


def mo_file(language: str) -> Path:
    return po_file(language).with_suffix(".mo")


def read(language: str) -> Catalog:
    """A language's words as they are in its file; empty when it is new."""
    file = po_file(language)
    if not file.exists():
        return Catalog(locale=language, project="Offcut", charset="utf-8")
    with file.open("rb") as lines:
        return read_po(lines, locale=language)


def merged(language: str, template: Catalog) -> Catalog:
    """The words of `template` with what the language's file has of them; nothing is guessed."""
    known = read(language)
    fresh = Catalog(locale=language, project="Offcut", charset="utf-8")
    for message in template:
        if not message.id:
            continue
        old = known.get(message.id, message.context)
        fresh.add(
            message.id,
            old.string if old is not None else None,
            locations=message.locations,
            flags=message.flags | ({"fuzzy"} if old is not None and old.fuzzy else set()),
            auto_comments=message.auto_comments,
            context=message.context,
        )
    return fresh


def missing(catalog: Catalog) -> Iterable[Message]:
    """The messages without a translation, or with one that somebody marked as doubtful."""
    for message in catalog:
        said = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if message.id and (message.fuzzy or not all(said)):
            yield message


def as_po(catalog: Catalog) -> bytes:
    """The .po file: sorted, without dates or line numbers, so that two people's changes rarely meet."""
    for message in catalog:
        if not _has_placeholders(message.id):
            # Babel takes "10% in" for a placeholder; an editor would then refuse "10 % en".
            message.flags.discard("python-format")
    lines = io.BytesIO()
    write_po(lines, catalog, width=100, include_lineno=False, sort_output=True, omit_header=True)
    header = (
        'msgid ""\nmsgstr ""\n'
        f'"Language: {catalog.locale_identifier}\\n"\n'
        '"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Plural-Forms: {catalog.plural_forms}\\n"\n\n'
    )
    return header.encode() + lines.getvalue()


def as_mo(po: bytes, language: str) -> bytes:
    """The compiled file of a .po file, with one date for all: the same words make the same bytes."""
    catalog = read_po(io.BytesIO(po), locale=language)
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    return compiled.getvalue()


def main(new: list[str]) -> None:
    template = found()
    for language in sorted({*languages(), *new}):
        catalog = merged(language, template)
        po = as_po(catalog)
        po_file(language).parent.mkdir(parents=True, exist_ok=True)
        po_file(language).write_bytes(po)
        count = len(list(missing(catalog)))
        # A language is offered as soon as it has a compiled file: a new one when nothing is missing in it.
        if not count or mo_file(language).exists():
            mo_file(language).write_bytes(as_mo(po, language))
        print(f"{language}: {len(template)} strings, {count} missing")


if __name__ == "__main__":
    main(sys.argv[1:])
