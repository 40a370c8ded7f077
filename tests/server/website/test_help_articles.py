"""The articles: all there, all in their language, all that they name exists, live parts say what is so."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.template import Context, Template
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse
from django.utils import translation
from tests.repository.test_docs import problems

from offcut.engine.options import OPTION_HELP
from offcut.server.api import codes, wire
from offcut.server.website.help import live
from offcut.server.website.help.articles import Article, ArticleError, read_shelves, shelf, shelves
from offcut.server.website.help.markdown import fill, read
from offcut.server.website.help.wording import Words, words_of

LANGUAGES = ("en", "es", "de", "fr")
MUST_HAVE = {
    "what-are-credits", "never-run-out", "out-of-credits", "roll-over", "pay-as-you-go", "changing-plans",
    "invoices-and-refunds", "previews-are-free", "magic-brush", "backgrounds-and-shadows", "bulk",
    "formats-and-sizes", "good-photos", "hair-fur-glass", "nothing-found", "privacy", "improvement",
    "api-keys", "first-api-call", "from-remove-bg", "command-line", "self-hosting", "teams", "install-app",
    "sign-in-safely", "errors",
}  # fmt: skip
STOP_WORDS = {
    "en": {"the", "and", "is", "you", "your", "of", "with"},
    "es": {"el", "los", "y", "una", "que", "con", "tu"},
    "de": {"der", "und", "sie", "das", "ist", "mit", "ein"},
    "fr": {"les", "et", "vous", "une", "est", "dans", "pour"},
}


def every() -> Iterator[Article]:
    for written in shelves().values():
        yield from written.articles.values()


def address(name: str, language: str, *arguments: str) -> str:
    with translation.override(language):
        return reverse(name, args=arguments)


def test_every_language_has_every_article() -> None:
    assert set(shelves()) == set(LANGUAGES) == {code for code, _ in django_settings.LANGUAGES}
    assert set(shelves()["en"].articles) >= MUST_HAVE


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_article_is_written_in_its_language(language: str) -> None:
    """Of the small words of four languages, an article's own must be by far the most frequent."""
    for article in shelves()[language].articles.values():
        words = Counter(re.findall(r"[^\W\d_]+", article.page.text.lower()))
        counts = {name: sum(words[word] for word in small) for name, small in STOP_WORDS.items()}
        own = counts.pop(language)
        assert own >= 8, article.slug
        assert own > 2 * max(counts.values()), (article.slug, own, counts)


@pytest.mark.parametrize("language", ["es", "de", "fr"])
def test_no_paragraph_was_left_in_english(language: str) -> None:
    original = shelves()["en"]
    for article in shelves()[language].articles.values():
        first = original.articles[article.slug]
        assert article.title != first.title
        assert article.summary != first.summary
        prose = set(re.findall(r"<(?:p|li|td)[^>]*>([^<]{40,})", article.page.html))
        assert not prose & set(re.findall(r"<(?:p|li|td)[^>]*>([^<]{40,})", first.page.html)), article.slug


def test_articles_have_a_length_that_people_read() -> None:
    lengths = {(article.language, article.slug): len(article.page.text.split()) for article in every()}
    assert not {name: length for name, length in lengths.items() if not 110 <= length <= 320}


def test_every_article_leads_on_and_is_led_to() -> None:
    here = shelves()["en"].articles.values()
    named = {slug for article in here for slug in (*article.related, *article.page.articles)}
    assert named == {article.slug for article in here}


def test_pages_that_articles_lead_to_exist() -> None:
    """Of every app that is there; a page of an app that is not there loses its link, not its words."""
    spaces = set(get_resolver().namespace_dict)
    dead = []
    for name in {name for article in every() for name in article.page.pages}:
        try:
            reverse(name)
        except NoReverseMatch:
            space = name.partition(":")[0]
            if space in spaces or apps.is_installed(f"offcut.server.website.{space}"):
                dead.append(name)
    assert dead == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_article_is_shown(db: None, client: Client, language: str) -> None:
    for article in shelves()[language].articles.values():
        answer = client.get(address("help:article", language, article.slug))
        text = answer.content.decode()
        assert answer.status_code == 200
        assert f'lang="{language}"' in text
        assert "{{" not in text
        assert not re.search(r'href="(help|page):', text)
        for other in article.related:
            assert address("help:article", language, other) in text


