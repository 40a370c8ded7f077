"""The articles: Markdown files with a front matter, read once, and checked as they are read.

`articles/<language>/<slug>.md` begins with TOML between two lines `+++`. Every language has the same slugs,
in the same topics and order; what an article names (other articles, live parts) exists.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from django.core.exceptions import ImproperlyConfigured

from offcut.server.website.help.live import BLOCKS, VALUES
from offcut.server.website.help.markdown import Page, read

ORIGINAL = "en"
"""The language that readers of a language without articles get."""
TOPICS = {
    "start": "play",
    "credits": "credit",
    "editing": "brush",
    "photos": "image",
    "account": "user",
    "programs": "link",
}
"""What articles are about, in the order of the first page, each with its icon."""

_FRONT = re.compile(r"\+\+\+\n(.*?)\n\+\+\+\n(.*)", re.DOTALL)
_KEYS = {"title": str, "summary": str, "topic": str, "order": int, "related": list, "words": list}


class ArticleError(ImproperlyConfigured):
    """An article cannot be shown as it is written. The message names its file."""


@dataclass(frozen=True, slots=True)
class Article:
    """One article in one language. `words` are further words that people may search it by."""

    slug: str
    language: str
    title: str
    summary: str
    topic: str
    order: int
    related: tuple[str, ...]
    words: tuple[str, ...]
    page: Page


@dataclass(frozen=True)
class Shelf:
    """All articles in one language, by slug, in the order of topics."""

    language: str
    articles: Mapping[str, Article]

    def about(self, topic: str) -> list[Article]:
        """Return the articles on a topic, in their order."""
        return [article for article in self.articles.values() if article.topic == topic]

    def related(self, article: Article) -> list[Article]:
        """Return the articles to read after this one."""
        return [self.articles[slug] for slug in article.related]


def shelf(language: str) -> Shelf:
    """Return the articles in a language, such as "de" or "de-at"; the English ones for one we have not."""
    written = shelves()
    for name in (language.lower(), language.lower().split("-")[0]):
        if name in written:
            return written[name]
    return written[ORIGINAL]


@cache
def shelves() -> dict[str, Shelf]:
    """Return the articles by language. Raises ArticleError, naming the file, for whatever is wrong."""
    folder = files(__package__) / "articles"
    return read_shelves(folder)


def read_shelves(folder: Traversable) -> dict[str, Shelf]:
    """Read and check the articles in `folder`, which has one folder a language."""
    found = {place.name: _read_shelf(place) for place in folder.iterdir() if place.is_dir()}
    if ORIGINAL not in found:
        raise ArticleError(f"There are no articles in {ORIGINAL}.")
    for shelf in found.values():
        _compare(shelf, found[ORIGINAL])
    return found


def _read_shelf(folder: Traversable) -> Shelf:
    places = sorted((place for place in folder.iterdir() if place.name.endswith(".md")), key=lambda p: p.name)
    articles = [_read_article(place, folder.name) for place in places]
    topics = list(TOPICS)
    articles.sort(key=lambda article: (topics.index(article.topic), article.order, article.slug))
    shelf = Shelf(folder.name, {article.slug: article for article in articles})
    for article in articles:
        _check_names(article, shelf.articles)
    return shelf


def _read_article(place: Traversable, language: str) -> Article:
    name = f"{language}/{place.name}"
    match = _FRONT.fullmatch(place.read_text(encoding="utf-8"))
    if match is None:
        raise ArticleError(f"{name} does not begin with a front matter between two lines +++.")
    try:
        front = tomllib.loads(match[1])
    except tomllib.TOMLDecodeError as error:
        raise ArticleError(f"The front matter of {name} cannot be read: {error}.") from error
    _check_front(name, front)
    page = read(match[2])
    return Article(
        slug=place.name.removesuffix(".md"),
        language=language,
        title=front["title"],
        summary=front["summary"],
        topic=front["topic"],
        order=front["order"],
        related=tuple(front["related"]),
        words=tuple(front["words"]),
        page=page,
    )


def _check_front(name: str, front: dict[str, object]) -> None:
    if front.keys() != _KEYS.keys():
        odd = ", ".join(sorted(front.keys() ^ _KEYS.keys()))
        raise ArticleError(f"The front matter of {name} lacks, or has too much: {odd}.")
    for key, kind in _KEYS.items():
        if not isinstance(front[key], kind) or front[key] in ("", []):
            raise ArticleError(f"{key} of {name} is empty, or no {kind.__name__}.")
    if front["topic"] not in TOPICS:
        raise ArticleError(f"There is no topic {front['topic']} ({name}).")


def _check_names(article: Article, articles: Iterable[str]) -> None:
    """Raise ArticleError for the first thing the article names that is not there."""
    name = f"{article.language}/{article.slug}.md"
    slugs = set(articles)
    for slug in (*article.related, *article.page.articles):
        if slug not in slugs:
            raise ArticleError(f"{name} leads to an article {slug}, which is not there.")
    if article.slug in article.related:
        raise ArticleError(f"{name} is related to itself.")
    for part in article.page.values - VALUES.keys():
        raise ArticleError(f"{name} names a live value {part}, which is not there.")
    for part in article.page.blocks - BLOCKS.keys():
        raise ArticleError(f"{name} names a live block {part}, which is not there.")
    for address in article.page.other_links:
        raise ArticleError(f"{name} links to {address}; links begin with help: or page:.")


def _compare(shelf: Shelf, original: Shelf) -> None:
    """A translation says the same: same articles, same places, same links, same live parts."""
    for slug in shelf.articles.keys() ^ original.articles.keys():
        raise ArticleError(f"The article {slug} is not in both {original.language} and {shelf.language}.")
    for slug, article in shelf.articles.items():
        first = original.articles[slug]
        for what in ("topic", "order", "related"):
            if getattr(article, what) != getattr(first, what):
                raise ArticleError(f"{what} of {slug} differs between {first.language} and {shelf.language}.")
        for what in ("articles", "pages", "values", "blocks"):
            differing = getattr(article.page, what) ^ getattr(first.page, what)
            if differing:
                raise ArticleError(
                    f"{slug} names {', '.join(sorted(differing))} in only one of {first.language} and "
                    f"{shelf.language}."
                )
