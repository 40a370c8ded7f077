"""What holds for every page there is: no dead link, nothing axe-core minds, nothing wider than the window."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page
from tests.browser.crawl import Found, crawl

LANGUAGES = ("en", "es", "de", "fr")
KINDS = re.compile(r"(/help/)[^/?]+/.*|[0-9a-f]{8}-[0-9a-f-]{27}|\d+|\?.*")


def one_of_each_kind(found: list[Found]) -> list[str]:
    """One address of those that differ only in a number, a query, or the article."""
    kinds: dict[str, str] = {}
    for page in found:
        if page.status == 200:
            kinds.setdefault(KINDS.sub(r"\1*", page.path), page.path)
    return list(kinds.values())


def session_of(page: Page) -> str:
    return "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in page.context.cookies())


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_link_is_dead(server: Any, new_page: Callable[..., Page], language: str) -> None:
    page = new_page()
    server.sign_in(page.context, credits=10, language=language)
    found = crawl(server.url, language) + crawl(server.url, language, session_of(page))
    assert len(found) > 8
    dead = [page for page in found if page.status not in (200, 302)]
    assert not dead


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_axe_finds_nothing(
    server: Any, new_page: Callable[..., Page], axe: Callable[[Page], None], language: str, scheme: str
) -> None:
    page = new_page(color_scheme=scheme, locale=language)
    for path in one_of_each_kind(crawl(server.url, language)):
        page.goto(path)
        axe(page)
    server.sign_in(page.context, credits=10, language=language)
    for path in one_of_each_kind(crawl(server.url, language, session_of(page))):
        page.goto(path)
        axe(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_wider_than_the_window(
    server: Any, new_page: Callable[..., Page], no_overflow: Callable[[Page], None], language: str
) -> None:
    page = new_page(locale=language)
    server.sign_in(page.context, credits=10, language=language)
    for path in one_of_each_kind(crawl(server.url, language, session_of(page))):
        page.goto(path)
        no_overflow(page)