def test_an_article_that_is_not_there_is_not_found(db: None, client: Client) -> None:
    assert client.get(address("help:article", "en", "no-such-article")).status_code == 404


def test_commands_settings_and_codes_that_articles_name_exist(request: pytest.FixtureRequest) -> None:
    root = request.config.rootpath
    places = sorted((root / "src/offcut/server/website/help/articles").rglob("*.md"))
    wrong = [problem for place in places for problem in problems(place.read_text("utf-8"), place, root)]
    known = {f"no error code {code}" for code in codes.all_codes()}
    assert places
    assert not [problem for problem in wrong if problem.partition(": ")[2] not in known]
    names = set(codes.all_codes()) | set(OPTION_HELP) | {"image_file", "image_file_b64", "image_url"}
    named = {
        name for place in places for name in re.findall(r"`([a-z]+_[a-z0-9_]+)`", place.read_text("utf-8"))
    }
    assert named >= {"insufficient_credits", "unknown_foreground", "crop_margin"}
    assert named <= names


def test_a_language_without_articles_gets_the_english_ones() -> None:
    assert shelf("it").language == "en"
    assert shelf("de-at").language == "de"


FRONT = """+++
title = "A"
summary = "About a."
topic = "start"
order = 1
related = ["b"]
words = ["c"]
+++

{text}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two articles in two languages, with nothing wrong."""
    for language in ("en", "es"):
        (tmp_path / language).mkdir()
        (tmp_path / language / "a.md").write_text(FRONT.format(text="[b](help:b) {{ retention }}"))
        (tmp_path / language / "b.md").write_text(FRONT.format(text="B").replace('["b"]', '["a"]'))
    return tmp_path


def test_articles_with_nothing_wrong_are_read(folder: Path) -> None:
    assert set(read_shelves(folder)) == {"en", "es"}


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("es/a.md", "help:b", "help:nowhere", "nowhere"),
        ("es/a.md", "help:b", "https://example.com", "help: or page:"),
        ("es/a.md", '["b"]', '["nowhere"]', "nowhere"),
        ("es/a.md", '["b"]', '["a"]', "itself"),
        ("es/a.md", "[b](help:b)", "b", "only one of"),
        ("es/a.md", "{{ retention }}", "one hour", "retention"),
        ("en/a.md", "retention", "no-such-value", "no-such-value"),
        ("en/a.md", "[b](help:b) {{ retention }}", "{{ no-such-block }}", "no-such-block"),
        ("es/a.md", 'topic = "start"', 'topic = "credits"', "topic of a differs"),
        ("es/a.md", 'topic = "start"', 'topic = "nothing"', "no topic nothing"),
        ("es/a.md", 'title = "A"\n', "", "title"),
        ("es/a.md", 'words = ["c"]', "words = []", "words"),
        ("es/a.md", 'title = "A"', 'title = ""', "title"),
        ("es/a.md", "+++", "---", "front matter"),
        ("es/a.md", "order = 1", "order = one", "cannot be read"),
    ],
)
def test_whatever_is_wrong_is_found_when_articles_are_read(
    folder: Path, file: str, old: str, new: str, problem: str
) -> None:
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))
    with pytest.raises(ArticleError, match=re.escape(problem)):
        read_shelves(folder)


def test_an_article_that_is_missing_in_a_language_is_found(folder: Path) -> None:
    (folder / "es" / "c.md").write_text(FRONT.format(text="C"))
    with pytest.raises(ArticleError, match="c is not in both"):
        read_shelves(folder)


