"""What every page stands on: the head, the foot, the languages, and icons under the strict policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect


def test_the_page_speaks_the_browsers_language_and_keeps_a_choice(new_page: Callable[..., Page]) -> None:
    page = new_page(locale="es-ES")
    page.goto("/account/login/")
    expect(page.locator("html")).to_have_attribute("lang", "es")
    page.get_by_role("link", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    assert "language" not in page.url
    page.goto("/account/signup/")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    names = {cookie["name"] for cookie in page.context.cookies()}
    assert names <= {"offcut-session", "offcut-csrf"}


def test_account_pages_are_accessible(
    new_page: Callable[..., Page],
    server: Any,
    axe: Callable[[Page], None],
    no_overflow: Callable[[Page], None],
) -> None:
    page = new_page()
    for path in ("/account/login/", "/account/signup/", "/account/password/reset/"):
        page.goto(path)
        axe(page)
    server.sign_in(page.context, credits=5)
    for path in ("/account/", "/team/", "/keys/", "/account/email/"):
        page.goto(path)
        axe(page)
        no_overflow(page)


def test_icons_are_drawn(signed_in_page: Page) -> None:
    signed_in_page.goto("/account/")
    assert signed_in_page.locator(".top summary .icon use").evaluate("use => use.getBBox().width") > 10
