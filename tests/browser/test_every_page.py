"""What holds for every page there is: no dead link, nothing axe-core minds, nothing wider than the window."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
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


@dataclass(frozen=True)
class Site:
    """The website in one language as links show it: to a visitor, and to a person with these cookies."""

    to_visitor: list[Found]
    to_person: list[Found]
    cookies: list[Any]


@pytest.fixture(scope="module")
def site(server: Any, browser: Browser) -> Callable[[str], Site]:
    """`site(language)`; links are followed once a language, since what they lead to stays the same."""

    @cache
    def followed(language: str) -> Site:
        context = browser.new_context(base_url=server.url)
        server.sign_in(context, credits=10, language=language)
        cookies = context.cookies()
        context.close()
        session = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in cookies)
        return Site(crawl(server.url, language), crawl(server.url, language, session), cookies)

    return followed


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_link_is_dead(site: Callable[[str], Site], language: str) -> None:
    found = site(language).to_visitor + site(language).to_person
    assert len(found) > 8
    dead = [page for page in found if page.status not in (200, 302)]
    assert not dead


@pytest.mark.parametrize("language", ["en", "es"])
def test_axe_finds_nothing(
    site: Callable[[str], Site],
    new_page: Callable[..., Page],
    axe: Callable[[Page], None],
    language: str,
) -> None:
    page = new_page(locale=language)
    for path in one_of_each_kind(site(language).to_visitor):
        page.goto(path)
        axe(page)
    page.context.add_cookies(site(language).cookies)
    for path in one_of_each_kind(site(language).to_person):
        page.goto(path)
        axe(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_wider_than_the_window(
    site: Callable[[str], Site],
    new_page: Callable[..., Page],
    no_overflow: Callable[[Page], None],
    language: str,
) -> None:
    page = new_page(locale=language)
    page.context.add_cookies(site(language).cookies)
    for path in one_of_each_kind(site(language).to_person):
        page.goto(path)
        no_overflow(page)