def test_html_in_an_article_is_text_and_live_parts_are_not_read_again() -> None:
    page = read("<script>alert(1)</script> {{ gift }}\n\n{{ own-balance }}\n\n`{{ gift }}`")
    html = fill(page, value_of=lambda _: "<b>{{ gift }}</b>", block_of=lambda _: "<div>{{ gift }}</div>")
    assert "<script>" not in html
    assert "<b>" not in html
    assert html.count("&lt;b&gt;{{ gift }}") == 2
    assert "<div>{{ gift }}</div>" in html


def test_cells_carry_their_columns_names_for_phones() -> None:
    page = read("| A | B |\n|---|---|\n| one | two |\n| three | four |")
    assert '<td>one</td>\n<td data-name="B">two</td>' in page.html
    assert '<td>three</td>\n<td data-name="B">four</td>' in page.html


def test_links_outside_the_help_keep_their_words_where_a_page_is_not_there() -> None:
    page = read("[the words](page:nowhere:page)")
    assert fill(page, value_of=str, block_of=str) == "<p>the words</p>\n"


def test_live_values_are_those_of_settings_rules_and_the_wire(settings: Any) -> None:
    assert live.API_PNG_PIXELS_MAX == wire.PNG_PIXELS_MAX
    settings.RETENTION_S, settings.GIFT_CREDITS = 7200, 3
    with translation.override("de"):
        german = words_of("de")
        assert live.value("retention", german) == "2\u00a0Stunden"
        assert live.value("gift", german) == "3\u00a0Credits"
        assert live.value("preview-price", german) == "0,25\u00a0Credits"
    with translation.override("fr"):
        assert live.value("photo-pixels", words_of("fr")) == "50\u00a0mégapixels"
        assert live.value("preview-price", words_of("fr")) == "0,25\u00a0crédit"
    with translation.override("en"):
        english = words_of("en")
        assert live.value("retention", english) == "2\u00a0hours"
        # The article of the first API call names the website's limit: they are the same.
        assert live.value("file-size", english) == f"{wire.FILE_SIZE_MAX // 1024**2}\u00a0MB"
        settings.RETENTION_S = 0
        assert live.value("retention", english) == "5\u00a0minutes"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (3600, "1 hour"),
        (5400, "90 minutes"),
        (86_400, "1 day"),
        (172_800, "2 days"),
        (45, "45 seconds"),
        (0, "0 seconds"),
    ],
)
def test_durations_are_said_in_their_largest_unit(seconds: int, text: str) -> None:
    with translation.override("en"):
        assert words_of("en").duration(seconds) == text.replace(" ", "\u00a0")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_live_parts_are_the_same_in_every_language(language: str) -> None:
    def shape(words: Words) -> dict[str, Any]:
        table = words._table
        return {
            "topics": set(table["topics"]),
            "units": {unit: len(forms) for unit, forms in table["units"].items()},
            "sentences": {
                name: set(re.findall(r"\{\w+\}", text)) for name, text in table["sentences"].items()
            },
        }

    assert shape(words_of(language)) == shape(words_of("en"))
    for name in live.VALUES:
        assert live.value(name, words_of(language))


def test_other_pages_link_to_articles_by_a_tag() -> None:
    template = Template('{% load help_links %}{% help_link "roll-over" %}{% help_link "roll-over" "Why?" %}')
    with translation.override("es"):
        html = template.render(Context())
    assert html.count('href="/es/help/roll-over/"') == 2
    assert shelves()["es"].articles["roll-over"].title in html
    assert "Why?" in html
    with pytest.raises(KeyError):
        Template('{% load help_links %}{% help_link "nowhere" %}').render(Context())


def test_articles_are_in_the_package(request: pytest.FixtureRequest) -> None:
    import tomllib

    project = tomllib.loads((request.config.rootpath / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["setuptools"]["package-data"]
    patterns = packages["*"] + packages["offcut.server.website.help"]
    home = request.config.rootpath / "src/offcut/server/website/help"
    packed = {file for pattern in patterns for file in home.glob(pattern) if file.is_file()}
    data = {
        file
        for file in home.rglob("*")
        if file.is_file() and file.suffix != ".py" and "__pycache__" not in file.parts
    }
    assert len(data) > 100
    assert data <= packed
